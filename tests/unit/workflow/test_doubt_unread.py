"""In doubt while a job of the instance cannot be read: one bad answer is no verdict, and held jobs are not asked."""

from datetime import timedelta
from typing import Any

import pytest

from shared.azure.port import Doubt, Gone, Rejected
from shared.domain.events import Event, Postponed
from shared.domain.outcomes import BecameOverdue, TrackLost
from shared.domain.problems import Trouble
from shared.domain.restore import Job, Phase
from shared.workflow.doubt import UNREAD, unread_for_long
from tests.kits.fakes import START
from tests.kits.stories import no, now_is, up_to
from tests.kits.world import World, running
from tests.unit.workflow.proof_kit import PACE, attempt, doubted, event_of


def test_a_job_that_cannot_be_read_parks_the_restore_and_is_adopted_once_it_can_be() -> None:
    world = World()
    world.azure.echoes, world.azure.echoes_prefix = False, True  # only a GET shows whose job it is
    running(world, world.process(), key="teacher")
    world.settle(world.process())
    world.azure.script["answer"] = [Doubt("reset")]
    one = running(world, world.process(), key="pupil")
    up_to(world, one, Phase.SUBMITTING)
    job = next(job for job in world.azure.jobs_by_id.values() if job.restore == one)
    job.hidden = True
    world.settle(world.process())
    parked = now_is(world, one)
    assert (parked.phase, job.id in (parked.trouble or "")) == (Phase.LOST, True)
    job.hidden = False
    for _ in range(4):
        world.clock.advance(world.pace.lost_look)
        world.process().sweep.run()
    world.settle(world.process())
    assert (now_is(world, one).phase, len(world.azure.posted)) == (Phase.SUCCEEDED, 2)
    assert world.faults() == []


def test_jobs_that_other_restores_hold_are_not_read() -> None:
    world = World()
    for key in ("one", "two", "three"):
        running(world, world.process(), key=key)
        world.settle(world.process())
    held = set(world.azure.jobs_by_id)
    for job in world.azure.jobs_by_id.values():
        job.hidden = True  # a GET of any of them would put the reading in doubt
    world.azure.script["submit"] = [Doubt("reset before anything")]
    four = running(world, world.process(), key="four")
    world.settle(world.process())
    restore = now_is(world, four)
    assert (restore.phase, [one.ended for one in restore.attempts]) == (Phase.SUCCEEDED, ["never arrived", "taken"])
    assert restore.job
    assert restore.job.id not in held


@pytest.mark.parametrize(
    ("fault", "age", "lost"),
    [
        (no("X", 400), 2 * PACE.overdue, False),
        (no("X", 400), 2 * PACE.overdue + 1, True),
        (no("X", 403), 2 * PACE.overdue + 1, False),
        (no("X", 403), PACE.lost_for, False),
        (no("X", 403), PACE.lost_for + 1, True),
        (no("X", 401), PACE.lost_for, False),
        (Gone("404"), 2 * PACE.overdue + 1, True),
    ],
)
def test_a_list_that_is_refused_waits_and_is_lost_in_the_end(fault: Rejected | Gone, age: float, lost: bool) -> None:
    world = World()
    restore = doubted(world, troubles=0)
    world.clock.advance(age)
    world.azure.script["jobs"] = [fault]
    found = event_of(world, restore)
    assert isinstance(found, TrackLost if lost else Postponed)
    assert found.why.startswith(UNREAD)
    wait = PACE.lost_look if lost else PACE.reconcile_every
    assert found.due == world.clock.now() + timedelta(seconds=wait)
    forbidden = isinstance(fault, Rejected) and fault.status in (401, 403)
    assert ("backupJobs/read" in found.why) is (forbidden and not lost)


@pytest.mark.parametrize(
    ("changes", "trouble", "age", "ends"),
    [
        ({}, Trouble("503"), PACE.overdue, None),
        ({}, Trouble("503"), PACE.overdue + 1, BecameOverdue),
        ({"overdue_at": START}, Trouble("503"), PACE.overdue + 1, None),
        ({}, Trouble("503"), 2 * PACE.overdue, BecameOverdue),
        ({}, Trouble("503"), 2 * PACE.overdue + 1, TrackLost),
        ({}, Trouble("no", None, 403), 2 * PACE.overdue + 1, BecameOverdue),
        ({}, Trouble("no", None, 401), PACE.lost_for, BecameOverdue),
        ({}, Trouble("no", None, 403), PACE.lost_for + 1, TrackLost),
        ({}, Trouble("429", 5.0, 429, True), PACE.lost_for + 1, None),
        ({"phase": Phase.VALIDATED}, Trouble("503"), 2 * PACE.overdue + 1, TrackLost),
        ({"phase": Phase.SUBMITTED}, Trouble("503"), 2 * PACE.overdue + 1, TrackLost),
        ({"phase": Phase.ACCEPTED}, Trouble("503"), 2 * PACE.overdue + 1, None),
        ({"tracking": "https://x"}, Trouble("503"), 2 * PACE.overdue + 1, None),
        ({"job": Job(id="j", status="x")}, Trouble("503"), 2 * PACE.overdue + 1, None),
        ({"attempts": (attempt(1, "not sent"),)}, Trouble("503"), 2 * PACE.overdue + 1, None),
        ({"validated_at": START + timedelta(seconds=2)}, Trouble("503"), PACE.overdue + 2, None),
        ({"validated_at": None}, Trouble("503"), PACE.overdue + 1, BecameOverdue),
    ],
)
def test_trouble_with_the_list_for_long_is_overdue_and_then_lost(
    changes: dict[str, Any], trouble: Trouble, age: float, ends: type[Event] | None
) -> None:
    world = World()
    restore = doubted(world, **changes)
    world.clock.advance(age)
    found = unread_for_long(world.process().parts, restore, trouble)
    assert type(found) is (ends or type(None))
    if isinstance(found, BecameOverdue | TrackLost):
        wait = PACE.poll_default if isinstance(found, BecameOverdue) else PACE.lost_look
        assert found.due == world.clock.now() + timedelta(seconds=wait)
