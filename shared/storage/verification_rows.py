"""The row of a restore's verification, the line of the time-ordered index that leads to it, and its changes. Pure."""

import json
import zlib
from typing import Any

from pydantic import Field as ModelField
from pydantic import ValidationError

from shared.domain.problems import Unreadable
from shared.domain.restore import Phase, Restore
from shared.domain.values import Moment, Value
from shared.domain.verification import Looked, Result, Wanted
from shared.storage import row_keys
from shared.storage.long_text import chunked, joined
from shared.storage.store import Change, Field, Row

SCHEMA = 1
MOST_EARLIER = 20  # verifications before this one that a row remembers
OPEN = frozenset({"queued", "running"})


class Earlier(Value):
    """A verification before this one, in short."""

    number: int
    level: Looked
    state: str
    ended_at: Moment | None = None
    reason: str = ""


class VerificationRow(Value):
    """One restore's verification. `number` counts them; an answer of another number or nonce is not for it."""

    schema_version: int = SCHEMA
    restore: str
    instance: str
    number: int = 1
    level: Looked
    state: str = "queued"
    container: str  # its URL
    wanted: Wanted  # as it was said when this number was asked for
    expected: tuple[str, ...] = ()  # databases that must be there, as sent
    by: str | None = None  # the person who asked; None: the target's or the request's own `verify`
    reason: str | None = None
    queued_at: Moment
    sent_at: Moment | None = None
    sends: int = 0
    started_at: Moment | None = None
    taken: int = 0  # how often a loader said that it began
    ended_at: Moment | None = None
    look: Moment | None = None  # when the sweep looks again; None: never
    why: str = ""  # of a verification that ended without a result
    result: Result | None = None
    earlier: tuple[Earlier, ...] = ()
    nonce: str = ModelField(default="", exclude=True)
    etag: str = ModelField(default="", exclude=True)

    @property
    def open(self) -> bool:
        return self.state in OPEN

    def fields(self) -> dict[str, Field]:
        """A few columns to read in a table viewer, the JSON in chunks, and the nonce packed out of sight."""
        text = json.dumps(self.json_value(), ensure_ascii=False, separators=(",", ":"))
        return {
            "restore": self.restore,
            "state": self.state,
            "level": self.level,
            "number": self.number,
            "schemaVersion": self.schema_version,
            "nonce": zlib.compress(self.nonce.encode()) if self.nonce else b"",
            **chunked(text),
        }

    def index(self) -> str | None:
        return row_keys.verify_look(self.look, self.restore) if self.look else None


def read_verification(row: Row) -> VerificationRow:
    """A row of the table; Unreadable where a newer release wrote it, or it is damaged."""
    schema = row.fields.get("schemaVersion", 0)
    if not isinstance(schema, int) or schema > SCHEMA:
        raise Unreadable(f"{row.key} is of schema {row.text('schemaVersion')}: a newer release wrote it")
    try:
        packed = row.fields.get("nonce")
        nonce = zlib.decompress(packed).decode() if packed and isinstance(packed, bytes) else ""
        value: dict[str, Any] = json.loads(joined(row))
        return VerificationRow.model_validate({**value, "nonce": nonce, "etag": row.etag})
    except (ValueError, ValidationError, zlib.error) as error:
        raise Unreadable(f"{row.key} cannot be read: {type(error).__name__}") from error


def queued(before: Restore, after: Restore) -> list[Change]:
    """The rows that a restore leaves when its files were delivered to a container of its own and are to be verified."""
    own, plan, wanted, now = after.own_container, after.plan, after.verification, after.closed_at
    if before.closed or after.phase is not Phase.SUCCEEDED or not own or not plan or not plan.container or not now:
        return []
    if wanted is None or wanted.level == "none":
        return []
    row = VerificationRow(
        restore=after.id,
        instance=after.instance,
        level=wanted.level,
        container=plan.container,
        wanted=wanted,
        queued_at=now,
        look=now,
    )
    return added(row)


def added(row: VerificationRow) -> list[Change]:
    """A row that must not be there yet, and its line of the index."""
    return [Change("insert", row_keys.verification(row.restore), row.fields()), *_indexed(row)]


def _indexed(row: VerificationRow) -> list[Change]:
    key = row.index()
    return [Change("put", key, {"restore": row.restore})] if key else []


def changed(before: VerificationRow, after: VerificationRow) -> list[Change]:
    """A step of the row, guarded by its etag, with the index in the same transaction."""
    changes = [Change("update", row_keys.verification(after.restore), after.fields(), before.etag)]
    old = before.index()
    if old == after.index():
        return changes
    return [*changes, *([Change("delete", old)] if old else []), *_indexed(after)]


def passed_names(row: VerificationRow, names: tuple[str, ...]) -> Change:
    """What the next verification of this instance expects where desk.toml names no databases."""
    text = json.dumps(names, ensure_ascii=False)
    fields: dict[str, Field] = {"restore": row.restore, "instance": row.instance, **chunked(text)}
    return Change("put", row_keys.verified(row.instance), fields)


def read_names(row: Row | None) -> tuple[str, ...]:
    """The databases of an instance's last verification that passed; none where there was none."""
    try:
        value = json.loads(joined(row)) if row else []
    except ValueError:
        return ()
    return tuple(str(name) for name in value)


def as_earlier(row: VerificationRow) -> tuple[Earlier, ...]:
    """The row's history once another number begins."""
    why = row.result.reason if row.result else row.why
    one = Earlier(number=row.number, level=row.level, state=row.state, endedAt=row.ended_at, reason=why[:300])
    return (*row.earlier, one)[-MOST_EARLIER:]
