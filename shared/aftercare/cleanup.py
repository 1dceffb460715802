"""The clean-up: containers whose time is over are deleted, once it is sure that they are ours; nothing else is."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.aftercare.decide import Absent, Refuse, decide
from shared.aftercare.rows import Rows
from shared.aftercare.states import Act, State
from shared.azure.port import Azure, Rejected
from shared.azure.retryable import passes
from shared.config.desk_file import Desk
from shared.domain.problems import Ours, Trouble, Unreadable
from shared.domain.restore import Restore
from shared.notices import outbox
from shared.notices.facts import facts_of
from shared.notices.outbox import UNROUTED
from shared.notices.routing import channels_of
from shared.storage.container_rows import ContainerRow
from shared.storage.store import Change, Conflict, Row

log = logging.getLogger("desk")
HOLD = timedelta(minutes=5)  # how long one sweep has for a DELETE before another one may take over
AGAIN = timedelta(days=1)  # what could not be deleted is tried again
MOST = 90  # a transaction takes 100 changes
BUDGET = 60.0  # seconds of one round; the rest is for the next one


@dataclass(frozen=True)
class Cleanup:
    """`run` is called by the timer; any number of them may run at once."""

    rows: Rows
    azure: Azure
    read_desk: Callable[[], Desk]
    now: Callable[[], datetime]
    budget: float = BUDGET

    def run(self) -> int:
        """How many containers are gone since; one bad row holds up no other."""
        gone, end = 0, time.monotonic() + self.budget
        for vault in self.rows.ledger.vaults():
            for line in list(self.rows.due(vault, self.now())):
                if time.monotonic() > end:
                    return gone
                try:
                    gone += self._line(line)
                except Conflict:
                    continue  # somebody else moved it
                except (Trouble, Unreadable) as why:
                    log.warning("the container of %s was not looked at: %s", line.text("restore"), why)
        return gone

    def _line(self, line: Row) -> bool:
        row = self.rows.of(line.text("restore"))
        if row is None or row.index() != line.key:
            self.rows.drop(line)
            return False
        if row.state == State.KEPT:
            row = self.rows.move(row, Act.EXPIRE, row.look)
        row = self.rows.move(row, Act.BEGIN, self.now() + HOLD)
        return self._delete(row)

    def _delete(self, row: ContainerRow) -> bool:
        """A DELETE goes out only here, after `deleting` is on the books. Trouble: the row is looked at after HOLD."""
        restore = self.rows.ledger.load(row.restore)
        try:
            found = self.azure.container(row.account, row.name)
            decision = decide(row, restore, found.metadata if found else None, self.now())
            if isinstance(decision, Refuse):
                self._failed(row, decision.why)
                return False
            if not isinstance(decision, Absent):
                self.azure.delete_container(row.account, row.name)
        except Rejected as no:
            if passes(no.error):
                raise Trouble(str(no)) from no
            self._failed(row, str(no))
            return False
        self.rows.move(row, Act.CONFIRM, None, why="")
        return True

    def _failed(self, row: ContainerRow, why: str) -> None:
        """On the books, and told once for each reason."""
        step = self.rows.stepped(row, Act.FAIL, self.now() + AGAIN, why=why[:1000])
        restore = self.rows.ledger.load(row.restore)
        if restore is None or not restore.closed or step.why == row.why:
            self.rows.move(row, Act.FAIL, step.look, why=step.why)
            return
        self.rows.move_with(row, step, restore, self._notices(restore, step))

    def _notices(self, restore: Restore, step: ContainerRow) -> tuple[Change, ...]:
        try:
            name, extra = restore.instance_name, restore.channels
            channels = channels_of(self.read_desk(), name, extra, State.FAILED, restore.ticket)
        except Ours:
            channels = [UNROUTED, *restore.channels]
        numbered = restore.model_copy(update={"sequence": restore.sequence + 1})
        facts = facts_of(numbered, State.FAILED, self.now())
        told = facts.model_copy(update={"warnings": (*facts.warnings, f"container {step.name}: {step.why}")})
        return tuple(outbox.owed(told, channels[:MOST]))


def keep(rows: Rows, row: ContainerRow, until: datetime) -> ContainerRow:
    """A person keeps it longer, never shorter; Conflict where it is no longer `kept` or `due`."""
    until = max(row.until, until)
    return rows.move(row, Act.KEEP, until, until=until)


def clean(rows: Rows, row: ContainerRow, now: datetime) -> ContainerRow:
    """A person has it deleted with the next sweep."""
    return rows.move(row, Act.CLEAN, now, until=min(row.until, now))


__all__ = ["Cleanup", "clean", "keep"]
