"""Verifications on their way to a loader: asked for, sent, sent again if nobody took them, given up."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

from shared.aftercare.due import run_due
from shared.aftercare.verification_messages import Check, Load
from shared.aftercare.verification_states import EVENTS, Act, State
from shared.aftercare.verifications import Verifications, stepped
from shared.config.desk_file import Desk
from shared.domain.pace import Pace
from shared.domain.problems import Trouble
from shared.domain.restore import Entry
from shared.domain.verification import Result, Verification, as_earlier
from shared.frozen import frozen
from shared.notices.announced import announced
from shared.storage.container_rows import look_key
from shared.storage.store import Conflict, Row
from shared.telemetry import tell

MOST_SENDS = 3  # of one number; each was taken, or gone, without a verdict
NOBODY = "no loader answered within {} hours: look whether one runs (docs/verification.md)"
GONE = "its load was sent {} times and is gone from the queue, and no verdict came"


class Loads(Protocol):
    """The queue of loads."""

    def send(self, text: str, delay: float) -> None: ...

    def waiting(self) -> int | None:
        """Loads that lie in it, hidden or not; None if it does not answer."""
        ...


@frozen
class Verify:
    """`run` is called by the timer; any number of them may run at once."""

    rows: Verifications
    loads: Loads
    read_desk: Callable[[], Desk]
    now: Callable[[], datetime]
    pace: Pace
    nonce: Callable[[], str]

    def run(self, vaults: Iterable[str] | None = None) -> int:
        """How many loads were sent. `vaults`: those of the sweep's round; an idle one is looked at in its full rounds.
        None: all."""
        of = self.rows.ledger.vaults() if vaults is None else vaults
        return run_due("verification", of, lambda vault: self.rows.due(vault, self.now()), self._line)

    def _line(self, line: Row) -> bool:
        row = self.rows.of(line.text("restore"))
        if row is None or look_key(row) != line.key:
            self.rows.drop(line)
            return False
        return self._look(row)

    def _look(self, row: Verification) -> bool:
        """True if a load was sent."""
        waited = self.now() - row.queued_at
        if waited >= timedelta(seconds=self.pace.verify_lost):
            self.end(row, Act.LOSE, NOBODY.format(round(waited.total_seconds() / self.pace.hour)))
            return False
        if row.sends and self._in_hand(row):
            self.rows.move(row, Act.WAIT, look=self._again())
            return False
        if row.sends >= MOST_SENDS:
            self.end(row, Act.LOSE, GONE.format(row.sends))
            return False
        self.send(row)
        return True

    def _in_hand(self, row: Verification) -> bool:
        """Whether its load may lie in the queue, or a loader be at work on it. Among others' loads one that is missing
        is not seen: what nobody took for a quarter of the time is sent again."""
        waited = (self.now() - (row.sent_at or row.queued_at)).total_seconds()
        sent_enough = row.state == State.RUNNING or row.sends >= MOST_SENDS
        return self.loads.waiting() != 0 and (sent_enough or waited < self.pace.verify_lost / 4)

    def _again(self) -> datetime:
        return self.now() + timedelta(seconds=self.pace.verify_look)

    def send(self, row: Verification) -> None:
        """On the books first, so that no answer comes back unknown; Conflict if another sweep was first."""
        expected = row.expected if row.sends else self.rows.expected(row)
        nonce = row.nonce or self.nonce()
        sent = self.rows.move(
            row, Act.SEND, nonce=nonce, expected=expected, sends=row.sends + 1, sent_at=self.now(), look=self._again()
        )
        load = Load(
            verification=sent.restore,
            number=sent.number,
            nonce=sent.nonce,
            container=sent.container,
            level=sent.level,
            expected=sent.expected,
            checks=tuple(Check(name=c.name, database=c.database, sql=c.sql) for c in sent.wanted.checks),
        )
        self.loads.send(load.text(), 0)

    def ask(self, known: Verification | None, new: Verification) -> Verification:
        """A person's: another number of `known`, or the first one; Conflict if one is under way. Sent at once,
        else by the next sweep."""
        row = self.rows.move(known, Act.ASK, **_anew(known, new)) if known else self.rows.add(new)
        with suppress(Conflict, Trouble):
            self.send(row)
        return row

    def end(self, row: Verification, act: Act, why: str = "", result: Result | None = None) -> Verification:
        """Saves the verdict, or that there is none, with its notices. Raises Conflict: read again."""
        step = stepped(row, act, ended_at=self.now(), look=None, why=why, result=result)
        restore = self.rows.ledger.load(row.restore)
        if restore is None or not restore.closed:
            raise Conflict(f"{row.restore} is not closed")
        told = announced(restore, EVENTS[State(step.state)], self.now(), self.read_desk, result or why)
        entry = Entry(at=self.now(), what=f"verification {step.state}", note=told.said[:500])
        self.rows.end(row, step, restore, told, entry)
        tell("verification", restore=row.restore, number=row.number, state=step.state, level=row.level, why=why or None)
        return step


def _anew(known: Verification, new: Verification) -> dict[str, object]:
    """What another number changes: everything of the last one goes into the history."""
    kept = {"restore", "instance", "state", "number", "earlier", "etag"}
    fresh = {name: getattr(new, name) for name in Verification.model_fields if name not in kept}
    return {**fresh, "number": known.number + 1, "earlier": as_earlier(known)}
