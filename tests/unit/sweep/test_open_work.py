"""The open rows and turns that a round reads: damaged, waiting in line, lost, overdue, orphaned."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.storage import row_keys
from shared.storage.store import Change, Row
from shared.sweep.open_work import damage, in_line
from shared.sweep.round import Round
from tests.kits.fakes import START, VAULT
from tests.kits.stories import now_is
from tests.kits.world import World, running


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"schemaVersion": 2}, "a newer release"),
        ({"schemaVersion": "1"}, "a newer release"),
        ({"phase": "awaiting"}, "a newer release"),
        ({"due": "soon"}, "no time"),
        ({"startedAt": "soon"}, "no time"),
        ({"startedAt": "2026-10-01T12:00:00Z"}, ""),
        ({"restore": "x"}, "names no restore or no instance"),
        ({"instance": "/a/b"}, "names no restore or no instance"),
        ({"instance": "/a/b/c"}, ""),
        ({"phase": "failed", "instance": ""}, "no time"),
        ({"phase": "failed", "instance": "", "closedAt": "2026-10-01T12:00:00Z"}, ""),
        ({"phase": "failed", "instance": "", "due": "soon", "startedAt": "", "closedAt": "2026-10-01T12:00:00Z"}, "no"),
    ],
)
def test_an_open_row_that_cannot_be_moved_says_why(changes: dict[str, Any], why: str) -> None:
    good: dict[str, Any] = {
        "restore": row_keys.new_id(VAULT, START, b"0" * 10),
        "instance": f"{VAULT}/backupInstances/pg-a",
        "phase": "accepted",
        "due": "2026-10-01T12:00:00Z",
        "schemaVersion": 1,
    }
    found = damage(Row("r", good | changes))
    assert (found == "") if not why else (why in found)


@pytest.mark.parametrize(
    ("fields", "waits"),
    [
        ({"phase": "accepted"}, True),
        ({"phase": "accepted", "turn": True}, False),
        ({"phase": "accepted", "dryRun": True}, False),
        ({"phase": "validating"}, False),
    ],
)
def test_who_waits_in_line(fields: dict[str, Any], waits: bool) -> None:
    assert in_line(Row("r", fields)) is waits


def test_a_round_counts_what_is_lost_and_what_is_overdue() -> None:
    round_ = Round(0.0, None, {})  # type: ignore[arg-type]
    rows: list[dict[str, Any]] = [
        {"phase": "lost", "acceptedAt": "2026-10-01T12:00:00Z"},
        {"phase": "lost", "acceptedAt": "2026-10-01T11:00:00Z", "overdue": True},
        {"phase": "lost"},
        {"phase": "restoring", "overdue": True},
        {"phase": "succeeded", "overdue": True},
    ]
    round_.count([Row("r", one) for one in rows])
    assert (round_.seen, round_.lost, round_.overdue) == (5, 3, 2)
    assert round_.oldest_lost == START - timedelta(hours=1)
    round_.count([Row("r", {"phase": "lost", "acceptedAt": "2026-10-01T11:30:00Z"})])
    assert (round_.seen, round_.oldest_lost) == (6, START - timedelta(hours=1))
    assert round_.over()
    assert not replace(round_, ends=float("inf")).over()


# --- the turn ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("holder", "given_back"),
    [("closed", True), ("missing", True), ("open elsewhere", False)],
)
def test_a_turn_whose_holder_is_closed_is_given_back(holder: str, given_back: bool) -> None:
    world = World()
    far = running(world, world.process(), "pg-far", key="far")
    if holder == "closed":
        done = running(world, world.process(), "pg-b", key="b")
        world.settle(world.process())
        held_by = done
    else:
        held_by = "missing00-1" if holder == "missing" else far
    one = running(world, world.process(), key="a")
    place = row_keys.vault_partition(VAULT)
    turn = row_keys.turn(f"{VAULT}/backupInstances/pg-a")
    world.store.commit(place, [Change("insert", turn, {"restore": held_by, "at": "2026-10-01T12:00:00Z"})])
    world.queue.clear()
    world.clock.advance(30)
    world.process().sweep.run()
    row = world.store.get(place, turn)
    assert row
    assert row.text("restore") == (one if given_back else held_by)
    assert (now_is(world, one).turn_at is not None) is given_back


def test_a_turn_that_was_given_back_since_the_rows_were_read_is_free() -> None:
    world = World()
    one = running(world, world.process(), key="a")
    place, turn = row_keys.vault_partition(VAULT), row_keys.turn(f"{VAULT}/backupInstances/pg-a")
    world.store.commit(place, [Change("insert", turn, {"restore": "missing00-1", "at": "2026-10-01T12:00:00Z"})])
    world.queue.clear()
    world.clock.advance(30)

    def given_back(name: str, act: Any, args: Any) -> Any:
        if name == "store.get" and args[1] == turn and (row := world.store.get(place, turn)):
            world.store.commit(place, [Change("delete", row.key)])
        return act()

    assert world.process(given_back).sweep.run().faults == 0
    assert now_is(world, one).turn_at is not None
