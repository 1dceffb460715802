"""Which alerts had a cause in a run of chaos, judged from its faults, the ledger and the arrived lines. Pure."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from local.alerts.kusto import Row
from local.alerts.rules import on_clock

type Span = tuple[datetime, datetime]
SWEEP = "desk.sweep "
LATE = 900.0  # seconds after which a notice is late
# what stops an instance, its storage, or its way there
STOPS = {"kill", "stall", "terminate", "freeze", "cut", "swallow", "queue down", "table down", "lease"}


@dataclass(frozen=True)
class Happened:
    """What happened in a run that can cause alerts."""

    deeds: Mapping[str, int]  # how often chaos did what
    struck: int  # calls of Azure that it spoilt
    poisoned: int  # messages that chaos put into the poison queue
    moved: int  # messages that a host moved there
    views: Sequence[dict[str, Any]]
    waited: float  # seconds from an event to the arrival of its notice, at the longest
    sweeps: Sequence[Span]  # those that ended
    sound: Sequence[Span]  # ... of which each looked at all

    @property
    def stopped(self) -> bool:
        return any(self.deeds.get(what) for what in STOPS)

    @property
    def longest_sweep(self) -> float:
        return max(((end - begin).total_seconds() for begin, end in self.sweeps), default=0.0)


def planted(happened: Happened, pace: float) -> frozenset[str]:
    """The alerts that may fire. No channel refuses, no token fails, no job goes on for ever: these three may not."""
    causes = {
        "poison-queue": happened.poisoned + happened.moved > 0,
        "restore-lost": any(lost(happened.views)),
        "sweep-faults": happened.struck > 0 or happened.stopped,
        "outbox-late": happened.waited + happened.longest_sweep > on_clock(LATE, pace),
        "queue-late": happened.stopped,
        "no-sweep-finished": happened.stopped,
    }
    return frozenset(name for name, there in causes.items() if there)


def certain(happened: Happened) -> frozenset[str]:
    """The alerts that must fire: messages were put into the poison queue; one was lost during a sound sweep."""
    during = any(
        since < begin and end < until for since, until in lost(happened.views) for begin, end in happened.sound
    )
    causes = {"poison-queue": happened.poisoned > 0, "restore-lost": during}
    return frozenset(name for name, there in causes.items() if there)


def lost(views: Iterable[dict[str, Any]]) -> Iterator[Span]:
    """From when until when restores were lost."""
    for view in views:
        moments = [(entry["what"], datetime.fromisoformat(entry["at"])) for entry in view.get("timeline", [])]
        for (what, since), (_, until) in pairwise(moments):
            if what == "lost":
                yield since, until


def sweeps(rows: Iterable[Row], sound: bool = False) -> Iterator[Span]:
    """When the sweeps ran whose figures arrived; of `sound` ones, those that came to every row."""
    for row in rows:
        if row["message"].startswith(SWEEP):
            figures = json.loads(row["message"].removeprefix(SWEEP))
            end = datetime.fromisoformat(row["timestamp"])
            if not sound or figures["faults"] == figures["unfinished"] == 0:
                yield end - timedelta(seconds=figures["seconds"]), end


def longest_wait(arrivals: Iterable[tuple[str, str, str, str]]) -> float:
    """Seconds until the last arrival of one notice: its channel, its event's id and time, and when it came."""
    last: dict[tuple[str, str], float] = {}
    for channel, event, at, came in arrivals:
        waited = (datetime.fromisoformat(came) - datetime.fromisoformat(at)).total_seconds()
        last[channel, event] = max(waited, last.get((channel, event), 0.0))
    return max(last.values(), default=0.0)
