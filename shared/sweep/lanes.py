"""Delivery apart from polling: each channel has a lane of its own, so a slow one delays no restore and no other one."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future, wait
from threading import Lock
from typing import Protocol

from shared.notices.delivery_round import DeliveryRound
from shared.notices.outbox import Notice

log = logging.getLogger("desk")
LANES = 16  # channels that may be posted to side by side


class Deliverer(Protocol):
    """Posts the notices that are due, until `over` says that the round must end."""

    def deliver(self, owed: Iterable[Notice], told: DeliveryRound, over: Callable[[], bool] = ...) -> None: ...


class Lanes:
    """Posts notices in the background, one channel's notices after another."""

    def __init__(self, notifier: Deliverer, pool: Executor) -> None:
        self._notifier, self._pool, self._lock = notifier, pool, Lock()
        self._waiting: dict[str, list[Sequence[Notice]]] = defaultdict(list)
        self._running: dict[str, tuple[DeliveryRound, Future[None]]] = {}

    def put(self, notices: Sequence[Notice], told: DeliveryRound, over: Callable[[], bool]) -> None:
        """Hands notices to their channels' lanes. A channel that still answers a post of an earlier round is left
        alone: its notices are read again in the next round."""
        by_channel: dict[str, list[Notice]] = defaultdict(list)
        for notice in notices:
            by_channel[notice.channel].append(notice)
        for channel, own in by_channel.items():
            with self._lock:
                known, started = self._running.get(channel), Future[None]()
                if known and known[0] is not told:
                    continue
                self._waiting[channel].append(own)
                self._running[channel] = known or (told, started)
            if not known:
                self._pool.submit(self._run, channel, told, over, started)

    def _run(self, channel: str, told: DeliveryRound, over: Callable[[], bool], ended: Future[None]) -> None:
        try:
            while own := self._next(channel):
                self._notifier.deliver(own, told, over)
        except BaseException as error:
            log.exception("the notices to %s wait for the next round: %s", channel, type(error).__name__)
            with self._lock:
                self._waiting.pop(channel, None)
                self._running.pop(channel, None)
            raise
        finally:
            ended.set_result(None)

    def _next(self, channel: str) -> Sequence[Notice] | None:
        with self._lock:
            if self._waiting[channel]:
                return self._waiting[channel].pop(0)
            self._waiting.pop(channel)  # what is put from now on starts the lane anew
            self._running.pop(channel)
            return None

    def wait(self, seconds: float) -> None:
        """Waits until every lane is empty, for so many seconds at most; slower lanes go on in the background."""
        end = time.monotonic() + seconds
        while True:
            with self._lock:
                running = [ended for _, ended in self._running.values()]
            left = end - time.monotonic()
            if not running or left <= 0:
                return
            wait(running, left)
