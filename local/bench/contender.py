"""What a contender reports of itself: when each restore was noticed to end, its CPU seconds, its memory."""

import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

PROGRESS = 1.0  # seconds between two lines


def cpu_seconds() -> float:
    """Of this process so far, user and system."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def memory_mib() -> float:
    """The process's memory in MiB: the present one on Linux, elsewhere the peak."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize() / 2**20
    return peak_mib()


def peak_mib() -> float:
    """The most that this process ever held; on Linux since its exec; the other figure counts its parent's too."""
    status = Path("/proc/self/status")
    if status.exists():
        told = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(told.split()[1]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


@dataclass
class Score:
    """Filled while a contender works; `noticed` says when each job's end was told, by job id."""

    restores: int
    noticed: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    accept_ms: list[float] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)
    _shown: float = 0.0

    def __post_init__(self) -> None:
        self._cpu, self._memory, self._began = cpu_seconds(), memory_mib(), time.monotonic()

    def notice(self, job: str) -> None:
        with self._lock:
            self.noticed.setdefault(job, time.time())

    def fail(self, why: str) -> None:
        with self._lock:
            self.failed.append(why[:300])

    @property
    def done(self) -> int:
        return len(self.noticed) + len(self.failed)

    def progress(self) -> None:
        """Prints a line of progress now and then."""
        if time.monotonic() - self._shown > PROGRESS:
            self._shown = time.monotonic()
            sys.stdout.write(json.dumps({"done": self.done}) + "\n")
            sys.stdout.flush()

    def report(self) -> None:
        """The last line."""
        result = {
            "seconds": time.monotonic() - self._began,
            "cpu": cpu_seconds() - self._cpu,
            "memory": max(0.0, peak_mib() - self._memory),
            "peak": peak_mib(),
            "noticed": self.noticed,
            "failed": self.failed,
            "acceptMs": self.accept_ms,
        }
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()


def until_done(score: Score, limit: float, step: Callable[[], float]) -> None:
    """Steps until every restore came to something or the time is over; each step says how long to rest."""
    end = time.monotonic() + limit
    while score.done < score.restores and time.monotonic() < end:
        time.sleep(max(0.0, step()))
        score.progress()
