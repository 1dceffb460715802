"""A poison function that fails again and again, by the host's rules: the next good run settles its message."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from local.host.triggers.queue_listener import Durations
from local.host.triggers.queue_rules import Message
from shared.domain.restore import Phase
from tests.host.test_queue import RULES, Story
from tests.kits.world import World
from tests.stories.test_nothing_dropped import WORDS

FAILURES = 10


@pytest.mark.parametrize(("text", "ends"), [(WORDS.decode(), Phase.SUCCEEDED), ("restore it", Phase.REFUSED)])
def test_a_poison_function_that_failed_ten_times_settles_its_message_on_the_next_run(text: str, ends: Phase) -> None:
    world = World()

    def dying(name: str, act: Callable[[], Any], args: Any) -> Any:
        raise KeyboardInterrupt(f"the process died at {name}")

    async def poisoned(message: Message, raw: str) -> bool:
        process = world.process(dying if message.dequeue_count <= FAILURES else None)
        try:
            process.queue_in.poison(raw.encode(), message.id)
        except KeyboardInterrupt:
            return False
        return True

    async def told() -> Story:
        one = Story(name="restore-requests-poison", durations=Durations(invisible=0.02))
        await one.queue.send(text)
        await one.listen(until=lambda: not one.queue.texts or len(one.runs) > FAILURES + 5, act=poisoned)
        return one

    one = asyncio.run(told())
    assert RULES.most < FAILURES
    assert [count for _, count in one.runs] == [*range(1, FAILURES + 2)]
    assert one.queue.texts == []
    world.settle(world.process())
    assert [restore.phase for restore in world.restores()] == [ends]
