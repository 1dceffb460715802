"""The load: so many requests a second, and a look now and then at health and at the list of instances."""

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime

import httpx

from local.soak.cpu import cpu_seconds
from local.soak.figures import LOOK_EVERY, Seen, Told, Took, Used
from local.soak.world import FAILING, SHARE, STEADY
from local.stack.sinks import Arrived
from local.stack.stack import Stack

CALLERS = 32
LONGEST = 600.0  # a notice that failed four times waits 480 s at this pace


class Load:
    """Asks a stack for one restore after the other, of each instance in turn."""

    def __init__(
        self,
        stack: Stack,
        seen: Seen,
        names: Sequence[str],
        say: Callable[[str], None],
        look_every: float = LOOK_EVERY,
    ) -> None:
        self.stack, self.seen, self.names, self.say, self._look_every = stack, seen, names, say, look_every
        self.began = time.monotonic()
        self._over = threading.Event()

    def run(self, rate: float) -> None:
        """Returns when the last request is answered; raises what a request or a look raised."""
        self.began = time.monotonic()
        with self._listening(), ThreadPoolExecutor(CALLERS) as callers, ThreadPoolExecutor(1) as looks:
            begun = [looks.submit(self._look)]
            try:
                begun += self._asked(callers, rate)
            finally:
                self._over.set()
        self.stack.channels.ends.failing.clear()
        for one in begun:
            one.result()

    def _asked(self, callers: ThreadPoolExecutor, rate: float) -> Iterator[Future[None]]:
        number = 0
        while (due := number / rate) < self.seen.seconds:
            time.sleep(max(0.0, due - self._now()))
            if self._now() >= self.seen.fails_from:
                self.stack.channels.ends.failing[FAILING] = SHARE
            yield callers.submit(self._ask, number)
            number += 1
            self.say(f"{self._now():5.0f} s  {number} asked, {len(self.seen.told)} notices taken")

    def _now(self) -> float:
        return time.monotonic() - self.began

    def _ask(self, number: int) -> None:
        body = {"instance": self.names[number % len(self.names)], "target": "drills", "requestedBy": "soak@contoso.com"}
        headers = {"Idempotency-Key": f"soak-{number}"}
        took = self._timed(lambda: self.stack.http.post("/api/restores", json=body, headers=headers).status_code == 202)
        self.seen.posts.append(took)

    def _look(self) -> None:
        while not self._over.wait(self._look_every):
            self.look()

    def look(self) -> None:
        """At the instances and at health."""
        get = self.stack.http.get
        self.seen.load.append(os.getloadavg()[0])
        hosts = [host.process.pid for host in self.stack.hosts if host.process]
        self.seen.cpu.append(Used(self._now(), sum(map(cpu_seconds, hosts)), cpu_seconds(self.stack.azurite.pid)))
        self.seen.instances.append(self._timed(lambda: self._whole(get("/api/instances"))))
        self.seen.health.append(self._timed(lambda: get("/api/health").status_code == 200))

    def _whole(self, answer: httpx.Response) -> bool:
        """Whether a list has a row for each instance."""
        return answer.status_code == 200 and len({row["name"] for row in answer.json()["value"]}) == len(self.names)

    def _timed(self, call: Callable[[], bool]) -> Took:
        began = time.monotonic()
        try:
            good = call()
        except (httpx.HTTPError, ValueError, LookupError, TypeError):  # no answer, or one that is no list
            good = False
        return Took(began - self.began, (time.monotonic() - began) * 1000, good)

    @contextmanager
    def _listening(self) -> Iterator[None]:
        self.stack.channels.ends.listener = self._heard
        yield

    def _heard(self, one: Arrived) -> None:
        """Its event's own time is in the message."""
        if one.channel not in (STEADY, FAILING):
            return
        if one.status >= 300:
            self.seen.refused += 1
            return
        late = datetime.fromisoformat(one.at) - datetime.fromisoformat(json.loads(one.text)["time"])
        self.seen.told.append(Told(one.channel, self._now(), late.total_seconds()))

    def settle(self, left: Callable[[], list[str]]) -> None:
        """Waits, for some time, until no restore is open and every notice is sent."""
        end = time.monotonic() + LONGEST + self.seen.seconds / 4
        while (rows := left()) and time.monotonic() < end:
            self.say(f"{len(rows)} rows of open restores and of notices are left")
            time.sleep(0.5)
        self.seen.left = rows
        self.seen.phases = Counter(self._phases())

    def _phases(self) -> Iterator[str]:
        """Of all restores, open and closed, page by page."""
        query = {"pageSize": "1000", "since": "2000-01-01T00:00:00Z"}
        while True:
            page = self.stack.http.get("/api/restores", params=query).raise_for_status().json()
            yield from (row["phase"] for row in page["value"])
            if "continue" not in page:
                return
            query["continue"] = page["continue"]
