"""A vault's unfinished work, from one reading: the restores that can be moved, in order, and those that cannot."""

from shared.domain.restore import CLOSED, SCHEMA, Phase
from shared.domain.values import utc
from shared.storage.row_keys import is_id
from shared.storage.shared_state import Live
from shared.storage.store import Row


class Work:
    """A vault's unfinished work, sorted once: what can be read, who is first in each line."""

    def __init__(self, live: Live) -> None:
        self.live = live
        found = [(row, damage(row)) for row in sorted(live.opens, key=lambda row: row.text("restore"))]
        self.opens = [row for row, why in found if not why]
        self.damaged = [(row, why) for row, why in found if why]
        self.ids = {row.text("restore") for row in live.opens}
        self.first: dict[str, str] = {}
        for row in self.opens:
            if in_line(row):
                self.first.setdefault(row.text("instance").lower(), row.text("restore"))


def damage(row: Row) -> str:
    """Why this release cannot move an open row; empty if it can."""
    schema = row.fields.get("schemaVersion", 0)
    if not isinstance(schema, int) or schema > SCHEMA or row.text("phase") not in set(Phase):
        return f"it is of schema {schema!r}, phase {row.text('phase')!r}: a newer release wrote it"
    closed = row.text("phase") in CLOSED
    try:
        utc(row.text("closedAt") if closed else row.text("due"))
        utc(row.text("startedAt") or row.text("due"))
    except ValueError:
        return "it has no time that can be read"
    if not is_id(row.text("restore")) or (not closed and row.text("instance").count("/") < 3):
        return "it names no restore or no instance"
    return ""


def in_line(row: Row) -> bool:
    """Whether it waits for its turn."""
    return row.text("phase") == "accepted" and not row.fields.get("turn") and not row.fields.get("dryRun")
