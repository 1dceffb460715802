"""Targets that are a storage account: their plans, and the containers that a restore makes there."""

from typing import Any

import pytest

from shared.config.plans import Ground, check_file, container_url, derived_id, filled, has_name_of_its_own, owners_of
from shared.config.target_entries import FilesEntry
from shared.config.verify import level_of
from shared.domain.clouds import PUBLIC
from shared.domain.problems import Problem
from shared.domain.request import parse_request
from shared.domain.resource_ids import parse_container
from shared.domain.restore import Plan
from tests.kits.restores import CONTAINER, INSTANCE, TARGETS
from tests.unit.config.test_policy import GROUND, STAGE, a_desk, decided

ACCOUNT = f"{TARGETS}/Microsoft.Storage/storageAccounts/drillstore"
OWN = {"kind": "files", "account": ACCOUNT, "keepHours": 24, "verify": "listed"}
GUID = "d30fa52e-20c9-55e4-b891-fa7af34b1b1d"


def vaulted(**changes: Any) -> Any:
    targets = {"own": OWN | changes, "drills": {"kind": "files", "container": CONTAINER}}
    instances = {"pg-prod-01": {"id": INSTANCE, "targets": ["own", "drills"]}}
    return a_desk(targets=targets, instances=instances, http={"instances": ["*"], "targets": ["own", "drills"],
                  "explicit": True}, queue={})  # fmt: skip


# --- accounts ---------------------------------------------------------------------------------------------------------
def test_an_accounts_target_makes_a_plan_without_a_container() -> None:
    found = decided(desk=vaulted(), target="own")
    assert (found.plan.account, found.plan.container, found.plan.keep_hours) == (ACCOUNT, None, 24)
    assert found.verification
    assert found.verification.level == "listed"
    assert container_url(ACCOUNT.upper(), "rd-x-1", GROUND) == "https://drillstore.blob.core.windows.net/rd-x-1"


def test_the_desks_own_account_is_no_target() -> None:
    own = Ground(PUBLIC, "drillstore")
    with pytest.raises(Problem, match="the desk's own storage account") as caught:
        decided(desk=vaulted(), ground=own, target="own")
    assert (caught.value.status, caught.value.where) == (403, "target.account")
    (fault,) = check_file(vaulted(), own)
    assert fault.startswith("targets.own: this is the desk's own storage account")
    assert check_file(vaulted(), Ground(PUBLIC)) == []


def test_an_accounts_containers_are_for_named_instances() -> None:
    with pytest.raises(Problem, match="for instances that desk"):
        decided(desk=vaulted(), instance=STAGE, target="own")


@pytest.mark.parametrize(
    ("asked", "least", "level"),
    [
        (None, "none", "none"),
        (None, "decoded", "decoded"),
        ("loaded", "listed", "loaded"),
        ("listed", "listed", "listed"),
    ],
)
def test_a_request_may_be_verified_as_its_target_says_or_more(asked: Any, least: Any, level: str) -> None:
    said = {"verify": asked} if asked else {}
    request = parse_request({"instance": "a", "target": "own", **said})
    assert level_of(request, Plan(kind="files", account=ACCOUNT), least) == level


@pytest.mark.parametrize(("account", "asked", "least", "words"), [
    (None, "listed", "none", "only files in a separate container"),
    (ACCOUNT, "listed", "decoded", "target own verifies decoded"),
    (ACCOUNT, "none", "listed", "target own verifies listed"),
])  # fmt: skip
def test_a_request_is_never_verified_less(account: str | None, asked: str, least: Any, words: str) -> None:
    request = parse_request({"instance": "a", "target": "own", "verify": asked})
    with pytest.raises(Problem, match=words) as caught:
        level_of(request, Plan(kind="files", account=account, name="own"), least)
    assert caught.value.where == "verify"
    none = parse_request({"instance": "a", "target": "own", "verify": "none"})
    assert level_of(none, Plan(kind="files"), "none") == "none"


@pytest.mark.parametrize(
    ("name", "container"),
    [
        ("PG_Prod--01", "drills-pg-prod-01"),
        ("-a-", "drills-a"),
        ("x" * 80, "drills-" + "x" * 56),
        ("x" * 55 + "-y", "drills-" + "x" * 55),
    ],
)
def test_the_name_of_an_instance_in_its_container(name: str, container: str) -> None:
    entry = a_desk(targets={"each": {"kind": "files", "container": "https://a.blob.core.windows.net/drills-{instance}"}},
                   instances={}, http={}, queue={}).targets["each"]  # fmt: skip
    assert isinstance(entry, FilesEntry)
    assert filled(entry, name).container == f"https://a.blob.core.windows.net/{container}"
    fixed = "https://a.blob.core.windows.net/" + "y" * 70 + "{instance}"
    assert filled(entry.model_copy(update={"container": fixed}), "abc").container == fixed.replace("{instance}", "")
    held = entry.model_copy(update={"container_id": "/x/{instance}"})
    assert (filled(held, "abc").container_id, filled(entry, "abc").container_id) == ("/x/abc", None)


@pytest.mark.parametrize(
    ("name", "own"), [(f"pg-{GUID}", True), (f"pg-{GUID}".upper(), True), ("pg", False), (f"{'x' * 40}-{GUID}", False)]
)
def test_a_name_of_its_own_ends_in_a_whole_guid(name: str, own: bool) -> None:
    entry = a_desk().targets["each"]
    assert isinstance(entry, FilesEntry)
    assert has_name_of_its_own(entry, name) is own


def test_whose_container_it_is() -> None:
    desk = a_desk()
    assert owners_of("https://eachaccount.blob.core.windows.net/drills-pg-prod-01", desk) == {"pg-prod-01"}
    assert owners_of(CONTAINER, desk) == set()
    assert owners_of("https://eachaccount.blob.core.windows.net/drills-pg-stage-01", desk) == set()


def test_two_names_that_become_one_container_are_a_fault() -> None:
    entry = {"id": INSTANCE, "targets": ["each", "drills"]}
    desk = a_desk(instances={"pg.a": entry, "pg-a": entry, "pg-prod-01": entry}, queue={})
    (fault,) = check_file(desk, GROUND)
    assert fault == (
        "instances.pg-a: https://eachaccount.blob.core.windows.net/drills-pg-a is the container of pg.a, too: "
        "rename one of the two"
    )


def test_the_id_of_a_container_is_derived_where_desk_toml_knows_the_account() -> None:
    known = parse_container(CONTAINER.replace("drills", "other"), PUBLIC) if "drillaccount" not in CONTAINER else None
    url = known or parse_container("https://drillaccount.blob.core.windows.net/other", PUBLIC)
    assert str(derived_id(url, a_desk())).endswith(
        "/storageAccounts/drillaccount/blobServices/default/containers/other"
    )
    assert derived_id(parse_container("https://foreign.blob.core.windows.net/other", PUBLIC), a_desk()) is None
