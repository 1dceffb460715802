"""The wake queue of the bench: messages with their delays, given to a few workers as the platform does."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self


class BenchQueue:
    """`with BenchQueue(handle, workers):` – every message reaches `handle` once it is visible."""

    def __init__(self, workers: int = 4) -> None:
        self._heap: list[tuple[float, int, str]] = []
        self._numbers = itertools.count()
        self._there = threading.Condition()
        self._over = False
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(workers)]
        self.handle: Callable[[bytes, str], None] = lambda body, identity: None
        self.sent = 0

    def send(self, text: str, delay: float) -> None:
        """Puts a message that becomes visible after `delay` seconds."""
        with self._there:
            number = next(self._numbers)
            self.sent += 1
            heapq.heappush(self._heap, (time.monotonic() + delay, number, text))
            self._there.notify()

    def _work(self) -> None:
        while (message := self._next()) is not None:
            self.handle(message[2].encode(), f"m{message[1]}")

    def _next(self) -> tuple[float, int, str] | None:
        with self._there:
            while not self._over:
                wait = self._heap[0][0] - time.monotonic() if self._heap else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._heap)
                self._there.wait(wait)
        return None

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._there:
            self._over = True
            self._there.notify_all()
        for thread in self._threads:
            thread.join()
