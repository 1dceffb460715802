"""Breaks hosts, wires and storage of a running stack: kills, stalls, cuts, a lease that is not renewed."""

import time
from dataclasses import dataclass, field
from threading import Lock

from local.chaos.plan import HOSTS
from local.stack.faulty_links import Link
from local.stack.processes import NotStarted
from local.stack.stack import Stack


@dataclass
class Done:
    """How often what was done."""

    counts: dict[str, int] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def note(self, what: str) -> None:
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1


class Breaks:
    """The faults that chaos makes in one stack. A call returns when its fault is over; a host has one at a time."""

    def __init__(self, stack: Stack, done: Done) -> None:
        self.stack, self.done = stack, done
        self._hosts = [Lock() for _ in range(HOSTS)]
        self._frozen = Lock()

    def kill(self, number: int) -> None:
        """SIGKILL, and a new start, which may need several tries while its storage is away."""
        with self._hosts[number]:
            self.stack.hosts[number].kill()
            self._start(number)

    def _start(self, number: int) -> None:
        host = self.stack.hosts[number]
        for _ in range(20):
            try:
                host.start()
            except NotStarted:
                self.done.note("start failed")
                host.kill()
            else:
                return
        raise NotStarted(f"host {number} does not come up any more: {host.tail()}")

    def terminate(self, number: int) -> None:
        """SIGTERM in the middle of a sweep, which is cut by it, and a new start."""
        with self._hosts[number]:
            self.stack.hosts[number].stop()
            self._start(number)

    def fail_renewals(self, seconds: float) -> None:
        """The timers' lease is not renewed: its holder goes on, another takes it, and two sweeps run side by side."""
        marks = [path.with_name(f"{path.name}.renewals-fail") for path in self.stack.leases()]
        for mark in marks:
            mark.touch()
        time.sleep(seconds)
        for mark in marks:
            mark.unlink(missing_ok=True)

    def stall(self, number: int, seconds: float) -> None:
        """SIGSTOP for longer than may pass between the save of `submitting` and its POST."""
        with self._hosts[number]:
            self.stack.hosts[number].pause()
            time.sleep(seconds)
            self.stack.hosts[number].resume()

    def freeze(self, seconds: float) -> None:
        with self._frozen:
            self.stack.azurite.pause()
            time.sleep(seconds)
            self.stack.azurite.resume()

    def cut(self) -> None:
        for link in (self.stack.links.queue, self.stack.links.table):
            self.stack.links.tell(link.cut)

    def swallow(self, answers: int) -> None:
        for link in (self.stack.links.queue, self.stack.links.table):
            link.swallow = answers

    def down(self, link: Link, seconds: float) -> None:
        link.down = True
        self.stack.links.tell(link.cut)
        time.sleep(seconds)
        link.down = False
