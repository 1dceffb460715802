"""A target that a request names in full: its container's id is of that container, its region is the request's."""

from typing import Any

import pytest

from shared.config.desk_file import Desk
from shared.config.plans import Ground
from shared.config.policy import decide
from shared.config.rights import asker
from shared.domain.clouds import PUBLIC
from shared.domain.problems import Problem
from shared.domain.request import parse_request
from shared.domain.restore import Plan
from tests.kits.restores import INSTANCE, SECRET, SERVER, TARGETS

FILES = {"kind": "files", "container": "https://acct.blob.core.windows.net/c01"}
DATABASE = {"kind": "database", "server": SERVER, "database": "emp21", "credentialsSecret": SECRET}
DESK = Desk.model_validate(
    {
        "allow": {
            "instances": [],
            "containers": ["https://acct.blob.core.windows.net/*"],
            "servers": [f"{TARGETS}/Microsoft.DBforPostgreSQL/servers/*"],
            "secrets": ["https://desk-kv.vault.azure.net/secrets/*"],
        },
        "instances": {"pg": {"id": INSTANCE, "explicitTargets": True}},
        "http": {"instances": ["pg"], "explicit": True},
    }
)


def plan(**asked: Any) -> Plan:
    return decide(parse_request({"instance": "pg", **asked}), asker(DESK, "http"), DESK, Ground(PUBLIC)).plan


def container_id(account: str, container: str) -> str:
    return f"{TARGETS}/Microsoft.Storage/storageAccounts/{account}/blobServices/default/containers/{container}"


def test_the_region_that_is_asked_for_is_the_plans() -> None:
    for target in (FILES, DATABASE):
        assert plan(target=target, location="eastus").location == "eastus"
        assert plan(target=target).location is None


@pytest.mark.parametrize(
    ("account", "container", "fits"),
    [("acct", "c01", True), ("ACCT", "C01", True), ("other", "c01", False), ("acct", "c02", False)],
)
def test_the_id_of_a_container_is_of_the_one_in_the_url(account: str, container: str, fits: bool) -> None:
    target = {**FILES, "containerId": container_id(account, container)}
    if fits:
        assert plan(target=target).container_id == target["containerId"]
        return
    with pytest.raises(Problem, match="names another account or container") as caught:
        plan(target=target)
    assert (caught.value.status, caught.value.where) == (422, "target.containerId")
