"""Which queue message sends the next one: the one with the number on the books, or they would multiply."""

import json
from datetime import timedelta

import pytest

from shared.domain.events import Postponed, Waiting, Withdrawn
from shared.domain.restore import Phase
from tests.kits.stories import now_is, up_to
from tests.kits.world import World, running


@pytest.mark.parametrize(("later", "sends"), [(0, True), (-1, False), (1, False), (None, False)])
def test_only_the_message_with_the_number_on_the_books_sends_the_next(later: int | None, sends: bool) -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.VALIDATING)
    world.queue.clear()
    before = now_is(world, one)
    world.clock.at = before.due
    world.process().workflow.advance(one, None if later is None else before.wake + later)
    after = now_is(world, one)
    assert after.phase is not Phase.VALIDATING, "each of them looks"
    assert (after.wake - before.wake, after.held) == (int(sends), sends)
    assert [json.loads(message.body) for message in world.queue] == (
        [{"restore": one, "wake": after.wake}] if sends else []
    )


@pytest.mark.parametrize(("seconds", "held"), [(0, False), (0.1, True), (60, True), (60.1, False)])
def test_a_message_is_sent_for_a_wait_of_a_minute_and_the_sweep_takes_what_waits_longer(
    seconds: float, held: bool
) -> None:
    world = World()
    before = now_is(world, running(world, world.process()))
    event = Postponed("429", world.clock.now() + timedelta(seconds=seconds))
    after = world.process().workflow.save(before, event, holds=True)
    assert (after.held, after.wake - before.wake) == (held, int(held))
    again = world.process().workflow.save(after, event)
    assert (again.held, again.wake) == (False, after.wake), "one that holds no message sends none"


def test_a_restore_that_closes_or_waits_for_its_turn_holds_no_message() -> None:
    world = World()
    before = now_is(world, running(world, world.process()))
    workflow, soon = world.process().workflow, world.clock.now() + timedelta(seconds=30)
    waits = workflow.save(before, Waiting("another", soon), holds=True)
    assert (waits.held, waits.wake, waits.due) == (False, before.wake, soon)
    closed = workflow.save(waits, Withdrawn("dba", "no"), holds=True)
    assert (closed.held, closed.wake) == (False, before.wake)
