"""A corrected request works under its old key once the first was refused; one asked again hears where it stands."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from shared.domain.restore import Phase
from shared.notices.outbox import Outbox
from tests.kits.ticket_door import Door
from tests.kits.ticket_samples import saved
from tests.kits.world import World, body

OLD = {"atOrBefore": "2001-01-01T00:00:00Z"}


def refused_first(world: World, key: str = "k") -> str:
    """A restore that is refused for its recovery point, before any attempt."""
    process = world.process()
    restore = str(json.loads(process.post(body(recoveryPoint=OLD), key).body)["id"])
    world.settle(process)
    found = process.parts.ledger.load(restore)
    assert found is not None
    assert found.phase is Phase.REFUSED
    return restore


def test_another_request_takes_over_the_key_of_a_refused_restore() -> None:
    world = World()
    first = refused_first(world)
    second = world.process().post(body(), "k")
    assert second.status == 202, second.body
    corrected = json.loads(second.body)["id"]
    assert corrected != first
    world.settle(world.process())
    assert {restore.id: restore.phase for restore in world.restores()} == {
        first: Phase.REFUSED,
        corrected: Phase.SUCCEEDED,
    }
    assert json.loads(world.process().post(body(), "k").body)["id"] == corrected
    assert json.loads(world.process().post(body(recoveryPoint=OLD), "k").body)["id"] == first
    third = world.process().post(body(reason="another"), "k")
    assert (third.status, json.loads(third.body)["restore"]) == (422, corrected)


def test_of_many_corrections_at_once_one_takes_over() -> None:
    world = World()
    refused_first(world)
    processes = [(world.process(), body(reason=f"try {n}")) for n in range(12)]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda pair: pair[0].post(pair[1], "k"), processes))
    taken, *others = sorted(answer.status for answer in answers)
    assert taken == 202
    assert set(others) <= {422, 503}, "503: the winner was not on the books yet"
    assert len(world.restores()) == 2


@pytest.mark.parametrize("phase", ["accepted", "succeeded", "failed"])
def test_no_other_phase_gives_its_key_away(phase: str) -> None:
    world = World()
    if phase == "failed":
        world.azure.end_status = "Failed"
    process = world.process()
    process.post(body(), "k")
    if phase != "accepted":
        world.settle(process)
    assert world.restores()[0].phase == phase
    assert world.process().post(body(reason="other"), "k").status == 422


def ticket(**request: Any) -> dict[str, Any]:
    made: dict[str, Any] = saved("servicenow")["body"]
    made["request"] |= {"point": "latest", **request}
    return made


def comments(door: Door, restore: str) -> list[str]:
    return [n.event for n in Outbox(door.world.store).of_restore(restore) if n.channel == "servicenow-notes"]


def test_a_corrected_ticket_becomes_a_restore() -> None:
    door = Door()
    first = door.send("servicenow", ticket(point="at-or-before:2001-01-01T00:00:00Z"))
    door.world.settle(door.process)
    assert door.restore(first).phase is Phase.REFUSED
    second = door.send("servicenow", ticket(point="latest"))
    assert (second["http"], second["status"]) == (202, "accepted")
    door.world.settle(door.process)
    assert door.restore(second).phase is Phase.SUCCEEDED


def test_approving_again_unchanged_comments_where_the_first_stands_once_a_phase() -> None:
    door = Door()
    first = door.send("servicenow", ticket())
    for _ in range(3):
        assert door.send("servicenow", ticket())["status"] == "duplicate"
    assert comments(door, first["restore"]) == ["accepted", "standing"]
    door.world.settle(door.process)
    assert door.send("servicenow", ticket())["phase"] == "succeeded"
    assert comments(door, first["restore"])[-1] == "standing"
    box = Outbox(door.world.store)
    last = box.with_facts(box.of_restore(first["restore"])[-1]).read_facts()
    assert last.title == "Requested before: its restore is succeeded"
    assert last.point_said


def test_a_delivery_that_is_sent_anew_is_no_second_approval() -> None:
    door = Door()
    first = door.send("github", saved("github")["body"])
    door.send("github", saved("github")["body"])
    assert "standing" not in [n.event for n in Outbox(door.world.store).of_restore(first["restore"])]
    door.send("github", saved("github")["body"], {"X-GitHub-Delivery": "another"})
    assert "standing" in [n.event for n in Outbox(door.world.store).of_restore(first["restore"])]
