"""When a restore is looked at again around its POST: after a pause, an answer, a doubt; and who makes its container."""

from datetime import timedelta
from typing import Any

import pytest

from shared.azure.port import Doubt
from shared.domain.events import Postponed
from shared.domain.restore import Phase
from shared.storage.shared_state import Pause
from shared.workflow.submission import hindrance
from tests.kits.aftercare_kit import asked, vaulted_world
from tests.kits.fakes import START
from tests.kits.stories import now_is, up_to
from tests.kits.world import World
from tests.unit.workflow.kit import ready

STOP = Pause("dba", "stop", START)


def seconds_until_due(world: World, restore_id: str) -> float:
    return (now_is(world, restore_id).due - world.clock.now()).total_seconds()


def test_a_paused_desk_is_looked_at_again_after_a_minute() -> None:
    world = World()
    restore = ready(world)
    parts = world.process().parts
    parts.board.set_paused(STOP, START)
    assert hindrance(parts, restore) == Postponed(STOP.words(), world.clock.now() + timedelta(minutes=1))


def test_a_pause_in_the_last_moment_is_waited_out_too() -> None:
    world = World()
    restore = ready(world)
    board = world.process().parts.board
    world.azure.script["submit"] = [lambda: board.set_paused(STOP, START)]
    world.process().workflow.advance(restore.id, now_due=True)
    after = now_is(world, restore.id)
    assert (after.phase, after.trouble, world.azure.posted) == (Phase.VALIDATED, STOP.words(), [])
    assert seconds_until_due(world, restore.id) == 60


@pytest.mark.parametrize(
    ("answer", "phase", "seconds"),
    [(None, Phase.SUBMITTED, 5), (Doubt("its answer was lost"), Phase.SUBMITTING, 30)],
)
def test_what_was_posted_is_looked_at_soon(answer: Any, phase: Phase, seconds: float) -> None:
    world = World()
    restore = ready(world)
    world.azure.script["answer"] = [answer] if answer else []
    world.process().workflow.advance(restore.id, now_due=True)
    assert (now_is(world, restore.id).phase, seconds_until_due(world, restore.id)) == (phase, seconds)


def test_while_a_container_is_made_nobody_else_asks_for_it_for_three_minutes() -> None:
    world = vaulted_world()
    seen: list[float] = []
    world.azure.script["make_container"] = [lambda: seen.extend([seconds_until_due(world, one)])]
    one = asked(world)
    up_to(world, one, Phase.VALIDATING)
    assert seen == [180]
