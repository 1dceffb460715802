"""The rows of containers: read, moved by one step, and what is due, in the order of time."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from shared.aftercare.states import Act, State, after
from shared.domain.restore import Entry, Restore
from shared.domain.state_machine import bounded
from shared.domain.values import iso
from shared.storage import row_keys
from shared.storage.container_rows import ContainerRow, moved, read_container
from shared.storage.ledger import Ledger
from shared.storage.store import Change, Conflict, Row

MOST = 200  # containers of one vault looked at in one go


class Rows:
    """Reads and writes the rows of aftercare. A write raises Conflict if somebody else wrote the row first."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def of(self, restore_id: str) -> ContainerRow | None:
        """A restore's row; Unreadable if it cannot be read."""
        row = self.ledger.store.get(row_keys.partition(restore_id), row_keys.container(restore_id))
        return read_container(row) if row else None

    def due(self, vault: str, now: datetime) -> Iterator[Row]:
        """The index rows that are due: one range."""
        place = row_keys.vault_partition(vault or None)
        return self.ledger.store.scan(place, "cleanup-", f"cleanup-{iso(now)}~", MOST)

    def drop(self, line: Row) -> None:
        """A line of the index that leads nowhere."""
        place = row_keys.partition(line.text("restore"))
        self.ledger.store.commit(place, [Change("delete", line.key, etag=line.etag)])

    def move(self, row: ContainerRow, act: Act, look: datetime | None, why: str | None = None) -> ContainerRow:
        """Saves one step; Conflict if the row was changed meanwhile, or has no such step."""
        step = stepped(row, act, look, why=why)
        etags = self.ledger.store.commit(row_keys.partition(row.restore), moved(row, step))
        return replace(step, etag=etags[row_keys.container(row.restore)])

    def record(
        self, row: ContainerRow, step: ContainerRow, restore: Restore, entry: Entry, notices: Sequence[Change] = ()
    ) -> None:
        """Saves a step, and its entry in the restore's timeline with the next event number, in one transaction."""
        more = {"sequence": restore.sequence + 1, "timeline": bounded((*restore.timeline, entry))}
        self.ledger.save(restore, restore.model_copy(update=more), [*moved(row, step), *notices])


def stepped(
    row: ContainerRow, act: Act, look: datetime | None, until: datetime | None = None, why: str | None = None
) -> ContainerRow:
    """The row after an act; Conflict if its state has no such step."""
    state: State | None = after(row.state, act)
    if state is None:
        raise Conflict(f"{row.name} is {row.state}: {act} is not possible")
    return replace(
        row,
        state=state.value,
        look=look,
        until=row.until if until is None else until,
        why=row.why if why is None else why,
    )
