"""The rows of verifications: read, begun, moved by one step, and what is due, in the order of time."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from shared.aftercare.verification_states import Act, State, after
from shared.domain.restore import Entry, Restore
from shared.domain.state_machine import bounded
from shared.domain.values import iso
from shared.domain.verification import Verification
from shared.notices.announced import Announced
from shared.storage import row_keys
from shared.storage.container_rows import added, changed, passed_names, read_names, read_verification
from shared.storage.ledger import Ledger
from shared.storage.store import Change, Conflict, Row

MOST = 200  # verifications of one vault looked at in one go


class Verifications:
    """Every write is guarded by the row's version: Conflict means that somebody else was there."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def of(self, restore_id: str) -> Verification | None:
        """The verification in a row; Unreadable if a newer release wrote the row."""
        row = self.ledger.store.get(row_keys.partition(restore_id), row_keys.verification(restore_id))
        return read_verification(row) if row else None

    def under_way(self, restore_id: str) -> bool:
        """Whether a verification may still read the restore's container."""
        row = self.of(restore_id)
        return row is not None and row.open

    def expected(self, row: Verification) -> tuple[str, ...]:
        """The databases that must exist: those of desk.toml, else of the last passed verification."""
        if row.wanted.databases:
            return row.wanted.databases
        place = row_keys.partition(row.restore)
        return read_names(self.ledger.store.get(place, row_keys.verified(row.instance)))

    def due(self, vault: str, now: datetime) -> Iterator[Row]:
        """The index rows that are due: one range."""
        place = row_keys.vault_partition(vault or None)
        return self.ledger.store.scan(place, "verify-", f"verify-{iso(now)}~", MOST)

    def drop(self, line: Row) -> None:
        """A line of the index that leads nowhere."""
        place = row_keys.partition(line.text("restore"))
        self.ledger.store.commit(place, [Change("delete", line.key, etag=line.etag)])

    def add(self, row: Verification) -> Verification:
        """The first verification of a restore; Conflict if there is one."""
        etags = self.ledger.store.commit(row_keys.partition(row.restore), added(row))
        return _saved(row, etags)

    def move(self, row: Verification, act: Act, **changes: Any) -> Verification:
        """Saves one step; Conflict if the row was changed meanwhile, or has no such step."""
        step = stepped(row, act, **changes)
        return _saved(step, self.ledger.store.commit(row_keys.partition(row.restore), changed(row, step)))

    def end(self, row: Verification, step: Verification, restore: Restore, told: Announced, entry: Entry) -> None:
        """Saves a step that is announced, in one transaction: the row, a line of the restore's timeline, its next event
        number, the notices and, if it passed, the databases that the instance's next verification expects."""
        names = [passed_names(step, _names(step))] if step.state == State.PASSED else []
        numbered = told.restore.model_copy(update={"timeline": bounded((*restore.timeline, entry))})
        self.ledger.save(restore, numbered, [*changed(row, step), *told.notices, *names])


def _names(row: Verification) -> tuple[str, ...]:
    found = row.result.databases if row.result else ()
    return tuple(str(one.get("name", "")) for one in found)


def stepped(row: Verification, act: Act, **changes: Any) -> Verification:
    """The row after an act, not yet saved; Conflict if the act is not possible."""
    state = after(row.state, act)
    if state is None:
        raise Conflict(f"the verification of {row.restore} is {row.state}: {act} is not possible")
    return row.model_copy(update={"state": state.value, **changes})


def _saved(row: Verification, etags: dict[str, str]) -> Verification:
    return row.model_copy(update={"etag": etags[row_keys.verification(row.restore)]})
