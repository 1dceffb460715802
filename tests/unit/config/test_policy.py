"""What desk.toml lets a source ask for: each refusal names its field, and nothing leaves what `allow` gives."""

from typing import Any

import pytest

from shared.config.desk_file import Desk
from shared.config.plans import Ground, check_file
from shared.config.policy import Decision, decide, find_instance
from shared.config.rights import asker, rights_of
from shared.domain.clouds import CLOUDS, PUBLIC
from shared.domain.problems import Problem
from shared.domain.request import parse_request
from tests.kits.restores import (
    CONTAINER,
    CONTAINER_ID,
    GUARD,
    IDENTITY,
    INSTANCE,
    SECRET,
    SERVER,
    TARGETS,
    VAULT,
)

STAGE = f"{VAULT}/backupInstances/pg-stage-01"
OTHER = f"{VAULT}/backupInstances/other"
FOREIGN = INSTANCE.replace("pgVault", "otherVault")
FILES = {"kind": "files", "container": "https://acct.blob.core.windows.net/c01"}
DATABASE = {"kind": "database", "server": SERVER, "database": "emp21", "credentialsSecret": SECRET}
GROUND = Ground(PUBLIC, "deskaccount")
ALLOW = {
    "instances": [f"{VAULT}/backupInstances/*"],
    "containers": ["https://acct.blob.core.windows.net/*", "https://deskaccount.blob.core.windows.net/*"],
}


def a_desk(**changes: Any) -> Desk:
    value: dict[str, Any] = {
        "allow": ALLOW,
        "instances": {
            "pg-prod-01": {"id": INSTANCE, "targets": ["drills", "each"], "identity": IDENTITY},
            "pg-stage-01": {"id": STAGE, "targets": ["drills", "retired"], "explicitTargets": True},
        },
        "targets": {
            "drills": {"kind": "files", "container": CONTAINER, "containerId": CONTAINER_ID, "location": "West US"},
            "each": {"kind": "files", "container": "https://eachaccount.blob.core.windows.net/drills-{instance}"},
            "retired": {"kind": "database", "server": SERVER, "credentialsSecret": SECRET},
        },
        "http": {
            "instances": ["*"],
            "targets": ["drills", "each", "retired"],
            "explicit": True,
            "callbacks": ["dba"],
        },
        "queue": {"instances": ["pg-prod-01"], "targets": ["drills"]},
        "channels": {"dba": {"kind": "teams", "url": {"env": "TEAMS_URL"}}},
        "tickets": {
            "jira": {"kind": "jira", "secret": {"env": "S"}, "instances": [], "when": "true", "request": "body"}
        },
        **changes,
    }
    return Desk.model_validate(value)


def decided(source: str = "http", desk: Desk | None = None, ground: Ground = GROUND, **asked: Any) -> Decision:
    request = parse_request({"instance": "pg-prod-01", "target": "drills", **asked})
    desk = desk or a_desk()
    return decide(request, asker(desk, source), desk, ground)


def refused(source: str = "http", desk: Desk | None = None, ground: Ground = GROUND, **asked: Any) -> Problem:
    with pytest.raises(Problem) as caught:
        decided(source, desk, ground, **asked)
    assert caught.value.where
    return caught.value


def test_a_named_instance_goes_to_its_named_target() -> None:
    found = decided()
    assert (found.instance.text, found.name, found.vault.text) == (INSTANCE, "pg-prod-01", VAULT)
    plan = found.plan
    assert (plan.kind, plan.name, plan.container, plan.container_id) == ("files", "drills", CONTAINER, CONTAINER_ID)
    assert plan.location == "westus"  # as Azure spells it in bodies
    assert plan.identity == IDENTITY


def test_a_targets_prefix_is_the_plans() -> None:
    drills = {"kind": "files", "container": CONTAINER, "containerId": CONTAINER_ID, "prefix": "night-"}
    plan = decided(desk=a_desk(targets=a_targets() | {"drills": drills})).plan
    assert plan.prefix == "night-"


def test_an_id_that_equals_a_named_instance_is_that_instance() -> None:
    found = decided(instance=INSTANCE.upper())
    assert (found.name, found.instance.text) == ("pg-prod-01", INSTANCE)


def test_a_request_may_say_another_location() -> None:
    assert decided(location="eastus").plan.location == "eastus"


def test_each_instance_gets_a_container_of_its_own() -> None:
    assert decided(target="each").plan.container == "https://eachaccount.blob.core.windows.net/drills-pg-prod-01"


def test_a_long_or_odd_name_still_makes_a_container() -> None:
    name = "PG_Prod..01-" + "x" * 50
    desk = a_desk(
        instances={name: {"id": INSTANCE, "targets": ["each"]}},
        queue={},
        http={"instances": ["*"], "targets": ["each"]},
    )
    container = (decided(desk=desk, instance=name, target="each").plan.container or "").rsplit("/", 1)[1]
    assert container.startswith("drills-pg-prod-01-x")
    assert len(container) <= 63
    assert "--" not in container


def test_the_containers_id_is_derived_from_another_target_of_its_account() -> None:
    desk = a_desk(allow={**ALLOW, "containers": ["https://drillaccount.blob.core.windows.net/*"]})
    target = {"kind": "files", "container": "https://drillaccount.blob.core.windows.net/fresh"}
    plan = decided(desk=desk, instance="pg-stage-01", target=target).plan
    assert plan.container_id == CONTAINER_ID.replace("/drills", "/fresh")
    assert decided(instance="pg-stage-01", target=FILES).plan.container_id is None  # no target says where acct is


def test_a_database_on_a_named_server() -> None:
    plan = decided(instance="pg-stage-01", target="retired", database="emp21").plan
    assert plan.destination == f"{SERVER}/databases/emp21"
    assert plan.secret == SECRET


def test_an_unnamed_instance_goes_only_where_allow_covers_it() -> None:
    assert decided(instance=OTHER, target=FILES).plan.container == FILES["container"]
    assert refused(instance=OTHER, target="drills").where == "target"
    assert refused(instance=OTHER, target="retired", database="x1").where == "target"


REFUSED: list[tuple[str, str, dict[str, Any], int, str, str]] = [
    ("a name not there", "http", {"instance": "pg-prod-1"}, 422, "instance", "did you mean pg-prod-01"),
    ("an id of another kind", "http", {"instance": VAULT}, 422, "instance", "this is the id of a"),
    ("an id outside allow", "http", {"instance": FOREIGN}, 403, "instance", "no pattern of allow.instances"),
    ("an instance not the queue's", "queue", {"instance": "pg-stage-01"}, 422, "instance", "did you mean pg-prod-01?"),
    ("an id not the queue's", "queue", {"instance": OTHER}, 403, "instance", "may not ask for this id"),
    ("a source with no right", "tickets/jira", {}, 403, "instance", "lets tickets/jira ask for nothing"),
    ("a target not the queue's", "queue", {"target": "each"}, 422, "target", "'each' is no target that queue may use"),
    ("an explicit one by the queue", "queue", {"target": FILES}, 403, "target", "named targets only"),
    ("a target not there", "http", {"target": "drill"}, 422, "target", "did you mean drills"),
    ("a target not the instance's", "http", {"target": "retired"}, 422, "target", "there are: drills, each"),
    ("no explicitTargets", "http", {"target": FILES}, 403, "target", "explicitTargets is not set"),
    ("a callback not there", "http", {"callback": "dbas"}, 422, "callback", "did you mean dba"),
    ("a guard of another kind", "http", {"resourceGuardRequests": [VAULT]}, 422, "resourceGuardRequests", "due here"),
    ("a name for files", "http", {"database": "x1"}, 422, "database", "has no database name"),
]
EXPLICIT: list[tuple[str, dict[str, Any], int, str, str]] = [
    ("outside allow", {**FILES, "container": CONTAINER}, 403, "target", "no pattern of allow.containers"),
    ("a longer host", {**FILES, "container": "https://acct.blob.core.windows.net.evil.com/c1"}, 422, "", "no.* a blob"),
    ("the website's", {**FILES, "container": "https://acct.blob.core.windows.net/$web"}, 422, "", "website"),
    ("the desk's own", {**FILES, "container": "https://deskaccount.blob.core.windows.net/c01"}, 403, "", "own storage"),
    ("another account", {**FILES, "containerId": CONTAINER_ID}, 422, "target.containerId", "another account"),
    ("an account's id", {**FILES, "containerId": CONTAINER_ID.split("/blobS")[0]}, 422, "target.containerId", "due"),
    ("a server", DATABASE, 403, "target", "no pattern of allow.servers"),
    ("a flexible server", {**DATABASE, "server": f"{TARGETS}/Microsoft.DBforPostgreSQL/flexibleServers/f"}, 422,
     "target.server", "as files only"),
    ("a system database", {**DATABASE, "database": "Postgres"}, 422, "database", "system database"),
    ("no secret", {**DATABASE, "credentialsSecret": "https://evil.com/secrets/a"}, 422, "target.credentialsSecret",
     "not a Key Vault host"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "asked", "status", "where", "words"), [r[1:] for r in REFUSED])
def test_what_a_source_may_not_ask_for(source: str, asked: dict[str, Any], status: int, where: str, words: str) -> None:
    problem = refused(source, **asked)
    assert (problem.status, problem.where) == (status, where)
    assert words in problem.detail


@pytest.mark.parametrize(
    ("target", "status", "where", "words"), [r[1:] for r in EXPLICIT], ids=[r[0] for r in EXPLICIT]
)
def test_what_an_explicit_target_may_not_be(target: dict[str, Any], status: int, where: str, words: str) -> None:
    with pytest.raises(Problem, match=words) as caught:
        decided(instance="pg-stage-01", target=target)
    assert (caught.value.status, caught.value.where) == (status, where or "target.container")


def test_a_database_under_allow_needs_its_secret_there_too() -> None:
    allow = {**ALLOW, "servers": [SERVER.upper()]}
    assert (
        refused(desk=a_desk(allow=allow), instance="pg-stage-01", target=DATABASE).where == "target.credentialsSecret"
    )
    more = {**allow, "secrets": ["https://desk-kv.vault.azure.net/secrets/*"]}
    assert decided(desk=a_desk(allow=more), instance="pg-stage-01", target=DATABASE).plan.kind == "database"
    twice = refused(desk=a_desk(allow=more), instance="pg-stage-01", target=DATABASE, database="x1")
    assert twice.where == "database"


def test_a_named_server_needs_the_name_of_the_database() -> None:
    assert refused(instance="pg-stage-01", target="retired").where == "database"


def test_national_clouds_have_their_own_hosts() -> None:
    government = Ground(CLOUDS[1])
    assert refused(ground=government).where == "target.container"
    here = {"kind": "files", "container": "https://acct.blob.core.usgovcloudapi.net/c01"}
    desk = a_desk(allow={**ALLOW, "containers": ["https://acct.blob.core.usgovcloudapi.net/*"]})
    assert decided(desk=desk, ground=government, instance="pg-stage-01", target=here).plan.kind == "files"


def test_a_guards_request_is_taken() -> None:
    assert decided(resourceGuardRequests=[GUARD]).plan


def test_whose_rights_count() -> None:
    desk = a_desk()
    assert rights_of(desk, "queue") is desk.queue
    assert rights_of(desk, "tickets/jira") is desk.tickets["jira"]
    assert rights_of(desk, "http") is desk.http
    assert find_instance("pg-stage-01", desk)[1] == "pg-stage-01"


def test_a_file_with_targets_that_never_work_is_told_so() -> None:
    wrong = {"kind": "files", "container": "https://deskaccount.blob.core.windows.net/x1-{instance}"}
    abroad = {"kind": "database", "server": SERVER, "credentialsSecret": "https://kv1.vault.azure.cn/secrets/a"}
    faults = check_file(a_desk(targets={**a_targets(), "wrong": wrong, "abroad": abroad}), GROUND)
    assert [fault.split(":")[0] for fault in faults] == ["targets.wrong", "targets.abroad"]
    assert check_file(a_desk(), GROUND) == []


def a_targets() -> dict[str, Any]:
    return a_desk().model_dump(mode="json", by_alias=True, exclude_none=True)["targets"]  # type: ignore[no-any-return]
