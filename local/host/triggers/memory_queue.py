"""A queue in memory behind the listener's port, for tests: it answers as Azure does and refuses what Azure would."""

import itertools
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from local.host.triggers.queue_listener import MessageLost
from local.host.triggers.queue_rules import Message

_WEEK = 7 * 24 * 3600


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class MemoryQueue:
    def __init__(self, name: str, now: Callable[[], float] = time.time) -> None:
        self.name = name
        self.exists = False
        self.down = False
        self.renewals = 0
        self._now = now
        self._kept: dict[str, Message] = {}
        self._numbers = itertools.count(1)

    @property
    def texts(self) -> list[str]:
        """What lies in it, visible or not."""
        return [message.text for message in self._kept.values()]

    async def create(self) -> None:
        self._reach()
        self.exists = True

    async def receive(self, most: int, invisible: float) -> list[Message]:
        self._reach(must_exist=True)
        if not (1 <= most <= 32 and 0 < invisible <= _WEEK):
            raise AssertionError(f"Azure would answer 400 to {most} messages for {invisible} s")
        visible = [one for one in self._kept.values() if one.next_visible and one.next_visible <= _moment(self._now())]
        return [self._change(one, invisible, one.dequeue_count + 1) for one in visible[:most]]

    async def renew(self, message: Message, invisible: float) -> Message:
        self._reach()
        if not 0 <= invisible <= _WEEK:
            raise AssertionError(f"Azure would answer 400 to an invisibility of {invisible} s")
        self.renewals += 1
        return self._change(self._own(message), invisible, message.dequeue_count)

    async def delete(self, message: Message) -> None:
        self._reach()
        del self._kept[self._own(message).id]

    async def send(self, text: str) -> None:
        self._reach()
        self.exists = True
        number, now = str(next(self._numbers)), _moment(self._now())
        self._kept[number] = Message(number, text, 0, "", now, now + timedelta(seconds=_WEEK), now)

    def _reach(self, *, must_exist: bool = False) -> None:
        if self.down:
            raise ConnectionError("storage cannot be reached")
        if must_exist and not self.exists:
            raise ConnectionError(f"storage answered 404 QueueNotFound for queue {self.name}")

    def _own(self, message: Message) -> Message:
        kept = self._kept.get(message.id)
        if kept is None or kept.pop_receipt != message.pop_receipt:
            raise MessageLost(message.id)
        return kept

    def _change(self, message: Message, invisible: float, count: int) -> Message:
        changed = replace(
            message,
            dequeue_count=count,
            pop_receipt=f"receipt-{next(self._numbers)}",
            next_visible=_moment(self._now() + invisible),
        )
        self._kept[message.id] = changed
        return changed
