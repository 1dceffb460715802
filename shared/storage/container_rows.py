"""The rows that a closed restore leaves, its container's and its verification's, with their lines of an index. Pure."""

import json
import zlib
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from shared.domain.problems import Unreadable
from shared.domain.restore import Phase, Restore
from shared.domain.values import iso, utc
from shared.domain.verification import VERIFICATION_SCHEMA, Verification
from shared.frozen import frozen
from shared.storage import row_keys
from shared.storage.store import Change, Field, Row, chunked, joined

UNDER_WAY = timedelta(minutes=5)  # a call that makes it may still be under way when its restore is withdrawn

OWNER = "restoredesk"  # the metadata that says whose container it is: Azure takes no hyphen there


@frozen
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
    """A row of the table; Unreadable if its moments are none."""
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


# --- verifications -----------------------------------------------------------------------------------------------
def look_key(row: Verification) -> str | None:
    """Its line of the time-ordered index; None if nobody looks any more."""
    return row_keys.verify_look(row.look, row.restore) if row.look else None


def _columns(row: Verification) -> dict[str, Field]:
    """A few columns to read in a table viewer, the JSON in chunks, and the nonce packed out of sight."""
    text = json.dumps(row.json_value(), ensure_ascii=False, separators=(",", ":"))
    return {
        "restore": row.restore,
        "state": row.state,
        "level": row.level,
        "number": row.number,
        "schemaVersion": row.schema_version,
        "nonce": zlib.compress(row.nonce.encode()) if row.nonce else b"",
        **chunked(text),
    }


def read_verification(row: Row) -> Verification:
    """A row of the table; Unreadable if a newer release wrote it, or it is damaged."""
    schema = row.fields.get("schemaVersion", 0)
    if not isinstance(schema, int) or schema > VERIFICATION_SCHEMA:
        raise Unreadable(f"{row.key} is of schema {row.text('schemaVersion')}: a newer release wrote it")
    try:
        packed = row.fields.get("nonce")
        nonce = zlib.decompress(packed).decode() if packed and isinstance(packed, bytes) else ""
        value: dict[str, Any] = json.loads(joined(row))
        return Verification.model_validate({**value, "nonce": nonce, "etag": row.etag})
    except (ValueError, ValidationError, zlib.error) as error:
        raise Unreadable(f"{row.key} cannot be read: {type(error).__name__}") from error


def queued(before: Restore, after: Restore) -> list[Change]:
    """The rows that a restore leaves when its files were delivered to a container of its own and are to be verified."""
    own, plan, wanted, now = after.own_container, after.plan, after.verification, after.closed_at
    if before.closed or after.phase is not Phase.SUCCEEDED or not own or not plan or not plan.container or not now:
        return []
    if wanted is None or wanted.level == "none":
        return []
    row = Verification(
        restore=after.id,
        instance=after.instance,
        level=wanted.level,
        container=plan.container,
        wanted=wanted,
        queued_at=now,
        look=now,
    )
    return added(row)


def added(row: Verification) -> list[Change]:
    """A row that must not be there yet, and its line of the index."""
    return [Change("insert", row_keys.verification(row.restore), _columns(row)), *_looked_at(row)]


def _looked_at(row: Verification) -> list[Change]:
    key = look_key(row)
    return [Change("put", key, {"restore": row.restore})] if key else []


def changed(before: Verification, after: Verification) -> list[Change]:
    """A step of the row, guarded by its etag, with the index in the same transaction."""
    changes = [Change("update", row_keys.verification(after.restore), _columns(after), before.etag)]
    old = look_key(before)
    if old == look_key(after):
        return changes
    return [*changes, *([Change("delete", old)] if old else []), *_looked_at(after)]


def passed_names(row: Verification, names: tuple[str, ...]) -> Change:
    """What the next verification of this instance expects where desk.toml names no databases."""
    text = json.dumps(names, ensure_ascii=False)
    fields: dict[str, Field] = {"restore": row.restore, "instance": row.instance, **chunked(text)}
    return Change("put", row_keys.verified(row.instance), fields)


def read_names(row: Row | None) -> tuple[str, ...]:
    """The databases of an instance's last verification that passed; none if there was none."""
    try:
        value = json.loads(joined(row)) if row else []
    except ValueError:
        return ()
    return tuple(str(name) for name in value)
