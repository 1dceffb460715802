"""/desk: what runs now, how far it is, who waits for whom, whether the desk is well; its channels, its dead letters."""

import json
from collections.abc import Iterator
from datetime import datetime

from shared.api.http import Call
from shared.config.desk_file import Channel
from shared.domain.problems import Unreadable
from shared.domain.restore import Restore
from shared.domain.values import utc
from shared.frozen import frozen
from shared.pages.outlook import Outlook, outlook
from shared.pages.restore_view import name_of
from shared.pages.visit import REFRESH, Ports, Shown, Visit
from shared.storage import row_keys
from shared.storage.store import Row

MOST = 60  # open restores that are shown whole


@frozen
class Line:
    """One open restore."""

    id: str
    name: str
    phase: str
    accepted_at: datetime
    requested_by: str | None
    reason: str | None
    point: datetime | None
    waiting_for: str | None
    trouble: str | None
    overdue: bool
    dry_run: bool
    outlook: Outlook

    @property
    def asker(self) -> str:
        """Who asked."""
        return self.requested_by or "nobody named"


def overview(ports: Ports, visit: Visit) -> Shown:
    """The open restores of all vaults, the oldest first; beside it pause and health."""
    rows = sorted(_open(ports), key=lambda row: row.text("acceptedAt"))
    lines = [line for line in (_line(ports, row, visit.now) for row in rows[:MOST]) if line]
    found = ports.health.standing()
    values = {
        "lines": lines,
        "more": len(rows) - MOST if len(rows) > MOST else 0,
        "pause": ports.parts.board.paused(),
        "checks": found["checks"],
        "closed": found["closed"],
        "ok": found["status"] == "ok",
    }
    return Shown("overview.html", values, REFRESH if lines else None)


def _open(ports: Ports) -> Iterator[Row]:
    for vault in ports.parts.ledger.vaults():
        yield from (row for row in ports.parts.board.live(vault).opens if not row.text("closedAt"))


def _line(ports: Ports, row: Row, now: datetime) -> Line | None:
    """None if it was closed meanwhile; one that this release cannot read is shown by its row."""
    try:
        restore = ports.parts.ledger.load(row.text("restore"))
    except Unreadable as error:
        return _unread(row, str(error))
    if restore is None or restore.closed:
        return None
    return line_of(restore, outlook(restore, ports.history.of(restore.instance), now))


def line_of(restore: Restore, seen: Outlook) -> Line:
    """An open restore as a line."""
    return Line(
        restore.id, name_of(restore), restore.phase.value, restore.accepted_at, restore.requested_by, restore.reason,
        restore.point.time if restore.point else None, restore.waiting_for, restore.trouble,
        restore.overdue_at is not None, restore.dry_run, seen,
    )  # fmt: skip


def _unread(row: Row, why: str) -> Line:
    at = datetime.fromisoformat(row.text("acceptedAt"))
    name = row.text("instanceName") or row.text("instance").rsplit("/", 1)[-1]
    return Line(row.text("restore"), name, row.text("phase"), at, row.text("requestedBy"), None, None, None, why,
                False, False, Outlook(0, None, ""))  # fmt: skip


def dead_letters(ports: Ports, visit: Visit) -> Shown:
    """/desk/dead-letters: the newest hundred."""
    lines = json.loads(ports.dead_letters.answer(Call()).body)["value"]
    return Shown("dead_letters.html", {"lines": [{"source": None, "channel": None, **line} for line in lines]})


@frozen
class ChannelLine:
    """A channel as people see it; never its URL or secret."""

    name: str
    kind: str
    default: bool
    events: str
    instances: str
    closed: str | None
    tested: str | None


def channels(ports: Ports, visit: Visit) -> Shown:
    """/desk/channels: the channels of desk.toml, why a channel is closed, and the result of its last test."""
    closed = ports.health.standing()["closed"]
    lines = [
        _channel_line(ports, visit, name, channel, closed.get(f"channels.{name}"))
        for name, channel in visit.desk.channels.items()
    ]
    return Shown("channels.html", {"lines": lines})


def _channel_line(ports: Ports, visit: Visit, name: str, channel: Channel, closed: str | None) -> ChannelLine:
    own = [instance for instance, entry in visit.desk.instances.items() if name in entry.channels]
    replies = [f"tickets/{source}" for source, entry in visit.desk.tickets.items() if entry.reply == name]
    where = "all instances" if channel.default else ", ".join([*own, *replies]) or "nothing"
    tested = ports.parts.ledger.store.get(row_keys.DESK, tested_row(name))
    said = f"{utc(tested.text('at')):%Y-%m-%d %H:%M} UTC by {tested.text('by')}: " if tested else ""
    said += tested.text("said") if tested else ""
    return ChannelLine(name, channel.kind, channel.default, ", ".join(channel.on), where, closed, said or None)


def tested_row(name: str) -> str:
    """Where a channel's last test from the page is kept."""
    return f"tested-{name}"
