"""Breaks a process at the n-th of its I/O calls: a crash, an error, or a conflict, before or after the effect."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock
from typing import Any

from shared.azure.port import Doubt, NotSent
from shared.domain.problems import Trouble
from shared.storage.store import Conflict


class Crash(BaseException):
    """The process is gone: nothing of it runs on."""


class Break(StrEnum):
    """What happens at the chosen call."""

    CRASH_BEFORE = "crash before the effect"
    CRASH_AFTER = "crash after the effect, before the answer"
    TROUBLE_BEFORE = "no effect, and an error"
    TROUBLE_AFTER = "the effect, but an error instead of the answer"
    CONFLICT_AFTER = "the effect, but the client's own retry is told of a conflict"


CRASHES = (Break.CRASH_BEFORE, Break.CRASH_AFTER)
TROUBLES = (Break.TROUBLE_BEFORE, Break.TROUBLE_AFTER, Break.CONFLICT_AFTER)


def guarded(name: str, args: Any) -> bool:
    """Whether a call can be told of a conflict: a commit with more in it than puts, which replace whatever is there."""
    return name == "store.commit" and any(change.verb != "put" for change in args[1])


@dataclass
class Breaker:
    """Stands in every seam, counts, and breaks what was planned: number of the call → how."""

    plan: dict[int, Break] = field(default_factory=dict)
    count: int = 0
    dead: bool = False
    names: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, name: str, act: Callable[[], Any], args: Any) -> Any:
        if self.dead:
            raise Crash
        with self._lock:
            self.count += 1
            how = self.plan.get(self.count)
        self.names.append(name)
        if how is None or (how is Break.CONFLICT_AFTER and not guarded(name, args)):
            return act()
        if how in (Break.CRASH_BEFORE, Break.TROUBLE_BEFORE):
            raise self._end(how, name)
        act()
        raise self._end(how, name)

    def _end(self, how: Break, name: str) -> BaseException:
        if how in CRASHES:
            self.dead = True
            return Crash(name)
        if how is Break.CONFLICT_AFTER:
            return Conflict("the row was changed")
        if name == "azure.submit":
            return NotSent("never connected") if how is Break.TROUBLE_BEFORE else Doubt("the answer was lost")
        return Trouble(f"{name} broke")


def at_call(point: int, act_then: Callable[[], None]) -> Callable[[str, Callable[[], Any], Any], Any]:
    """A seam that has something else happen right before its n-th call."""
    count = [0]

    def between(name: str, call: Callable[[], Any], args: Any) -> Any:
        count[0] += 1
        if count[0] == point:
            act_then()
        return call()

    return between
