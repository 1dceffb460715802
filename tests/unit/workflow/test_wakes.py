"""Which queue message sends the next one: the one with the number on the books, or they would multiply."""

import json

import pytest

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
