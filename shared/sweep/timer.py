"""What goes on around a sweep: its figures and the queues' age into the log, and the steps that may wait."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from shared.domain.problems import Trouble
from shared.domain.values import utc
from shared.storage.shared_state import Board
from shared.storage.store import Conflict
from shared.sweep.round import Round
from shared.sweep.sweep import Sweep
from shared.telemetry import tell

if TYPE_CHECKING:  # none of it is there in a worker's first round
    from shared.aftercare.cleanup import Cleanup
    from shared.aftercare.strangers import Strangers
    from shared.aftercare.verify import Verify
    from shared.storage.wake_queue import QueueState
    from shared.sweep.points_look import PointsLook
    from shared.sweep.retention import Retention

log = logging.getLogger("desk")
RETENTION_EVERY = timedelta(hours=1)
CARE, CARE_RESTS = "care", timedelta(minutes=10)  # its pulse; so long it may wait where each round is a worker's first


@dataclass
class Upkeep:
    """What the timer calls. A sweep that fails logs no figures, and an alert fires if none are logged. The other
    steps run anyway, each separately; a worker that is `cold` leaves them to its next round, unless they are late."""

    sweep: Sweep
    board: Board
    retention: "Retention"
    points: "PointsLook"
    queues: "Callable[[], QueueState]"
    now: Callable[[], datetime]
    cleanup: "Cleanup | None" = None
    strangers: "Strangers | None" = None
    verify: "Verify | None" = None
    cold: bool = False

    def run(self) -> Round:
        began, this = time.monotonic(), None
        try:
            this = self.sweep.run()
            self._tell(this, time.monotonic() - began)
        finally:
            for step in self._steps(this):
                _guarded(step)
        return this

    def _steps(self, this: Round | None) -> list[Callable[[], object]]:
        """What is to be done after this sweep; it is None if it failed."""
        cold, self.cold = self.cold, False
        now, at = self.now(), _at(this, CARE)
        beat = partial(self.board.beat, CARE, now)
        if cold and this and (at is None or _within(at, now, CARE_RESTS)):
            return [] if at else [beat]
        vaults = list(this.entries) if this else None
        looks = (
            partial(_run, self.points),
            partial(_run, self.verify, vaults) if self.verify else None,
            partial(_run, self.cleanup, vaults) if self.cleanup else None,
            partial(_run, self.strangers) if self.strangers else None,
            None if _within(at, now, CARE_RESTS / 2) else beat,
        )
        return [partial(self._retain, this), *(look for look in looks if look)]

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

    def _retain(self, this: Round | None) -> None:
        now, last = self.now(), _at(this, "retention") if this else self.board.pulse("retention")
        if _within(last, now, RETENTION_EVERY):
            return
        removed = self.retention.remove_old(now)
        self.board.beat("retention", now, removed=removed)
        if removed:
            tell("retention", removed=removed)


def _at(this: Round | None, pulse: str) -> datetime | None:
    """When something last happened, as the round read it at its beginning."""
    row = this.glance.get(f"pulse-{pulse}") if this else None
    try:
        return utc(row.text("at")) if row else None
    except (OverflowError, ValueError):  # a damaged row: written anew after the step
        return None


def _within(at: datetime | None, now: datetime, span: timedelta) -> bool:
    """Whether it happened so recently; what lies in the future (a clock was wrong) did not."""
    return at is not None and timedelta(0) <= now - at < span


def _run(part: Any, *given: Any) -> object:
    """A part is built when its turn comes, so that one that cannot be built holds up no other."""
    return part.run(*given)


def _guarded(step: Callable[[], object]) -> None:
    """Whatever goes wrong with one step holds up no other; the next round does it again."""
    try:
        step()
    except (Trouble, Conflict) as error:
        log.warning("a step after the sweep waits for the next round: %s", error)
    except Exception:
        log.exception("a step after the sweep failed; the next round does it again")
