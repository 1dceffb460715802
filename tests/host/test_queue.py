"""The queue trigger's semantics, told on a queue in memory."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import pytest

from local.host.triggers import queue_rules
from local.host.triggers.memory_queue import MemoryQueue
from local.host.triggers.queue_listener import Durations, QueueListener, Rules
from local.host.triggers.queue_rules import Message

RULES = Rules(batch=4, threshold=2, longest_poll=0.02, release=0, most=3, encoding="none")


@dataclass
class Story:
    """A listener on queues in memory; `runs` is what its function was given."""

    name: str = "work"
    rules: Rules = RULES
    durations: Durations = field(default_factory=Durations)
    now: Callable[[], float] = time.time
    runs: list[tuple[str, int]] = field(default_factory=list)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.queue = MemoryQueue(self.name, self.now)
        name = queue_rules.poison_name(self.name)
        self.poison = MemoryQueue(name) if name else None

    async def listen(
        self, until: Callable[[], bool], act: Callable[[Message, str], Awaitable[bool]] | None = None
    ) -> None:
        async def run(message: Message, body: str) -> bool:
            self.runs.append((body, message.dequeue_count))
            return await act(message, body) if act else "fail" not in body

        listener = QueueListener(self.queue, self.poison, run, self.rules, self.stopping, durations=self.durations)
        async with asyncio.timeout(20):
            listening = asyncio.create_task(listener.listen())
            while not until():
                await asyncio.sleep(0.005)
            self.stopping.set()
            await listening


def test_a_message_that_was_run_is_deleted() -> None:
    async def story() -> None:
        one = Story()
        await one.queue.send("hello")
        await one.listen(until=lambda: not one.queue.texts)
        assert one.runs == [("hello", 1)]

    asyncio.run(story())


def test_a_failing_message_is_tried_again_and_then_moved_to_the_poison_queue_as_it_was() -> None:
    async def story() -> None:
        one = Story(rules=replace(RULES, encoding="base64"))
        await one.queue.send("ZmFpbA==")
        assert one.poison is not None
        poison = one.poison
        await one.listen(until=lambda: bool(poison.texts) and not one.queue.texts)
        assert one.runs == [("fail", 1), ("fail", 2), ("fail", 3)]
        assert poison.texts == ["ZmFpbA=="]

    asyncio.run(story())


def test_a_failed_message_is_not_seen_again_before_its_visibility_timeout() -> None:
    async def story() -> None:
        now = 0.0
        one = Story(rules=replace(RULES, release=3600), now=lambda: now)
        await one.queue.send("fail")

        async def pass_time() -> None:
            nonlocal now
            for moment, runs in ((0.0, 1), (3599.0, 1), (3600.0, 2)):
                now = moment
                while len(one.runs) < runs:
                    await asyncio.sleep(0.005)
                await asyncio.sleep(0.1)
                assert len(one.runs) == runs

        passing = asyncio.create_task(pass_time())
        await one.listen(until=passing.done)
        await passing

    asyncio.run(story())


def test_a_message_seen_too_often_goes_to_the_poison_queue_without_a_run() -> None:
    async def story() -> None:
        one = Story()
        await one.queue.send("crashed its host thrice")
        for _ in range(3):
            (taken,) = await one.queue.receive(1, 60)
            await one.queue.renew(taken, 0)
        await one.listen(until=lambda: not one.queue.texts)
        assert one.runs == []
        assert one.poison is not None
        assert one.poison.texts == ["crashed its host thrice"]

    asyncio.run(story())


def test_a_poison_queues_message_is_run_again_each_time_it_comes_back_past_the_most_too() -> None:
    async def story() -> None:
        one = Story(name="work-poison", durations=Durations(invisible=0.05))
        await one.queue.send("fail")
        await one.listen(until=lambda: len(one.runs) >= RULES.most + 2)
        assert one.runs[: RULES.most + 2] == [("fail", count) for count in range(1, RULES.most + 3)]
        assert one.queue.texts == ["fail"]
        assert one.queue.renewals == 0  # it is never released early

    asyncio.run(story())


@pytest.mark.parametrize("text", ['{"not": "base64"}', "/w=="])
def test_what_is_not_base64_or_not_utf_8_goes_to_the_poison_queue_raw_and_without_a_run(text: str) -> None:
    async def story() -> None:
        one = Story(rules=replace(RULES, encoding="base64"))
        await one.queue.send(text)
        await one.listen(until=lambda: not one.queue.texts)
        assert one.runs == []
        assert one.poison is not None
        assert one.poison.texts == [text]

    asyncio.run(story())


def test_a_message_stays_invisible_while_its_function_runs_and_is_deleted_by_its_latest_receipt() -> None:
    async def story() -> None:
        one = Story(durations=Durations(invisible=0.2, shortest_renewal=0.01))

        async def act(message: Message, body: str) -> bool:
            while one.queue.renewals < 3:
                await asyncio.sleep(0.01)
            return True

        await one.queue.send("long")
        await one.listen(until=lambda: not one.queue.texts, act=act)
        assert one.runs == [("long", 1)]

    asyncio.run(story())


def test_renewal_is_tried_again_when_storage_is_away_for_a_while() -> None:
    async def story() -> None:
        one = Story(durations=Durations(invisible=1.0, shortest_renewal=0.01))

        async def act(message: Message, body: str) -> bool:
            one.queue.down = True
            await asyncio.sleep(0.6)
            one.queue.down = False
            while one.queue.renewals < 1:
                await asyncio.sleep(0.01)
            return True

        await one.queue.send("long")
        await one.listen(until=lambda: not one.queue.texts, act=act)
        assert one.runs == [("long", 1)]

    asyncio.run(story())


def test_a_message_that_passed_to_another_is_left_to_it() -> None:
    async def story() -> None:
        one = Story(durations=Durations(invisible=0.4))
        done = asyncio.Event()

        async def act(message: Message, body: str) -> bool:
            await one.queue.delete(message)  # by another, as far as the listener knows
            await asyncio.sleep(0.5)  # a renewal falls due, and fails
            done.set()
            return True

        await one.queue.send("taken over")
        await one.listen(until=done.is_set, act=act)
        assert one.runs == [("taken over", 1)]

    asyncio.run(story())


def test_no_more_run_at_once_than_batch_size_and_threshold_allow() -> None:
    async def story() -> None:
        one = Story()
        running, most = 0, 0

        async def act(message: Message, body: str) -> bool:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.02)
            running -= 1
            return True

        for number in range(30):
            await one.queue.send(str(number))
        await one.listen(until=lambda: not one.queue.texts, act=act)
        assert sorted(int(body) for body, _ in one.runs) == list(range(30))
        assert RULES.batch <= most <= RULES.batch + RULES.threshold

    asyncio.run(story())


def test_a_queue_that_cannot_be_read_is_looked_at_again() -> None:
    async def story() -> None:
        one = Story()
        listening = asyncio.create_task(one.listen(until=lambda: len(one.runs) == 2))
        await asyncio.sleep(0.05)  # it does not exist yet
        await one.queue.send("first")
        while len(one.runs) < 1 or one.queue.texts:
            await asyncio.sleep(0.005)
        one.queue.down = True
        await asyncio.sleep(0.05)
        one.queue.down = False
        await one.queue.send("second")
        await listening
        assert one.runs == [("first", 1), ("second", 1)]

    asyncio.run(story())


def test_a_stop_finishes_what_was_taken_and_takes_no_more() -> None:
    async def story() -> None:
        one = Story(rules=replace(RULES, batch=1, threshold=0))

        async def act(message: Message, body: str) -> bool:
            one.stopping.set()
            await asyncio.sleep(0.05)
            return True

        await one.queue.send("first")
        await one.queue.send("second")
        await one.listen(until=one.stopping.is_set, act=act)
        assert one.queue.texts == ["second"]

    asyncio.run(story())
