"""What goes on around a sweep: its figures and the queues' age into the log, and once an hour the retention."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from shared.aftercare.cleanup import Cleanup
from shared.aftercare.strangers import Strangers
from shared.aftercare.verify import Verify
from shared.domain.problems import Trouble
from shared.frozen import frozen
from shared.storage.shared_state import Board
from shared.storage.store import Conflict
from shared.sweep.points_look import PointsLook
from shared.sweep.retention import Retention
from shared.sweep.round import Round
from shared.sweep.sweep import Sweep
from shared.telemetry import tell

if TYPE_CHECKING:
    from shared.storage.wake_queue import QueueState  # it brings the queue's SDK

log = logging.getLogger("desk")
RETENTION_EVERY = timedelta(hours=1)


@frozen
class Upkeep:
    """What the timer calls. A sweep that fails logs no figures, and an alert fires if none are logged. The other
    steps run anyway, each separately."""

    sweep: Sweep
    board: Board
    retention: Retention
    points: PointsLook
    queues: "Callable[[], QueueState]"
    now: Callable[[], datetime]
    cleanup: Cleanup | None = None
    strangers: Strangers | None = None
    verify: Verify | None = None

    def run(self) -> Round:
        began, vaults = time.monotonic(), None
        try:
            this = self.sweep.run()
            vaults = list(this.entries)
            self._tell(this, time.monotonic() - began)
        finally:
            clean = partial(self.cleanup.run, vaults) if self.cleanup else None
            verify = partial(self.verify.run, vaults) if self.verify else None
            looks = (verify, clean, self.strangers.run if self.strangers else None)
            care: list[Callable[[], object]] = [look for look in looks if look]
            for step in (self._retain, self.points.run, *care):
                _guarded(step)
        return this

    def _tell(self, this: Round, seconds: float) -> None:
        queues = self.queues()
        oldest = this.oldest_owed
        tell(
            "sweep",
            seconds=seconds,
            open=this.seen,
            moved=this.moved,
            owed=this.owed,
            outbox_age=(self.now() - oldest).total_seconds() if oldest else 0.0,
            lost=this.lost,
            overdue=this.overdue,
            oldest_lost=(self.now() - this.oldest_lost).total_seconds() if this.oldest_lost else 0.0,
            faults=this.faults,
            unfinished=this.unfinished,
            queued=queues.messages,
            queue_age=queues.age,
            poison=queues.poison,
        )

    def _retain(self) -> None:
        now, last = self.now(), self.board.pulse("retention")
        if last and now - last < RETENTION_EVERY:
            return
        removed = self.retention.remove_old(now)
        self.board.beat("retention", now, removed=removed)
        if removed:
            tell("retention", removed=removed)


def _guarded(step: Callable[[], object]) -> None:
    """Whatever goes wrong with one step holds up no other; the next round does it again."""
    try:
        step()
    except (Trouble, Conflict) as error:
        log.warning("a step after the sweep waits for the next round: %s", error)
    except Exception:
        log.exception("a step after the sweep failed; the next round does it again")
