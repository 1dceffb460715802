"""`GET /api/instances`: a missing part never takes the list down, and "not read yet" is not "nothing usable"."""

import json
from typing import Any

import pytest

from shared.api.http import Call, answered
from shared.api.instances import COLD, InstancesApi
from shared.azure.port import Gone, Rejected
from shared.config.desk_file import parse_desk
from shared.domain.problems import Trouble
from shared.domain.restore import AzureError, Datasource
from shared.storage import row_keys
from shared.storage.store import Change
from shared.sweep.points_look import LOOKS_A_ROUND, PointsLook
from shared.workflow.points import points_now
from tests.kits.desk_kit import DESK, desk_with
from tests.kits.fake_azure import FakeAzure
from tests.kits.world import World

GONE = Rejected(AzureError(stage="request", code="UserErrorBackupInstanceNotFound", message="it is gone"), 404)


def rows(world: World) -> dict[str, dict[str, Any]]:
    answer = answered(InstancesApi(world.process().parts).list, Call())
    assert answer.status == 200, answer.body
    return {row["name"]: row for row in json.loads(answer.body)["value"]}


@pytest.mark.parametrize("error", [GONE, Gone("404"), Trouble("503"), ValueError("what nobody thought of")])
def test_one_bad_instance_is_a_row_with_its_problem(error: Exception) -> None:
    world = World()
    world.azure.script["points"] = [error]
    shown = rows(world)
    assert shown["pg-a"]["problem"]
    assert shown["pg-a"]["lastPoint"] is None
    assert "problem" not in shown["pg-b"]
    assert shown["pg-b"]["lastPoint"]["id"] == "pt-1"


def test_a_vanished_instance_is_asked_for_once_and_stays_a_row() -> None:
    world = World()
    world.azure.script["points"] = [GONE]
    assert "gone" in rows(world)["pg-a"]["problem"]
    asked = world.azure.count("points")
    assert "gone" in rows(world)["pg-a"]["problem"]
    assert world.azure.count("points") == asked


def test_a_damaged_row_of_the_ledger_is_one_instances_problem() -> None:
    world = World()
    rows(world)
    vault = world.read_desk().instances["pg-a"].id.rsplit("/", 2)[0]
    damaged = Change("put", "facts-points-pg-a", {"at": "no time", "chunks": 1, "json0": "{"})
    world.store.commit(row_keys.vault_partition(vault), [damaged])
    shown = rows(world)
    assert shown["pg-a"]["problem"]
    assert shown["pg-b"]["lastPoint"]


def test_not_read_yet_differs_from_nothing_usable() -> None:
    world = World()
    many = DESK + "".join(
        f'[instances.more-{n}]\nid = "{world.read_desk().instances["pg-a"].id}-{n}"\ntargets = ["drills"]\n'
        for n in range(COLD)
    )
    world.desk = parse_desk(many)
    world.azure.script["points"] = []
    shown = rows(world)
    cold = [row for row in shown.values() if "lastPointReason" in row]
    assert len(cold) == len(shown) - COLD
    assert all("not been read yet" in row["lastPointReason"] and row["lastPoint"] is None for row in cold)
    world.clock.advance(5 * 365 * 24 * 3600)  # every point has expired by now
    assert "1 expired" in rows(world)["pg-a"]["lastPointReason"]


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
