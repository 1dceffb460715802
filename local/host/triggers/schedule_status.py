"""What a monitored timer remembers across restarts, and whether it is past due.

The rule is that of azure-webjobs-sdk-extensions, Timers/Scheduling/ScheduleMonitor.cs (CheckPastDueAsync).
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from local.host.bindings.ncrontab import Schedule

NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Status:
    last: datetime
    next: datetime
    updated: datetime

    def as_json(self) -> dict[str, str]:
        return {
            "Last": self.last.isoformat(),
            "Next": self.next.isoformat(),
            "LastUpdated": self.updated.isoformat(),
        }


def at_start(schedule: Schedule, recorded: Status | None, now: datetime) -> Status:
    """The status to go on with; past due if its `next` lies before `now`. A changed schedule never is."""
    if recorded is None:
        return Status(NEVER, schedule.next(now), now)
    basis = recorded.last if recorded.last > NEVER else recorded.updated
    expected = schedule.next(basis)
    if recorded.next == expected:
        return recorded
    if now > expected:
        basis, expected = now, schedule.next(now)
    return Status(NEVER, expected, basis)


def after_run(schedule: Schedule, status: Status, invoked: datetime, *, scheduled: bool) -> Status:
    """Counted from the invocation's begin: a run that outlasted its next tick is followed at once, by one only."""
    # A timer that fires a moment early must not find the same tick as its next.
    basis = max(invoked, status.next) if scheduled else invoked
    return Status(basis, schedule.next(basis), basis)


class StatusFile:
    """One timer's status as JSON on disk."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Status | None:
        if not self._path.exists():
            return None
        content = json.loads(self._path.read_text())
        return Status(*(datetime.fromisoformat(content[key]) for key in ("Last", "Next", "LastUpdated")))

    def write(self, status: Status) -> None:
        beside = self._path.with_suffix(".new")
        beside.write_text(json.dumps(status.as_json()))
        beside.replace(self._path)
