"""What is built once in a process: the first who asks builds it, whoever asks meanwhile waits for that one."""

from __future__ import annotations

from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Once[T]:
    """A function whose first value is kept (`made`; None before that). If it raises, the next call tries again."""

    def __init__(self, build: Callable[[], T]) -> None:
        self._build, self._lock = build, Lock()
        self.made: T | None = None

    def __call__(self) -> T:
        if self.made is None:
            with self._lock:
                self.made = self._build() if self.made is None else self.made
        return self.made


class locked_property[T](cached_property[T]):  # noqa: N801 - stands where its base class would
    """A `cached_property` that threads cannot build twice: a part keeps counts, locks and connections for all calls.
    If it raises, the next call tries again. Parts need each other in one direction, so no two wait for one another."""

    def __init__(self, build: Callable[[Any], T]) -> None:
        super().__init__(build)
        self._lock = Lock()

    if not TYPE_CHECKING:

        def __get__(self, instance, owner=None):
            with self._lock:
                return super().__get__(instance, owner)


class Later:
    """Stands for a part that is built with its first call: a POST needs nothing of Azure, and no act of a person."""

    def __init__(self, build: Callable[[], object]) -> None:
        self._build = build

    def __getattr__(self, name: str) -> Any:
        return getattr(self._build(), name)
