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
HOST = "https://acct.blob.core.windows.net"
KNOWN = f"{TARGETS}/Microsoft.Storage/storageAccounts/acct/blobServices/default/containers/known"
DESK = Desk.model_validate(
    {
        "allow": {
            "instances": [],
            "containers": ["https://acct.blob.core.windows.net/*"],
            "servers": [f"{TARGETS}/Microsoft.DBforPostgreSQL/servers/*"],
            "secrets": ["https://desk-kv.vault.azure.net/secrets/*"],
        },
        "instances": {"pg": {"id": INSTANCE, "explicitTargets": True}},
        "targets": {"known": {"kind": "files", "container": f"{HOST}/known", "containerId": KNOWN}},
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


FOREIGN = KNOWN.replace("/resourceGroups/", "/resourceGroups/other-")


@pytest.mark.parametrize(
    ("container", "said"),
    [
        ("https://acct.blob.core.windows.net/c01", FOREIGN.replace("/known", "/c01")),
        ("https://acct.blob.core.windows.net/c01", KNOWN.replace("/known", "/c01").replace("1111-", "2222-", 1)),
        ("https://else.blob.core.windows.net/c01", KNOWN.replace("/acct/", "/else/").replace("/known", "/c01")),
    ],
)
def test_the_id_of_a_container_is_the_one_that_desk_toml_knows_for_the_account(container: str, said: str) -> None:
    """The id says in whose subscription Azure looks for the account: a request may not choose that."""
    wide = {"containers": ["https://acct.blob.core.windows.net/*", "https://else.blob.core.windows.net/*"]}
    desk = Desk.model_validate(DESK.model_dump(by_alias=True, exclude_none=True) | {"allow": wide})
    target = {"kind": "files", "container": container, "containerId": said}
    with pytest.raises(Problem) as caught:
        decide(parse_request({"instance": "pg", "target": target}), asker(desk, "http"), desk, Ground(PUBLIC))
    assert (caught.value.status, caught.value.where) == (403, "target.containerId")


VAULT_ID = INSTANCE.rpartition("/backupInstances/")[0]
UNNAMED = f"{VAULT_ID.replace('/backupVaults/', '/backupVaults/other-')}/backupInstances"
GUID = "d30fa52e-20c9-55e4-b891-fa7af34b1b1d"
SHARED = Desk.model_validate(
    {
        "allow": {"instances": [f"{UNNAMED}/*"], "containers": [f"{HOST}/*"]},
        "instances": {
            "pg-a": {"id": INSTANCE, "targets": ["each"], "explicitTargets": True},
            "pg-b": {"id": f"{INSTANCE}-b", "targets": ["each"], "explicitTargets": True},
        },
        "targets": {"each": {"kind": "files", "container": f"{HOST}/drills-{{instance}}"}},
        "http": {"instances": ["*"], "targets": ["each"], "explicit": True},
    }
)


@pytest.mark.parametrize(
    ("instance", "target", "fits"),
    [
        ("pg-a", "each", True),
        ("pg-a", {"kind": "files", "container": f"{HOST}/drills-pg-a"}, True),
        ("pg-a", {"kind": "files", "container": f"{HOST}/drills-pg-b"}, False),
        (f"{UNNAMED}/pg-a", "each", False),
        (f"{UNNAMED}/PG_A", "each", False),
        (f"{UNNAMED}/pg-c", "each", False),  # a pg-c of another vault would meet it there
        (f"{UNNAMED}/pg-c-{GUID}", "each", True),
        (f"{UNNAMED}/{'pg-c' * 10}-{GUID}", "each", False),  # the GUID is cut off
        (f"{UNNAMED}/pg-c", {"kind": "files", "container": f"{HOST}/drills-pg-a"}, False),
        (f"{UNNAMED}/pg-c", {"kind": "files", "container": f"{HOST}/of-pg-c"}, True),
    ],
)
def test_two_instances_do_not_meet_in_one_container_by_name(instance: str, target: Any, fits: bool) -> None:
    asked = parse_request({"instance": instance, "target": target})
    if fits:
        assert decide(asked, asker(SHARED, "http"), SHARED, Ground(PUBLIC)).plan.container
        return
    with pytest.raises(Problem) as caught:
        decide(asked, asker(SHARED, "http"), SHARED, Ground(PUBLIC))
    assert (caught.value.status, caught.value.where) == (403, "target")
