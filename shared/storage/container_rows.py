"""The row of a closed restore's container, and the line of the time-ordered index that leads to it. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.problems import Unreadable
from shared.domain.restore import Phase, Restore
from shared.domain.values import iso, utc
from shared.storage import row_keys
from shared.storage.store import Change, Field, Row

UNDER_WAY = timedelta(minutes=5)  # a call that makes it may still be under way when its restore is withdrawn


@dataclass(frozen=True)
class ContainerRow:
    """Whose container it is, how it stands, until when it is kept, when it is looked at next (None: never)."""

    restore: str
    account: str
    name: str
    state: str
    until: datetime
    look: datetime | None
    why: str = ""
    recoverable: datetime | None = None  # so long Azure can bring the deleted container back
    etag: str = ""

    def fields(self) -> dict[str, Field]:
        return {
            "restore": self.restore,
            "account": self.account,
            "name": self.name,
            "state": self.state,
            "until": iso(self.until),
            "look": iso(self.look) if self.look else "",
            "why": self.why[:1000],
            "recoverable": iso(self.recoverable) if self.recoverable else "",
        }

    def index(self) -> str | None:
        return row_keys.cleanup(self.look, self.restore) if self.look else None


def read_container(row: Row) -> ContainerRow:
    """A row of the table; Unreadable where its moments are none."""
    try:
        until, look, back = utc(row.text("until")), _moment(row.text("look")), _moment(row.text("recoverable"))
    except ValueError as why:
        raise Unreadable(f"{row.key} cannot be read: {why}") from None
    return ContainerRow(
        restore=row.text("restore"),
        account=row.text("account"),
        name=row.text("name"),
        state=row.text("state"),
        until=until,
        look=look,
        why=row.text("why"),
        recoverable=back,
        etag=row.etag,
    )


def _moment(text: str) -> datetime | None:
    return utc(text) if text else None


def kept(before: Restore, after: Restore, hour: float) -> list[Change]:
    """The rows that a closing restore leaves for its container: what was delivered stays `keepHours`, the rest goes
    at once. `hour` is an hour of keepHours in seconds."""
    own, plan = after.own_container, after.plan
    if not own or own.taken or not plan or not plan.account or before.closed or not after.closed or not after.closed_at:
        return []
    hours = (plan.keep_hours or 0) if after.phase is Phase.SUCCEEDED else 0
    until = after.closed_at + timedelta(seconds=hours * hour)
    look = until if own.made else until + UNDER_WAY
    row = ContainerRow(after.id, plan.account, own.name, "kept", until, look)
    return [Change("insert", row_keys.container(after.id), row.fields()), _index(row)]


def _index(row: ContainerRow) -> Change:
    return Change("put", row.index() or "", {"restore": row.restore})


def moved(before: ContainerRow, after: ContainerRow) -> list[Change]:
    """A step of the row, guarded by its etag, with the index in the same transaction."""
    changes = [Change("update", row_keys.container(after.restore), after.fields(), before.etag)]
    if before.index() == after.index():
        return changes
    if before.index():
        changes.append(Change("delete", str(before.index())))
    return [*changes, _index(after)] if after.index() else changes
