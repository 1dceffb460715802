"""Both queues between desk and loaders, on a test's clock; loaders are the real `work_once` over them."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from loader.messages import Load
from loader.verdict import DatabaseReport, Finding, Level, Outcome, Verdict, judge
from loader.work import work_once
from tests.kits.fakes import Clock, Seam

HIDDEN = 120.0  # seconds, as loader/queues.py says
MAX_TEXT = 64 << 10  # bytes of a queue message
SHOP = DatabaseReport("shop", "x_database_shop.sql", 5, "gzip", "16.4", "16.4", "2026-11-26T10:00:00", 2, "0" * 64, 3)


@dataclass
class Message:
    """One message: visible from `at` on."""

    content: str
    at: float
    id: int
    dequeue_count: int = 0


@dataclass
class Loads:
    """The queues `restore-loads` and `restore-verdicts`."""

    clock: Clock
    loads: list[Message] = field(default_factory=list)
    verdicts: list[Message] = field(default_factory=list)
    sent: list[Load] = field(default_factory=list)  # every load that was ever sent
    said: list[str] = field(default_factory=list)  # every answer that a loader gave
    poisoned: int = 0
    found: dict[str, Callable[[Level], Verdict]] = field(default_factory=dict)  # by restore; others pass
    ids: int = 0

    # --- the desk's end -------------------------------------------------------------------------------------------
    def send(self, text: str, delay: float) -> None:
        assert len(text.encode()) <= MAX_TEXT
        self.sent.append(Load.read(text))
        self.loads.append(self._message(text, delay))

    def waiting(self) -> int:
        return len(self.loads)

    def put_back(self, text: str, delay: float) -> None:
        assert len(text.encode()) <= MAX_TEXT
        self.verdicts.append(self._message(text, delay))

    def _message(self, text: str, delay: float) -> Message:
        self.ids += 1
        return Message(text, self.clock.elapsed() + delay, self.ids)

    def deliver(self, verdicts: Any) -> None:
        """Every visible answer once to the desk; one that raises comes again, and after five it is poison."""
        for message in [m for m in self.verdicts if m.at <= self.clock.elapsed()]:
            message.dequeue_count += 1
            try:
                act = verdicts.message if message.dequeue_count <= 5 else verdicts.poison
                act(message.content.encode())
            except Exception:  # noqa: BLE001 - the Functions host takes any error for a failed delivery
                message.at = self.clock.elapsed() + 30
                continue
            self.poisoned += message.dequeue_count > 5
            self.verdicts.remove(message)

    # --- the loader's end -----------------------------------------------------------------------------------------
    def take(self) -> Message | None:
        now = self.clock.elapsed()
        message = next((m for m in self.loads if m.at <= now), None)
        if message:
            message.at, message.dequeue_count = now + HIDDEN, message.dequeue_count + 1
        return message

    def answer(self, text: str) -> None:
        self.said.append(text)
        self.put_back(text, 0)

    def delete(self, message: Message) -> None:
        if message in self.loads:
            self.loads.remove(message)

    def release(self, message: Message) -> None:
        message.at = self.clock.elapsed()

    @contextmanager
    def held(self, message: Message) -> Iterator[None]:
        yield

    def work(self, call: Callable[[str, Callable[[], Any], Any], Any] | None = None) -> bool:
        """A loader takes one load; `call` stands in the way of each of its calls. False where there was none."""
        queues: Any = _Broken(self, call) if call else self
        return work_once(queues, self._verify)

    def _verify(self, load: Load) -> Verdict:
        return self.found.get(load.verification, passed)(Level(load.level))


class _Broken(Seam):
    """The queues as a loader sees them through a breaker; keeping a load hidden is no call of its own."""

    def __init__(self, queues: Loads, call: Callable[[str, Callable[[], Any], Any], Any]) -> None:
        super().__init__(queues, "loader", call)

    @contextmanager
    def held(self, message: Message) -> Iterator[None]:
        yield


def passed(level: Level = Level.DECODED) -> Verdict:
    return judge(level, [], [SHOP], [], 41.2)


def failed(level: Level = Level.DECODED) -> Verdict:
    return judge(level, [Finding(Outcome.FAILED, "it is cut off", SHOP.file)], [SHOP], [], 3.0)


def unsure(level: Level = Level.DECODED) -> Verdict:
    return judge(level, [Finding(Outcome.INCONCLUSIVE, "no zstd here", SHOP.file)], [SHOP], [], 3.0)


def with_nonce(text: str, nonce: str, **more: Any) -> str:
    """An answer under another nonce: a forgery."""
    return json.dumps({**json.loads(text), "nonce": nonce, **more})
