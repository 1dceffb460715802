"""The clean-up: containers whose time is over are deleted, once it is sure that they are ours; nothing else is."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from shared.aftercare.decide import Absent, Refuse, decide
from shared.aftercare.due import run_due
from shared.aftercare.rows import Rows, stepped
from shared.aftercare.states import Act, State
from shared.aftercare.verifications import Verifications
from shared.azure.port import Azure, Rejected
from shared.azure.retryable import passes
from shared.config.desk_file import Desk
from shared.domain.pace import Pace
from shared.domain.problems import Trouble
from shared.domain.restore import Entry, Restore
from shared.frozen import frozen
from shared.notices.announced import announced
from shared.storage.container_rows import ContainerRow
from shared.storage.shared_state import Board
from shared.storage.store import Row

EVENT = State.FAILED.value  # the notice is named as the state


@frozen
class Cleanup:
    """`run` is called by the timer; any number of them may run at once."""

    rows: Rows
    board: Board
    azure: Azure
    read_desk: Callable[[], Desk]
    now: Callable[[], datetime]
    pace: Pace

    def run(self, vaults: Iterable[str] | None = None) -> int:
        """How many containers are gone since. `vaults`: those of the sweep's round; an idle one is looked at in its
        full rounds. None: all."""
        of = self.rows.ledger.vaults() if vaults is None else vaults
        return run_due("container", of, lambda vault: self.rows.due(vault, self.now()), self._line)

    def _line(self, line: Row) -> bool:
        row = self.rows.of(line.text("restore"))
        if row is None or row.index() != line.key:
            self.rows.drop(line)
            return False
        if row.state == State.KEPT and self._being_verified(row):
            self.rows.move(row, Act.KEEP, self._in(self.pace.cleanup_hold))
            return False
        if row.state == State.KEPT:
            row = self.rows.move(row, Act.EXPIRE, row.look)
        row = self.rows.move(row, Act.BEGIN, self._in(self.pace.cleanup_hold))
        return self._delete(row)

    def _in(self, seconds: float) -> datetime:
        return self.now() + timedelta(seconds=seconds)

    def _being_verified(self, row: ContainerRow) -> bool:
        """A verification under way extends its time by a day at most."""
        most = row.until + timedelta(seconds=24 * self.pace.hour)
        return self.now() < most and Verifications(self.rows.ledger).under_way(row.restore)

    def _delete(self, row: ContainerRow) -> bool:
        """A DELETE goes out only here, after `deleting` was saved. Trouble: another look after the hold."""
        restore = self.rows.ledger.load(row.restore)
        try:
            found = self.azure.container(row.account, row.name)
            decision = decide(row, restore, found.metadata if found else None, self.now())
            if isinstance(decision, Refuse) or restore is None:
                self._failed(row, restore, decision.why if isinstance(decision, Refuse) else "")
                return False
            if not isinstance(decision, Absent):
                self.azure.delete_container(row.account, row.name)
        except Rejected as no:
            if passes(no.error):
                raise Trouble(str(no)) from no
            self._failed(row, restore, str(no))
            return False
        self._gone(row, restore)
        return True

    def _gone(self, row: ContainerRow, restore: Restore) -> None:
        """Azure may still bring it back for as long as the account's soft delete says."""
        look, days, words = self.board.account_look(row.account), 0, row.name
        if look and look.soft_delete_days:
            days = look.soft_delete_days
            words = f"{row.name}; soft delete of the account can bring it back for {days} days"
        back = self.now() + timedelta(days=days) if days else None
        step = replace(stepped(row, Act.CONFIRM, None, why=""), recoverable=back)
        self.rows.record(row, step, restore, Entry(at=self.now(), what="container deleted", note=words))

    def _failed(self, row: ContainerRow, restore: Restore | None, why: str) -> None:
        """Saves the failure, and announces it once for each reason."""
        step = stepped(row, Act.FAIL, self._in(self.pace.cleanup_again), why=why[:1000])
        if restore is None or not restore.closed or step.why == row.why:
            self.rows.move(row, Act.FAIL, step.look, why=step.why)
            return
        entry = Entry(at=self.now(), what="clean-up failed", note=step.why[:500])
        words = f"container {step.name}: {step.why}"
        self.rows.record(
            row, step, restore, entry, announced(restore, EVENT, self.now(), self.read_desk, words).notices
        )


def keep(row: ContainerRow, until: datetime) -> ContainerRow:
    """A person keeps it longer, never shorter; Conflict if it is no longer `kept` or `due`."""
    until = max(row.until, until)
    return stepped(row, Act.KEEP, until, until)


def clean(row: ContainerRow, now: datetime) -> ContainerRow:
    """A person has it deleted with the next sweep."""
    return stepped(row, Act.CLEAN, now, min(row.until, now))


__all__ = ["Cleanup", "clean", "keep"]
