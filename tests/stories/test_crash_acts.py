"""Crash points while people act: withdraw, again, resend, a poisoned copy, notices routed late, jobs told by a list."""

import json
from collections.abc import Callable

import pytest

from shared.domain.problems import Ours
from shared.domain.restore import Phase
from shared.workflow.operator_acts import Act, Again
from tests.kits.breaker import CRASHES, Break, Breaker
from tests.kits.crash_story import Story, broken, every, of
from tests.kits.world import DBA_URL, DESK_MODEL, Process, body

ACT = Act(by="dba", reason="changed my mind")


def takes_back(story: Story, process: Process) -> bool:
    for restore in of(story, key="k2", closed=False):
        process.acts.withdraw(restore, ACT)
    return bool(of(story, key="k2", phase=Phase.WITHDRAWN))


def asks_again(story: Story, process: Process) -> bool:
    for restore in of(story, key="k2"):
        again = Again.model_validate({"by": "dba", "reason": "after all", "idempotencyKey": "again-1"})
        story.accepted.add(process.acts.again(restore, again, None).restore.id)
    return True


def withdrawn(plan: dict[int, Break]) -> Story:
    """The second on an instance is withdrawn while it waits, and asked for again."""
    story = Story(Breaker(plan)).by_http("k1").by_http("k2")
    story.todo = [takes_back, asks_again]
    return story


def sends_again(story: Story, process: Process) -> bool:
    notices = [n for r in of(story, closed=True) for n in process.parts.outbox.of_restore(r.id)]
    for notice in notices:
        if notice.state == "given up":
            process.acts.resend(notice)
    return bool(notices) and not any(n.state == "given up" for n in notices) and not story.world.live("owed")


def resent(plan: dict[int, Break]) -> Story:
    """A channel refuses for good: given up, and sent again by a person."""
    story = Story(Breaker(plan)).by_http("k1")
    story.world.posts.answers[DBA_URL] = [410]
    story.todo = [sends_again]
    return story


def breaks(story: Story, process: Process) -> bool:
    story.world.desk = Ours("desk.toml cannot be read") if of(story, phase=Phase.RESTORING) else DESK_MODEL
    return bool(of(story, phase=Phase.RESTORING))


def mends(story: Story, process: Process) -> bool:
    ended = bool(of(story, closed=True))
    story.world.desk = DESK_MODEL if ended else story.world.desk
    return ended


def unrouted(plan: dict[int, Break]) -> Story:
    """desk.toml is broken while a restore ends: its notices are routed when it is mended."""
    story = Story(Breaker(plan)).by_http("k1")
    story.world.azure.job_seconds = 900.0
    story.todo = [breaks, mends]
    return story


def poisons(story: Story, process: Process) -> bool:
    process.queue_in.poison(json.dumps(body("pg-b")).encode(), "copy-1")
    return True


def poisoned(plan: dict[int, Break]) -> Story:
    """Two jobs run in one vault, told by its list; one of them came as a poisoned copy."""
    story = Story(Breaker(plan)).by_http("k1")
    story.world.azure.job_seconds = 3000.0
    story.messages, story.todo = 1, [poisons]
    return story


STORIES = (withdrawn, resent, unrouted, poisoned)
MOST = 220  # crash points of one story: of more, every second or third is tried


@pytest.mark.parametrize("make", STORIES, ids=[make.__name__ for make in STORIES])
def test_every_call_broken_alone_while_people_act(
    make: Callable[[dict[int, Break]], Story], quiet_log: None, tried: Callable[[str], None]
) -> None:
    points = every(make, CRASHES)
    plans = [{}, *points[:: -(-len(points) // MOST) | 1]]  # an odd step: before and after take turns
    found = broken(make, plans)
    tried(f"{len(plans) - 1} crash points ({make.__name__}), {len(found)} violations")
    assert found == []
