"""The wake queue of the bench: messages with their delays, given to a few workers as the platform does.

The platform would give a message whose handler raised to another worker; here that is a fault of the contender's.
"""

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
        self.fail: Callable[[str], None] = lambda why: None
        self.sent = self.raised = 0

    def send(self, text: str, delay: float) -> None:
        """Puts a message that becomes visible after `delay` seconds."""
        with self._there:
            number = next(self._numbers)
            self.sent += 1
            heapq.heappush(self._heap, (time.monotonic() + delay, number, text))
            self._there.notify()

    def _work(self) -> None:
        while (message := self._next()) is not None:
            try:
                self.handle(message[2].encode(), f"m{message[1]}")
            except Exception as error:  # noqa: BLE001 - else the thread would end, and the other workers would hide it
                with self._there:
                    self.raised += 1
                self.fail(f"the handler of message {message[1]} raised {type(error).__name__}: {error}")

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
