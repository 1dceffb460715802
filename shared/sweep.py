"""The timer's round: vault by vault, what is unfinished and due, and what a lost message left behind."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from threading import Lock

from shared import keys
from shared.answers import JobRead
from shared.beginning import vault_facts
from shared.board import Live
from shared.cadence import became_overdue, look_now, watched
from shared.ledger import Unreadable
from shared.notifier import Notifier, Told
from shared.outbox import read_notice
from shared.parts import Parts
from shared.problems import Trouble
from shared.restore import CLOSED, Phase
from shared.store import Change, Conflict, Row
from shared.values import utc
from shared.workflow import Workflow

log = logging.getLogger("desk")
WORKERS = 8
WRITES = 150  # calls that start something, per subscription and sweep; ARM's bucket holds 200 and refills 10 a second


@dataclass
class Round:
    """One sweep's count, and what its vaults share: the end of its time, the budgets, the quiet channels."""

    ends: float
    writes: dict[str, int] = field(default_factory=dict)
    told: Told = field(default_factory=Told)
    lock: Lock = field(default_factory=Lock)
    seen: int = 0
    moved: int = 0
    owed: int = 0
    faults: int = 0
    unfinished: int = 0
    oldest_owed: datetime | None = None

    def may_start(self, subscription: str) -> bool:
        """Takes one start (a validation and a submission) from the subscription's share, if any is left."""
        with self.lock:
            left = self.writes.setdefault(subscription, WRITES // 2)
            self.writes[subscription] = max(left - 1, 0)
            return left > 0

    def over(self) -> bool:
        """Whether the sweep must end, so that its function's time-out does not end it."""
        return time.monotonic() > self.ends


class Sweep:
    """Moves everything that is due."""

    def __init__(self, parts: Parts, workflow: Workflow, notifier: Notifier, workers: int = WORKERS) -> None:
        self.parts, self.workflow, self.notifier, self._workers = parts, workflow, notifier, workers

    def run(self) -> Round:
        """One round over all vaults, beginning where the last one had to stop."""
        began = time.monotonic()
        this = Round(began + self.parts.pace.sweep_budget)
        row = self.parts.ledger.store.get(keys.DESK, "pulse-sweep")
        last = row.text("stoppedAt") if row else ""
        vaults = sorted(self.parts.ledger.vaults())
        order = [v for v in vaults if v >= last] + [v for v in vaults if v < last] if last else vaults
        with ThreadPoolExecutor(self._workers, thread_name_prefix="sweep") as pool:
            stopped = [
                vault
                for vault, done in zip(order, pool.map(lambda v: self._vault(v, this), order), strict=True)
                if not done
            ]
        this.unfinished = len(stopped)
        self.parts.board.beat(
            "sweep",
            self.parts.now(),
            stoppedAt=stopped[0] if stopped else "",
            seconds=time.monotonic() - began,
            open=this.seen,
            owed=this.owed,
            oldestOwed=this.oldest_owed.isoformat() if this.oldest_owed else "",
            faults=this.faults,
        )
        log.info(
            "sweep open=%d moved=%d owed=%d faults=%d unfinished=%d",
            this.seen,
            this.moved,
            this.owed,
            this.faults,
            this.unfinished,
        )
        return this

    def _vault(self, vault: str, this: Round) -> bool:
        """One vault; False where the time was over before it was its turn."""
        if this.over():
            return False
        live = self.parts.board.live(vault)
        now = self.parts.now()
        opens = sorted(live.opens, key=lambda row: row.text("restore"))
        owing = {row.text("restore") for row in live.owed}
        self._guarded(this, vault, lambda: self._watch_jobs(vault, live, now, this))
        for row in opens:
            if this.over():
                break
            self._guarded(this, row.text("restore"), partial(self._row, row, live, owing, now, this))
        self._tell(live, this)
        with this.lock:
            this.seen += len(opens)
        return True

    def _guarded(self, this: Round, what: str, act: Callable[[], object]) -> None:
        """One bad row never holds up the sweep."""
        try:
            act()
        except Conflict:
            pass  # somebody else moved it: it is looked at again in the next round
        except Unreadable as error:
            self._fault(this)
            log.error("row left alone %s", error)
        except Exception:  # the one broad except of the app: whatever it is, the other rows go on
            self._fault(this)
            log.exception("sweep could not move %s", what)

    def _fault(self, this: Round) -> None:
        with this.lock:
            this.faults += 1

    def _row(self, row: Row, live: Live, owing: set[str], now: datetime, this: Round) -> None:
        restore_id, phase = row.text("restore"), row.text("phase")
        if phase in CLOSED:
            if restore_id not in owing and row.text("closedAt"):
                self.parts.ledger.finish(restore_id, row, utc(row.text("closedAt")))
            return
        if phase not in set(Phase):
            raise Unreadable(f"{row.key} has the phase {phase!r}, which this release does not know")
        if phase in ("lost", "restoring") or not self._due(row, live, now):
            return
        subscription = row.text("instance").split("/")[2].lower()
        if phase == "accepted" and not this.may_start(subscription):
            return
        self.workflow.advance(restore_id, now_due=phase == "accepted" and not row.fields.get("turn"))
        with this.lock:
            this.moved += 1

    def _due(self, row: Row, live: Live, now: datetime) -> bool:
        if row.text("phase") == "accepted" and not row.fields.get("turn") and not row.fields.get("dryRun"):
            return self._next_in_line(row, live)
        due = utc(row.text("due"))
        # a queue message is on its way for a held row: it is given a moment before the sweep steps in
        return due + timedelta(seconds=self.parts.pace.shortest_poll if row.fields.get("held") else 0) <= now

    def _next_in_line(self, row: Row, live: Live) -> bool:
        """Whether it is this one's turn, as far as this reading tells; the turn's row decides."""
        holder = live.turns.get(keys.turn(row.text("instance")))
        if holder is not None:
            return self._orphaned(row, holder, live)
        line = (r for r in live.opens if r.text("instance").lower() == row.text("instance").lower())
        waiting = (r for r in line if r.text("phase") == "accepted" and not r.fields.get("dryRun"))
        return min(r.text("restore") for r in waiting) == row.text("restore")

    def _orphaned(self, row: Row, holder: str, live: Live) -> bool:
        """A turn whose holder is closed (a ledger that was put back from a copy, say) is given back."""
        if any(r.text("restore") == holder for r in live.opens):
            return False
        found = self.parts.ledger.load(holder)
        if found is None or found.closed:
            turn = Change("delete", keys.turn(row.text("instance")))
            self.parts.ledger.store.commit(keys.partition(row.text("restore")), [turn])
            log.error("turn given back: its holder %s is closed", holder)
        return found is None or found.closed

    def _tell(self, live: Live, this: Round) -> None:
        owed = [read_notice(row) for row in live.owed]
        with this.lock:
            this.owed += len(owed)
            oldest = [n.owed_since for n in owed] + ([this.oldest_owed] if this.oldest_owed else [])
            this.oldest_owed = min(oldest) if oldest else None
        if owed:
            self._guarded(this, "the outbox", lambda: self.notifier.deliver(owed, this.told))

    def _watch_jobs(self, vault: str, live: Live, now: datetime, this: Round) -> None:
        """Two or more running jobs of a vault are told by one list; one alone by its GET."""
        read_at = utc(live.watch.text("readAt")) if live.watch else None
        running = watched(live.opens, now)
        if not running or not look_now(running, read_at, now, self.parts.pace):
            return
        quiet = self.parts.board.quiet_until(vault.split("/")[2].lower())
        if quiet and quiet > now:
            return
        changed = running if len(running) == 1 else self._changed(vault, running, now, this)
        for row in changed:
            look = partial(self.workflow.advance, row.text("restore"), now_due=True)
            self._guarded(this, row.text("restore"), look)
            with this.lock:
                this.moved += 1
        self.parts.board.watch(vault, now)

    def _changed(self, vault: str, running: list[Row], now: datetime, this: Round) -> list[Row]:
        """Those whose job the list shows changed or ended, or does not show, or that became overdue."""
        changed: list[Row] = []
        for cross_region in (False, True):
            rows = [row for row in running if bool(row.fields.get("crossRegion")) is cross_region]
            if len(rows) < 2:
                changed += rows
                continue
            listed = self._listed(vault, cross_region)
            pace = self.parts.pace
            changed += [
                row for row in rows if _news(row, listed.get(row.text("job"))) or became_overdue(row, now, pace)
            ]
        return changed

    def _listed(self, vault: str, cross_region: bool) -> dict[str, JobRead]:
        facts = vault_facts(self.parts, vault) if cross_region else None
        try:
            return {read.job.id: read for read in self.parts.azure.jobs(vault, facts)}
        except Trouble as trouble:
            if trouble.throttled:
                until = self.parts.now() + timedelta(seconds=trouble.retry_after or self.parts.pace.back_off)
                self.parts.board.set_quiet(vault.split("/")[2].lower(), until)
            raise


def _news(row: Row, read: JobRead | None) -> bool:
    return read is None or read.ended != "running" or read.mark != row.text("mark")
