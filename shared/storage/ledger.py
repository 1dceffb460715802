"""The ledger: every restore, its open row and its turn; every save is guarded by its version."""

import json
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from shared.domain.problems import Unreadable as Unreadable
from shared.domain.restore import CLOSED, SCHEMA, Phase, Restore
from shared.domain.values import iso
from shared.storage import row_keys, vault_directory
from shared.storage.container_rows import kept, queued
from shared.storage.store import Change, Conflict, Field, Row, Store, chunked, joined

VOID = "void"  # marks the row of an id that was claimed and never saved
PACKED = "packed"  # the column of a closed restore's JSON
MAX_PACKED = 64 * 1024  # bytes that a column takes


class Ledger:
    """Restores in the table. Conflict means: look again."""

    def __init__(self, store: Store, hour: float = 3600.0) -> None:
        """`hour` is an hour of a target's keepHours, in seconds."""
        self.store, self._hour = store, hour

    def over(self, store: Store) -> "Ledger":
        """The same over another store."""
        return Ledger(store, self._hour)

    def accept(self, restore: Restore, more: Sequence[Change] = ()) -> Restore | None:
        """Saves a new restore; None if it exists already. The vault is added to the directory first."""
        self.enter_vault(restore.vault)
        try:
            row = Change("insert", row_keys.restore(restore.id), _fields(restore))
            etags = self.store.commit(row_keys.partition(restore.id), [row, _line(restore), *more])
        except Conflict:
            return None
        return restore.model_copy(update={"etag": etags[row_keys.restore(restore.id)]})

    def enter_vault(self, vault: str) -> None:
        """Into the directory, so that the sweep finds it. Written with each restore: a table that was put back from an
        old copy has no vault that is never swept."""
        vault_directory.enter(self.store, vault)

    def vaults(self) -> list[str]:
        """The vaults that have restores; "" is the entry of requests without a vault."""
        return [entry.vault for entry in vault_directory.entries(self.store)]

    def load(self, restore_id: str) -> Restore | None:
        """A restore, or None; Unreadable if the row is not for this release."""
        row = self.store.get(row_keys.partition(restore_id), row_keys.restore(restore_id))
        return read_restore(row) if row and not row.fields.get(VOID) else None

    def void(self, restore_id: str, now: datetime) -> bool:
        """Makes an id unusable under which nothing was saved: a later `accept` of it gives None. False if its
        restore is in the ledger."""
        try:
            change = Change("insert", row_keys.restore(restore_id), {VOID: True, "at": iso(now)})
            self.store.commit(row_keys.partition(restore_id), [change])
        except Conflict:
            return self.is_void(restore_id)
        return True

    def is_void(self, restore_id: str) -> bool:
        """Whether this id was taken out of use."""
        row = self.store.get(row_keys.partition(restore_id), row_keys.restore(restore_id))
        return row is not None and bool(row.fields.get(VOID))

    def save(self, before: Restore, after: Restore, more: Sequence[Change] = ()) -> Restore:
        """Saves a step: restore, its line, turn and new notices together, if nobody saved in between."""
        if before.closed:
            self.enter_vault(after.vault)  # a closed one's vault may be idle, and its notice is unfinished work
        changes = [Change("update", row_keys.restore(after.id), _fields(after), before.etag)]
        changes += [] if before.closed else [_line(after)]  # one that is in the history stays there
        if after.turn_at and not before.turn_at:
            changes.append(
                Change("insert", row_keys.turn(after.instance), {"restore": after.id, "at": iso(after.turn_at)})
            )
        if before.turn_at and not before.closed and after.closed:
            changes.append(Change("delete", row_keys.turn(after.instance)))
        if after.job and not (before.job and before.job.id == after.job.id):
            changes += self._job_change(before, after, after.job.id)
        changes += [*kept(before, after, self._hour), *queued(before, after)]
        etags = self._commit(after.id, [*changes, *more], after if after.closed_at and not before.closed else None)
        return after.model_copy(update={"etag": etags[row_keys.restore(after.id)]})

    def _commit(self, restore_id: str, changes: list[Change], closing: Restore | None) -> dict[str, str]:
        """A closing one leaves its open row, which is missing where a torn copy of the ledger was put back."""
        place, left = row_keys.partition(restore_id), row_keys.open_row(closing.instance, restore_id) if closing else ""
        try:
            return self.store.commit(place, [*changes, Change("delete", left)] if left else changes)
        except Conflict:
            if not left or self.store.get(place, left):
                raise
        return self.store.commit(place, changes)

    def _job_change(self, before: Restore, after: Restore, job_id: str) -> list[Change]:
        """A job that a person gives to a restore may have been given to another one meanwhile: then Conflict."""
        if before.phase not in (Phase.LOST, Phase.RESTORING):
            return [Change("put", row_keys.job(job_id), {"restore": after.id})]
        own = self.job_holder(after, job_id) == after.id
        return [] if own else [Change("insert", row_keys.job(job_id), {"restore": after.id})]

    def turn_holder(self, restore: Restore) -> str | None:
        """Which restore has the turn on this one's instance."""
        row = self.store.get(row_keys.partition(restore.id), row_keys.turn(restore.instance))
        return row.text("restore") if row else None

    def first_in_line(self, restore: Restore) -> str | None:
        """The restore accepted first among those on this instance that are not closed (dry runs take no turn)."""
        prefix = row_keys.open_row(restore.instance, "")
        for row in self.store.scan(row_keys.partition(restore.id), prefix, row_keys.until(prefix)):
            if row.text("phase") not in CLOSED and not row.fields.get("dryRun"):
                return row.text("restore")
        return None

    def job_holder(self, restore: Restore, job_id: str) -> str | None:
        """The restore that already holds a job of this vault."""
        row = self.store.get(row_keys.partition(restore.id), row_keys.job(job_id))
        return row.text("restore") if row else None

    def finish(self, restore_id: str, open_row: Row, closed_at: datetime) -> None:
        """Moves a restore that release 0.1.0 closed out of the rows that the sweep reads, into the history."""
        gone = Change("delete", open_row.key, etag=open_row.etag)
        self.store.commit(row_keys.partition(restore_id), [gone, _done(restore_id, closed_at, open_row.fields)])


def _ticket(restore: Restore) -> str:
    """The ticket as a list shows it: its system and id."""
    ticket = restore.ticket or {}
    return " ".join(part for part in (ticket.get("system"), ticket.get("id")) if part)


SHOWN = (  # what a `done` row keeps for lists
    "phase", "instance", "instanceName", "acceptedAt", "dryRun", "job", "source", "requestedBy", "reason", "ticket",
    "container",
)  # fmt: skip


def _line(restore: Restore) -> Change:
    """Where a restore is listed: among the open ones, or in the history."""
    opened = _open(restore)
    return _done(restore.id, restore.closed_at, opened.fields) if restore.closed_at else opened


def _done(restore_id: str, closed_at: datetime, opened: Mapping[str, Field]) -> Change:
    shown = {name: value for name, value in opened.items() if name in SHOWN and value != ""}
    return Change("put", row_keys.done(closed_at, restore_id), {"restore": restore_id, **shown})


def _open(restore: Restore) -> Change:
    fields: dict[str, Field] = {
        "restore": restore.id, "phase": restore.phase.value, "due": iso(restore.due),
        "instance": restore.instance, "instanceName": restore.instance_name or "",
        "acceptedAt": iso(restore.accepted_at), "dryRun": restore.dry_run, "crossRegion": restore.cross_region,
        "turn": restore.turn_at is not None, "held": restore.held, "overdue": restore.overdue_at is not None,
        "job": restore.job.id if restore.job else "", "mark": restore.job_mark,
        "startedAt": iso(restore.submitted_at) if restore.submitted_at else "",
        "source": restore.source, "requestedBy": (restore.requested_by or "")[:200],
        "reason": (restore.reason or "")[:200], "ticket": _ticket(restore)[:200],
        "container": restore.own_container.name if restore.own_container else "",
        "schemaVersion": restore.schema_version,
    }  # fmt: skip
    return Change("put", row_keys.open_row(restore.instance, restore.id), fields)


def _fields(restore: Restore) -> dict[str, Field]:
    """The columns: a few to read in a table viewer, the JSON in chunks (packed once the restore has closed), and the
    signed URL packed out of sight."""
    value = {"schemaVersion": restore.schema_version, **restore.short_value()}
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return {
        "phase": restore.phase.value,
        "schemaVersion": restore.schema_version,
        "instance": restore.instance.rpartition("/")[2],
        "instanceName": restore.instance_name or "",
        "source": restore.source,
        "requestedBy": restore.requested_by or "",
        "acceptedAt": iso(restore.accepted_at),
        "due": iso(restore.due),
        "tracking": zlib.compress(restore.tracking.encode()) if restore.tracking else b"",
        **(_packed(text) if restore.closed else chunked(text)),
    }


def _packed(text: str) -> dict[str, Field]:
    """The JSON of a closed restore takes a quarter of the room, and the chunks of the open one are emptied: a save
    leaves the columns that it does not name."""
    packed, plain = zlib.compress(text.encode(), 9), chunked(text)
    if len(packed) > MAX_PACKED:
        return plain
    return {**dict.fromkeys(plain, ""), "chunks": 0, PACKED: packed}


def _json(row: Row) -> str:
    """The JSON of a restore's row, packed, or in chunks as that of an open one and of release 0.1.0."""
    packed = row.fields.get(PACKED)
    if isinstance(packed, bytes) and not row.fields.get("chunks"):
        return zlib.decompress(packed).decode()
    return joined(row)


def read_restore(row: Row) -> Restore:
    """The row's restore; Unreadable says why it is left alone."""
    phase, schema = row.text("phase"), row.fields.get("schemaVersion", 0)
    if not isinstance(schema, int) or schema > SCHEMA or phase not in set(Phase):
        raise Unreadable(
            f"{row.key} is of schema {row.text('schemaVersion')}, phase {phase!r}: a newer release wrote it"
        )
    try:
        packed = row.fields.get("tracking")
        tracking = zlib.decompress(packed).decode() if packed and isinstance(packed, bytes) else None
        value: dict[str, Any] = json.loads(_json(row))
        return Restore.model_validate({**value, "etag": row.etag, "tracking": tracking})
    except (ValueError, ValidationError, zlib.error) as error:
        raise Unreadable(f"{row.key} cannot be read: {type(error).__name__}") from error
