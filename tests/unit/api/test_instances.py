"""`GET /api/instances`: a missing part never takes the list down, and "not read yet" is not "nothing usable"."""

import json
from typing import Any

import pytest

from local.stack.memory import MemoryStore
from shared.api.http import Answer, Call, answered, mark_text
from shared.api.instances import PARAMETERS, InstancesApi
from shared.api.routes import INSTANCE_PAGES
from shared.azure.port import Gone, Rejected
from shared.config.desk_file import Desk, parse_desk
from shared.domain.problems import Trouble
from shared.domain.restore import AzureError, Datasource
from shared.storage import row_keys
from shared.storage.store import Change
from shared.sweep.points_look import LOOKS_A_ROUND, PointsLook
from shared.workflow.points import points_now
from tests.kits.desk_kit import desk_with
from tests.kits.fake_azure import FakeAzure
from tests.kits.fakes import VAULT
from tests.kits.world import World

GONE = Rejected(AzureError(stage="request", code="UserErrorBackupInstanceNotFound", message="it is gone"), 404)
TARGETS = """
[targets.drills]
kind = "files"
container = "https://dumps.blob.core.windows.net/drills-{instance}"
"""


def answer(world: World, **query: str) -> Answer:
    return answered(InstancesApi(world.process().parts).list, Call(query=query))


def rows(world: World) -> dict[str, dict[str, Any]]:
    said = answer(world)
    assert said.status == 200, said.body
    return {row["name"]: row for row in json.loads(said.body)["value"]}


def looked(world: World) -> None:
    """The sweep has read the points of pg-a and pg-b, the first two that desk.toml names."""
    assert PointsLook(world.process().parts).run() == LOOKS_A_ROUND == 2


@pytest.mark.parametrize("error", [GONE, Gone("404")])
def test_one_bad_instance_is_a_row_with_its_problem(error: Exception) -> None:
    world = World()
    world.azure.script["points"] = [error]
    looked(world)
    shown = rows(world)
    assert "gone" in shown["pg-a"]["problem"] or "404" in shown["pg-a"]["problem"]
    assert shown["pg-a"]["lastPoint"] is None
    assert "problem" not in shown["pg-b"]
    assert shown["pg-b"]["lastPoint"]["id"] == "pt-1"


@pytest.mark.parametrize("error", [Trouble("503"), ValueError("what nobody thought of")])
def test_an_instance_whose_look_failed_is_not_read_yet_and_its_neighbour_is_whole(error: Exception) -> None:
    world = World()
    world.azure.script["points"] = [error]
    looked(world)
    shown = rows(world)
    assert "not been read yet" in shown["pg-a"]["lastPointReason"]
    assert shown["pg-b"]["lastPoint"]["id"] == "pt-1"


def test_the_list_makes_no_call_to_azure() -> None:
    world = World(desk=desk_with())
    assert all("not been read yet" in row["lastPointReason"] for row in rows(world).values())
    looked(world)
    world.azure.calls.clear()
    assert [name for name, row in rows(world).items() if row["lastPoint"]] == ["pg-a", "pg-b"]
    assert world.azure.calls == []


def test_a_damaged_row_of_the_ledger_is_one_instances_problem() -> None:
    world = World()
    looked(world)
    vault = world.read_desk().instances["pg-a"].id.rsplit("/", 2)[0]
    damaged = Change("put", "facts-points-pg-a", {"at": "no time", "chunks": 1, "json0": "{"})
    world.store.commit(row_keys.vault_partition(vault), [damaged])
    shown = rows(world)
    assert shown["pg-a"]["problem"]
    assert shown["pg-b"]["lastPoint"]


def test_not_read_yet_differs_from_nothing_usable() -> None:
    world = World()
    looked(world)
    assert "/api/instances/pg-far/recovery-points reads them now" in rows(world)["pg-far"]["lastPointReason"]
    world.clock.advance(5 * 365 * 24 * 3600)  # every point has expired by now
    assert "1 expired" in rows(world)["pg-a"]["lastPointReason"]


def many(vaults: int, each: int) -> Desk:
    """The instances of several vaults, one vault after the other."""
    ids = [f"{VAULT}{n}/backupInstances/pg-{n}-{m}" for n in range(vaults) for m in range(each)]
    return parse_desk(
        TARGETS + "".join(f'[instances.{i.rsplit("/")[-1]}]\nid = "{i}"\ntargets = ["drills"]\n' for i in ids)
    )


def page(world: World, **query: str) -> tuple[list[str], str | None]:
    said = answer(world, **query)
    assert said.status == 200, said.body
    shown = json.loads(said.body)
    return [row["name"] for row in shown["value"]], shown.get("continue")


def test_pages_follow_each_other_in_the_order_of_the_file_and_the_last_one_ends() -> None:
    world = World(desk=many(2, 3))
    names = list(world.read_desk().instances)
    assert page(world) == (names, None)
    assert page(world, pageSize="6") == (names, None)
    first, more = page(world, pageSize="4")
    assert first == names[:4]
    assert page(world, pageSize="4", **{"continue": str(more)}) == (names[4:], None)
    assert [row["name"] for row in InstancesApi(world.process().parts).rows()] == names


def test_a_default_page_has_a_thousand_and_the_desks_own_page_all() -> None:
    world = World(desk=many(1, 1001))
    first, more = page(world)
    assert len(first) == 1000
    assert page(world, **{"continue": str(more)}) == (["pg-0-1000"], None)
    assert len(InstancesApi(world.process().parts).rows()) == 1001


def test_a_page_reads_the_vaults_of_its_own_instances_only() -> None:
    reads = []
    for vaults in (2, 9):
        world = World(store=(store := MemoryStore()), desk=many(vaults, 2))
        page(world, pageSize="2")
        before = store.reads
        assert page(world, pageSize="2")[0] == ["pg-0-0", "pg-0-1"]
        reads.append(store.reads - before)
    assert reads == [2, 2]


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ({"pageSize": "0"}, "pageSize", "from 1 to 1000"),
        ({"pageSize": "1001"}, "pageSize", "from 1 to 1000"),
        ({"pageSize": "all"}, "pageSize", "from 1 to 1000"),
        ({"continue": "!!"}, "continue", "the previous page gave"),
        ({"continue": ""}, "continue", "the previous page gave"),
        ({"continue": mark_text(("", 0, "live-open-a"))}, "continue", "the previous page gave"),  # of GET /api/restores
        ({"continue": mark_text(("elsewhere", "pg-a"))}, "continue", "the previous page gave"),
        ({"continue": mark_text(("instances", 1))}, "continue", "the previous page gave"),
        ({"continue": mark_text(("instances", "pg-removed"))}, "continue", "desk.toml has changed"),
        ({"pagesize": "5"}, "pagesize", "did you mean pageSize?"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(query: dict[str, str], field: str, words: str) -> None:
    said = answer(World(), **query)
    problem = json.loads(said.body)
    assert (said.status, problem["field"]) == (422, field)
    assert words in problem["detail"]


def test_the_contract_names_every_parameter_of_the_list() -> None:
    assert {one["name"] for one in INSTANCE_PAGES} == set(PARAMETERS)


def test_the_sweep_reads_cold_instances_a_few_a_round_and_each_again_after_a_day() -> None:
    world = World(desk=desk_with())
    look = PointsLook(world.process().parts)
    assert [look.run() for _ in range(3)] == [LOOKS_A_ROUND, 1, 0]
    assert rows(world)["pg-far"]["lastPoint"]
    assert world.azure.count("points") == 3
    world.clock.advance(25 * 3600)
    assert look.run() == LOOKS_A_ROUND


def test_trouble_with_one_is_looked_at_again_soon_and_a_quiet_subscription_is_left_alone() -> None:
    world = World()
    process = world.process()
    world.azure.script["points"] = [Trouble("503"), GONE]
    assert PointsLook(process.parts).run() == LOOKS_A_ROUND
    assert PointsLook(process.parts).run() == 1
    world.clock.advance(process.parts.pace.back_off_most + 1)
    assert PointsLook(process.parts).run() == 1  # the one in trouble; the vanished one tomorrow
    world.clock.advance(25 * 3600)
    subscription = world.read_desk().instances["pg-a"].id.split("/")[2]
    process.parts.board.set_quiet(subscription, world.clock.now().replace(year=2030))
    assert PointsLook(process.parts).run() == 0


def test_no_route_answers_an_empty_500(caplog: pytest.LogCaptureFixture) -> None:
    def broken(call: Call) -> Any:
        raise KeyError("what nobody thought of")

    answer = answered(broken, Call())
    said = json.loads(answer.body)
    assert (answer.status, answer.content_type) == (500, "application/problem+json")
    assert said["fault"] in said["detail"]
    assert f"fault={said['fault']}" in caplog.text
    assert "nobody thought" not in answer.body.decode()


def test_a_point_in_archive_says_what_restoring_it_takes() -> None:
    world = World()
    store = {"type": "ArchiveStore", "state": "COMMITTED", "visible": True, "expiryTime": "2030-01-01T00:00:00Z"}
    archived = {"recoveryPointTime": "2026-09-01T00:00:00Z", "recoveryPointDataStoresDetails": [store]}

    class Archive(FakeAzure):
        def datasource(self, instance: str) -> Datasource:
            return Datasource(type="Microsoft.DBforPostgreSQL/servers/databases", id=f"{instance}/db", name="db")

        def points(self, instance: str, odata: str) -> list[Any]:
            return [*super().points(instance, odata), {"name": "cold", "properties": archived}]

    world.azure = Archive(world.clock)
    call = Call(path={"instance": "pg-a"})
    shown = json.loads(answered(InstancesApi(world.process().parts).recovery_points, call).body)["value"]
    assert [(point["id"], point["restorable"], point.get("note")) for point in shown] == [
        ("pt-1", True, None),
        ("cold", True, "in archive: it is rehydrated first, which may take 15 h"),
    ]


def test_during_trouble_an_older_list_is_shown_and_without_one_the_trouble() -> None:
    world = World()
    parts, instance = world.process().parts, world.read_desk().instances["pg-a"].id
    world.azure.script["points"] = [Trouble("503")]
    with pytest.raises(Trouble):
        points_now(parts, instance)
    known = points_now(parts, instance)
    world.clock.advance(parts.pace.points_fresh + 1)
    world.azure.script["points"] = [Trouble("503")]
    assert points_now(parts, instance) == known
    assert points_now(parts, instance).at == world.clock.now()
