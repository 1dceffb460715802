"""The timer's round: vault by vault, what is unfinished and due, and what a lost message left behind."""

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from shared.domain.problems import Ours, Trouble, Unreadable
from shared.domain.restore import CLOSED
from shared.domain.values import utc
from shared.notices.outbox import Notice, read_notice
from shared.storage import row_keys, vault_directory
from shared.storage.shared_state import Owed
from shared.storage.store import Change, Conflict, Row
from shared.sweep.call_budget import Shares
from shared.sweep.job_watch import jobs_with_news, watched_on
from shared.sweep.lanes import LANES, Deliverer, Lanes
from shared.sweep.open_work import Work, in_line
from shared.sweep.round import Round, says_the_same
from shared.sweep.which_vaults import choose
from shared.telemetry import Pool
from shared.workflow.azure_facts import learn_instances
from shared.workflow.ports import Parts
from shared.workflow.workflow import Workflow

log = logging.getLogger("desk")
WORKERS = 8


class Sweep:
    """Moves everything that is due."""

    def __init__(
        self,
        parts: Parts,
        workflow: Workflow,
        notifier: Deliverer,
        workers: int = WORKERS,
        posts: Executor | None = None,
    ) -> None:
        """`posts` runs the channels' lanes; by default threads that outlive a round."""
        self.parts, self.workflow, self._workers = parts, workflow, workers
        self._lanes = Lanes(notifier, posts or Pool(LANES, thread_name_prefix="channel"))
        self._shares = Shares(parts.pace.budget_window)

    def run(self) -> Round:
        """One round over all vaults, beginning where the last one had to stop."""
        began, seen = time.monotonic(), self.parts.board.glance()
        self._note_standstill(seen)
        entries = vault_directory.entries(self.parts.ledger.store)
        chosen = choose(entries, seen.get("pulse-sweep"), self.parts.now(), self.parts.pace)
        order = self._shares.order(chosen.vaults)
        self._shares.deal(order, self._clock())
        with (
            Pool(self._workers, thread_name_prefix="restore") as rows,
            Pool(self._workers, thread_name_prefix="sweep") as pool,
        ):
            this = Round(began + self.parts.pace.sweep_budget, rows, chosen.entries, seen)
            stopped = [
                vault
                for vault, done in zip(order, pool.map(lambda v: self._vault(v, this), order), strict=True)
                if not done
            ]
        this.unfinished = len(stopped)
        self._lanes.wait(began + self.parts.pace.delivery_wait - time.monotonic())
        pulse, now = this.pulse(stopped, chosen.full_at), self.parts.now()
        if not says_the_same(seen.get("pulse-sweep"), pulse, now, self.parts.pace.idle_pulse):
            self.parts.board.beat("sweep", now, seconds=time.monotonic() - began, **pulse)
        return this

    def _note_standstill(self, seen: Mapping[str, Row]) -> None:
        """Deadlines stand still while desk.toml cannot be read or a setting pauses the desk: both are saved."""
        try:
            self.parts.read_desk()
            broken = False
        except Ours:
            broken = True
        with suppress(Conflict, Trouble):  # another sweep noted it, or the next one does
            self.parts.board.stand_still("desk", broken, self.parts.now(), seen)
            self.parts.board.stand_still("setting", self.parts.board.fixed is not None, self.parts.now(), seen)

    def _vault(self, vault: str, this: Round) -> bool:
        """One vault; False if the time was over before all of it was looked at."""
        if this.over():
            return False
        self._guarded(this, vault or "what belongs to no vault", lambda: self._work(vault, this))
        return not this.over()

    def _work(self, vault: str, this: Round) -> None:
        now = self.parts.now()
        work = Work(self.parts.board.look(vault, now))
        this.count(work.opens)  # before all that can fail: what is lost is lost in a sweep with faults too
        vault_directory.note(self.parts.ledger.store, this.entries[vault], now, empty=work.live.empty)
        if work.live.empty:
            return
        for row, why in work.damaged:
            self._guarded(this, row.key, partial(_leave_alone, row, why))
        for row in work.live.old:
            self._guarded(this, row.key, partial(self.parts.outbox.take_over, row))
        heard: set[str] = set()
        self._guarded(this, vault, lambda: heard.update(self._watch_jobs(vault, work, now, this)))
        rows = [row for row in work.opens if row.text("restore") not in heard]
        due = self._due_rows(vault, rows, work, partial(self._is_due, work=work, now=now, this=this), this)
        self._side_by_side(due, partial(self._row, work=work, this=this), this)
        moved = heard or work.live.old or any(row.text("phase") not in CLOSED for row in due)
        self._tell(self.parts.board.owed(vault, self.parts.now()) if moved else work.live.owed, this)
        if not this.over():
            self._shares.visited(vault)

    def _guarded(self, this: Round, what: str, act: Callable[[], object]) -> None:
        """One bad row never holds up the sweep."""
        try:
            act()
        except Conflict:
            pass  # somebody else moved it: it is looked at again in the next round
        except Unreadable as error:
            self._fault(this)
            log.error("row left alone %s", error)
        except Trouble as trouble:
            self._fault(this)
            log.warning("sweep could not move %s: %s", what, trouble)
        except Exception as error:  # the app's broad except (two more stand around azure-identity): others go on
            self._fault(this)
            log.exception("sweep could not move %s: %s", what, type(error).__name__)

    def _fault(self, this: Round) -> None:
        with this.lock:
            this.faults += 1

    def _side_by_side(self, rows: list[Row], act: Callable[[Row], None], this: Round) -> None:
        """In their order, as many at once as there are workers."""

        def one(row: Row) -> None:
            if not this.over():
                self._guarded(this, row.text("restore"), partial(act, row))

        for _ in this.rows.map(one, rows):
            pass

    def _clock(self) -> float:
        return self.parts.now().timestamp()

    def _is_due(self, row: Row, work: Work, now: datetime, this: Round) -> bool:
        """Whether it is due; a row of which that cannot be told holds up no other."""
        found: list[bool] = []
        self._guarded(this, row.text("restore"), lambda: found.append(self._due(row, work, now)))
        return found == [True]

    def _due_rows(
        self, vault: str, rows: list[Row], work: Work, is_due: Callable[[Row], bool], this: Round
    ) -> list[Row]:
        """What is to be moved now: what ended, what is under way and due, and then as many beginnings as may be."""
        closed = [row for row in rows if row.text("phase") in CLOSED]  # by release 0.1.0
        moving = [row for row in rows if row.text("phase") not in (*CLOSED, "restoring")]
        under_way = [row for row in moving if row.text("phase") != "accepted" and is_due(row)]
        looks = [row for row in under_way if self._shares.may_look(vault, self._clock())]
        begins = [row for row in moving if row.text("phase") == "accepted" and is_due(row)]
        starts = self._shares.may_start(vault, len(begins), self._clock())
        if starts > 1:
            wanted = {row.text("instance") for row in begins[:starts]}
            self._guarded(this, vault, lambda: learn_instances(self.parts, vault, wanted))
        looks += [row for row in begins[:starts] if self._shares.may_look(vault, self._clock())]
        return closed + looks

    def _row(self, row: Row, work: Work, this: Round) -> None:
        if row.text("phase") in CLOSED:
            self.parts.ledger.finish(row.text("restore"), row, utc(row.text("closedAt")))
            return
        self.workflow.advance(row.text("restore"), now_due=in_line(row))
        with this.lock:
            this.moved += 1

    def _due(self, row: Row, work: Work, now: datetime) -> bool:
        due, early = utc(row.text("due")), row.fields.get("held") or row.text("phase") == "accepted"
        # a queue message is on its way for a held row and for a new one: it is given a moment before the sweep steps in
        if due + timedelta(seconds=self.parts.pace.shortest_poll if early else 0) > now:
            return False
        if in_line(row):
            holder = work.live.turns.get(row_keys.turn(row.text("instance")))
            first = work.first.get(row.text("instance").lower()) == row.text("restore")
            return first and (holder is None or self._orphaned(row, holder, work))
        return True

    def _orphaned(self, row: Row, holder: str, work: Work) -> bool:
        """A turn whose holder is closed (a ledger that was put back from a copy, say) is given back."""
        if holder in work.ids:
            return False
        found, place = self.parts.ledger.load(holder), row_keys.partition(row.text("restore"))
        turn = self.parts.ledger.store.get(place, row_keys.turn(row.text("instance")))
        if turn is None or turn.text("restore") != holder or (found and not found.closed):
            return turn is None  # it was handed on since the rows were read
        self.parts.ledger.store.commit(place, [Change("delete", turn.key, etag=turn.etag)])
        log.error("turn given back: its holder %s is closed", holder)
        return True

    def _tell(self, owed: Owed, this: Round) -> None:
        found = list[Notice]()
        for row in owed.lines:
            self._guarded(this, row.key, lambda row=row: found.append(read_notice(row)))  # type: ignore[misc]
        this.wait(found)
        if found:
            self._lanes.put([replace(one, unsure=owed.cut) for one in found], this.told, this.over)

    def _watch_jobs(self, vault: str, work: Work, now: datetime, this: Round) -> set[str]:
        """What a list of the vault's jobs shows, or a GET of each. Gives the restores whose books moved."""
        news = jobs_with_news(self.parts, vault, work.opens, work.live.watch, now, self._shares)
        if news is None:
            return set()
        reads = {row.text("restore"): read for row, read in [*news.told, *news.ended]}
        whole = {row.text("restore") for row, _ in news.ended if self._shares.may_ask_details(vault, self._clock())}
        moved, denied, ended = set[str](), set[str](), set[str]()

        def look(row: Row) -> None:
            restore_id = row.text("restore")
            if restore_id in reads and restore_id not in whole:
                found = self.workflow.hear(restore_id, reads[restore_id])
            elif restore_id in whole or self._shares.may_read(vault, self._clock()):
                found = self.workflow.advance(restore_id, now_due=True, rested=True)
            else:
                denied.add(restore_id)
                return
            with this.lock:
                this.moved += 1
                moved.update({restore_id} if found else ())
                ended.update({restore_id} if found and found.closed else ())

        self._side_by_side([*news.ask, *(row for row, _ in [*news.ended, *news.told])], look, this)
        before = work.live.watch.text("readAt") if work.live.watch else ""
        read_at = now if not denied else utc(before) if before else None
        if read_at and watched_on(work.opens, work.live.watch, news, ended):  # a GET that was denied is asked again
            self.parts.board.watch(vault, read_at, news.start.fields())
        return moved


def _leave_alone(row: Row, why: str) -> None:
    raise Unreadable(f"{row.key}: {why}")
