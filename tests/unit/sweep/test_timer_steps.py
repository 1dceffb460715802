"""What the timer does after the sweep: a step that fails holds up no other, and points are looked at once a day."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import pytest

from shared.composition.once import Later
from shared.domain.problems import Trouble
from shared.storage import row_keys
from shared.storage.store import Change, Conflict
from shared.storage.wake_queue import QueueState
from shared.sweep.points_look import LOOKS_A_ROUND, PointsLook
from shared.sweep.retention import Retention
from shared.sweep.timer import Upkeep
from tests.kits.desk_kit import Process
from tests.kits.fakes import START, VAULT
from tests.kits.world import World


@dataclass
class Failing:
    """A step of the timer that fails."""

    error: Exception

    def run(self, *_: Any) -> int:
        raise self.error


@pytest.mark.parametrize(
    ("error", "level"), [(Trouble("503"), "WARNING"), (Conflict("x"), "WARNING"), (ValueError("bug"), "ERROR")]
)
def test_a_step_after_the_sweep_holds_up_no_other(
    error: Exception, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    world = World()
    process = world.process()
    p, points = process.parts, Failing(error)
    upkeep = Upkeep(
        process.sweep, p.board, Retention(p.ledger, p.outbox, 1), points, QueueState, p.now,  # type: ignore[arg-type]
        points, points, points,  # type: ignore[arg-type]
    )  # fmt: skip
    with caplog.at_level(logging.WARNING, "desk"):
        upkeep.run()
    words = "waits for the next round: " if level == "WARNING" else "failed; the next round does it again"
    found = [record for record in caplog.records if words in record.getMessage()]
    assert [record.levelname for record in found] == [level] * 4, "points, verifications, clean-up, strangers"
    assert p.board.pulse("retention") == START


# --- points -----------------------------------------------------------------------------------------------------------
def test_the_points_of_two_instances_are_looked_at_in_a_round_each_once_a_day() -> None:
    world = World()
    look = PointsLook(world.process().parts)
    assert [look.run() for _ in range(3)] == [LOOKS_A_ROUND, 1, 0]
    assert world.azure.count("points") == 3
    world.clock.advance(86400)
    assert look.run() == 0
    world.clock.advance(1)
    world.process().parts.board.set_quiet(VAULT.split("/")[2], world.clock.now() + timedelta(seconds=1))
    assert look.run() == 0
    world.clock.advance(1)
    assert look.run() == LOOKS_A_ROUND


@pytest.mark.parametrize(("error", "traced"), [(Trouble("503"), False), (ValueError("bug"), True)])
def test_a_look_at_points_that_fails_is_made_again_soon(
    error: Exception, traced: bool, caplog: pytest.LogCaptureFixture
) -> None:
    world = World()
    look = PointsLook(world.process().parts)
    world.azure.script["points"] = [error]
    with caplog.at_level(logging.WARNING, "desk"):
        assert [look.run(), look.run(), look.run()] == [2, 1, 0]
    (record,) = [record for record in caplog.records if "could not be looked at" in record.getMessage()]
    assert bool(record.exc_info) is traced
    world.clock.advance(world.pace.back_off_most)
    assert look.run() == 0
    world.clock.advance(1)
    assert look.run() == 1


# --- a worker's first round -------------------------------------------------------------------------------------------
@dataclass
class Counting:
    """A step of the timer that counts its runs."""

    runs: int = 0

    def run(self, *_: Any) -> int:
        self.runs += 1
        return 0


def worker(process: Process, step: Counting, queues: Callable[[], QueueState] = QueueState) -> Upkeep:
    """A worker that has just begun, each of whose steps but the retention is the same one."""
    p = process.parts
    return Upkeep(
        process.sweep, p.board, Retention(p.ledger, p.outbox, 1), step, queues, p.now,  # type: ignore[arg-type]
        step, step, step, cold=True,  # type: ignore[arg-type]
    )  # fmt: skip


def test_a_worker_leaves_what_may_wait_to_its_second_round() -> None:
    world, step = World(), Counting()
    process = world.process()
    first = worker(process, step)
    first.run()
    assert (step.runs, process.parts.board.pulse("retention")) == (0, None)
    first.run()
    assert (step.runs, process.parts.board.pulse("retention")) == (4, START)


def test_where_each_round_is_a_workers_first_nothing_waits_longer_than_ten_minutes() -> None:
    world, step, runs = World(), Counting(), list[int]()
    process = world.process()
    for _ in range(41):
        worker(process, step).run()
        runs.append(step.runs // 4)
        world.clock.advance(30)
    assert (runs[19], runs[20], runs[39], runs[40]) == (0, 1, 1, 2)


def test_a_workers_first_sweep_that_fails_holds_up_no_step() -> None:
    world, step = World(), Counting()
    process = world.process()
    process.parts.board.beat("care", START)

    def no_queues() -> QueueState:
        raise Trouble("no queues")

    with pytest.raises(Trouble):
        worker(process, step, no_queues).run()
    process.sweep.run = lambda: 1 / 0  # type: ignore[method-assign, assignment, return-value]
    with pytest.raises(ZeroDivisionError):
        worker(process, step).run()
    assert step.runs == 4, "the sweep itself was well in the first case"


def test_a_worker_at_work_notes_every_five_minutes_that_nothing_waits() -> None:
    world, step = World(), Counting()
    process = world.process()
    timer, seen = worker(process, step), set[object]()
    for _ in range(40):
        timer.run()
        seen.add(process.parts.board.pulse("care"))
        world.clock.advance(30)
    assert step.runs == 39 * 4
    assert len(seen) == 4


@pytest.mark.parametrize("at", ["", "soon", "2026-10-02T00:00:00.000000Z", "0001-01-01T00:00:00+05:00"])
def test_a_pulse_that_cannot_be_read_or_lies_in_the_future_starves_nothing(at: str) -> None:
    """A clock was wrong, or a row is damaged."""
    world, step = World(), Counting()
    process = world.process()
    for name in ("care", "retention"):
        process.parts.ledger.store.commit(row_keys.DESK, [Change("put", f"pulse-{name}", {"at": at})])
    timer = worker(process, step)
    timer.run()
    timer.run()
    assert step.runs >= 4
    assert process.parts.board.pulse("care") == process.parts.board.pulse("retention") == START


def test_a_part_that_cannot_be_built_holds_up_no_other(caplog: pytest.LogCaptureFixture) -> None:
    world, step = World(), Counting()
    process = world.process()
    timer = worker(process, step)
    timer.cold, timer.points = False, cast("PointsLook", Later(lambda: 1 / 0))
    timer.run()
    assert (step.runs, process.parts.board.pulse("retention")) == (3, START)
    assert "failed; the next round does it again" in caplog.text
