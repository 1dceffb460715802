"""When a vault's jobs are read, and which restores a reading is for: by elapsed time, per vault. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.pace import Pace
from shared.store import Row
from shared.values import utc


def watched(rows: Sequence[Row], now: datetime) -> list[Row]:
    """The restoring rows whose first look is due: from then on they are watched together."""
    return [row for row in rows if row.text("phase") == "restoring" and utc(row.text("due")) <= now]


def next_look(row: Row, read_at: datetime | None, pace: Pace) -> datetime:
    """When a restore's job is to be looked at: first when due, then by how long it had run at the last reading."""
    due = utc(row.text("due"))
    if read_at is None or read_at < due:
        return due
    started = utc(row.text("startedAt")) if row.text("startedAt") else due
    elapsed = (read_at - started).total_seconds()
    poll = pace.overdue_poll if row.fields.get("overdue") else pace.job_poll(elapsed)
    return read_at + timedelta(seconds=max(poll, pace.shortest_poll))


def look_now(rows: Sequence[Row], read_at: datetime | None, now: datetime, pace: Pace) -> bool:
    """Whether any of them is due for a look, or will be in a moment: the next sweep would be late for it."""
    soon = now + timedelta(seconds=pace.shortest_poll)
    return any(next_look(row, read_at, pace) <= soon for row in rows)


def became_overdue(row: Row, now: datetime, pace: Pace) -> bool:
    """Whether a restore has just become overdue (the archive's longer limit is its own step's to see)."""
    if row.fields.get("overdue") or not row.text("startedAt"):
        return False
    return (now - utc(row.text("startedAt"))).total_seconds() > pace.overdue
