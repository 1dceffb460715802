"""The queue trigger: takes messages from a queue, has them run, and settles each one as the Functions host does."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from local.host.triggers import queue_rules
from local.host.triggers.queue_rules import Backoff, Fate, Message

logger = logging.getLogger("host")


class MessageLost(Exception):
    """The message is no longer ours: its pop receipt has passed to another, or it or its queue is gone."""


class Queue(Protocol):
    """What the listener needs of a queue. Trouble on the way there is a ConnectionError."""

    name: str

    async def receive(self, most: int, invisible: float) -> list[Message]: ...

    async def renew(self, message: Message, invisible: float) -> Message: ...

    async def delete(self, message: Message) -> None: ...

    async def send(self, text: str) -> None:
        """Makes the queue where there is none."""


@dataclass(frozen=True)
class Durations:
    """Fixed in the real host; shorter ones are for tests that must see a renewal."""

    invisible: float = 600.0
    shortest_renewal: float = 60.0


@dataclass(frozen=True)
class Rules:
    batch: int
    threshold: int
    longest_poll: float
    release: float
    most: int
    encoding: str


class QueueListener:
    def __init__(
        self,
        queue: Queue,
        poison: Queue | None,
        run: Callable[[Message, str], Awaitable[bool]],
        rules: Rules,
        stopping: asyncio.Event,
        *,
        durations: Durations = Durations(),
        jitter: Callable[[], float] = lambda: random.uniform(0.8, 1.2),
    ) -> None:
        self._queue, self._poison, self._run, self._rules, self._durations = queue, poison, run, rules, durations
        self._jitter = jitter
        self._backoff = Backoff(rules.longest_poll)
        self._stopping = stopping
        self._processing: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        """Runs until it is stopped and every message that it has taken is settled."""
        found_since_wait = False
        while not self._stopping.is_set():
            batch = await self._receive()
            if batch:
                found_since_wait = True
                self._processing |= {asyncio.create_task(self._process(message)) for message in batch}
                await self._room()
            else:
                self._backoff = self._backoff.next(found=found_since_wait, jitter=self._jitter)
                found_since_wait = False
                await self._pause(self._backoff.delay)
        while self._processing:
            await self._one_less()

    async def _receive(self) -> list[Message]:
        try:
            return await self._queue.receive(self._rules.batch, self._durations.invisible)
        except ConnectionError as error:
            logger.warning("queue=%s cannot be read for now: %s", self._queue.name, error)
            return []

    async def _room(self) -> None:
        """Waits until so few are running that the next batch may be fetched."""
        while len(self._processing) > self._rules.threshold:
            await self._one_less()

    async def _one_less(self) -> None:
        """A fault of the listener's own comes out here, and ends it: the host must not be deaf in silence."""
        done, self._processing = await asyncio.wait(self._processing, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _process(self, message: Message) -> None:
        rules, poison = self._rules, self._poison is not None
        body = queue_rules.decode(message.text, rules.encoding)
        fate = queue_rules.before(message, rules.most, poison=poison)
        if body is None:
            logger.warning("queue=%s message=%s is not %s: not run", self._queue.name, message.id, rules.encoding)
            fate = Fate.POISON if poison else Fate.LEAVE
        if fate is None and body is not None:
            message, succeeded = await self._run_renewing(message, body)
            fate = queue_rules.after(message, rules.most, succeeded=succeeded, poison=poison)
        try:
            await self._settle(message, fate or Fate.LEAVE)
        except MessageLost:
            logger.info("queue=%s message=%s is another's by now", self._queue.name, message.id)
        except ConnectionError as error:
            logger.warning("queue=%s message=%s will be seen again: %s", self._queue.name, message.id, error)

    async def _settle(self, message: Message, fate: Fate) -> None:
        if fate is Fate.DELETE:
            await self._queue.delete(message)
        elif fate is Fate.RELEASE:
            await self._queue.renew(message, self._rules.release)
        elif fate is Fate.POISON and self._poison:
            # Two calls, in this order, as in the real host: a crash between them leaves a copy too many, never too few.
            await self._poison.send(message.text)
            logger.warning("queue=%s message=%s moved to %s", self._queue.name, message.id, self._poison.name)
            await self._queue.delete(message)

    async def _run_renewing(self, message: Message, body: bytes) -> tuple[Message, bool]:
        """Keeps the message invisible while its function runs; the message comes back with its latest pop receipt."""
        try:
            text = body.decode()
        except UnicodeDecodeError:
            logger.warning("queue=%s message=%s is not UTF-8: failed", self._queue.name, message.id)
            return message, False
        run = asyncio.ensure_future(self._run(message, text))
        wait = self._durations.invisible / 2
        held = True
        while not run.done():
            await asyncio.wait({run}, timeout=wait if held else None)
            if held and not run.done():
                try:
                    message = await self._queue.renew(message, self._durations.invisible)
                    wait = self._durations.invisible / 2
                except MessageLost:
                    held = False
                except ConnectionError:
                    wait = max(wait / 2, min(self._durations.shortest_renewal, wait))
        return message, run.result()
