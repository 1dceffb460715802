"""One restore, moved as far as it goes now: gather, decide, act; whoever looks calls `advance`."""

import logging
from collections.abc import Callable

from shared.azure.responses import JobRead
from shared.domain.events import Event, Postponed
from shared.domain.problems import Ours, Trouble
from shared.domain.restore import BEFORE_SUBMISSION, Phase, Restore, subscription_of
from shared.domain.state_machine import IllegalStep, step
from shared.storage.queue_messages import wake_message
from shared.storage.store import Conflict
from shared.telemetry import about, audit
from shared.workflow.announce import announce
from shared.workflow.doubt import before_closing, look_for_lost, unread_for_long
from shared.workflow.own_container import make_container, wanted_by
from shared.workflow.ports import Parts
from shared.workflow.submission import hindrance, submit, too_late
from shared.workflow.tracking import heard, poll_doubt, poll_job, poll_operation, poll_validation
from shared.workflow.validation import begin

log = logging.getLogger("desk")
# Restores that queue messages may start, per subscription and budget window. The sweep starts the rest (call_budget).
STARTS = 10
LOOKS = 16  # steps in one go; a restore has nine phases

ASK: dict[Phase, Callable[[Parts, Restore], Event | None]] = {
    Phase.ACCEPTED: begin,
    Phase.VALIDATING: poll_validation,
    Phase.VALIDATED: hindrance,
    Phase.SUBMITTING: poll_doubt,
    Phase.SUBMITTED: poll_operation,
    Phase.RESTORING: poll_job,
    Phase.LOST: look_for_lost,
}


class Workflow:
    """Takes the steps that are due."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    def advance(
        self, restore_id: str, wake: int | None = None, now_due: bool = False, rested: bool = False
    ) -> Restore | None:
        """Moves a restore until it must wait. `wake` is the number of the queue message that asks: only the one that
        matches the row sends the next. `now_due` looks at it before it is due; `rested`: that ARM takes calls was
        looked at a moment ago. Unreadable rises for a foreign row."""
        restore, conflicts = self.parts.ledger.load(restore_id), 0
        if restore is None or not (rested or self._may_call(restore)):
            return restore
        for _ in range(LOOKS):
            if restore is None or not self._may_look(restore, wake, now_due):
                break
            now_due = False
            try:
                with about(restore.id):
                    after = self._look(restore, wake)
            except Conflict:
                restore, conflicts = self.parts.ledger.load(restore_id), conflicts + 1
                continue
            if after is None or after.phase is restore.phase is Phase.RESTORING:
                break
            if wake is not None and after.wake != restore.wake:
                self.parts.send(wake_message(after), self._wait(after))
                break
            restore = after
        if conflicts == LOOKS:  # nobody is that busy: a row of its transaction is not as it must be
            log.error("restore %s cannot be saved: its rows contradict each other", restore_id)
        return restore

    def hear(self, restore_id: str, read: JobRead) -> Restore | None:
        """What a list of jobs shows of a restore, on its books; None if that is not for this one."""
        restore = self.parts.ledger.load(restore_id)
        event = heard(self.parts, restore, read) if restore else None
        if restore is None or event is None:
            return None
        with about(restore_id):
            return self.save(restore, event)

    def _may_call(self, restore: Restore) -> bool:
        """Whether ARM takes calls for this subscription now."""
        if restore.phase not in ASK:
            return True
        quiet = self.parts.board.quiet_until(subscription_of(restore))
        return quiet is None or quiet <= self.parts.now()

    def _may_look(self, restore: Restore, wake: int | None, now_due: bool) -> bool:
        if restore.phase not in ASK:
            return False
        now = self.parts.now()
        if not now_due and (restore.due - now).total_seconds() > 0.5:
            return False
        fresh_start = wake is not None and restore.phase is Phase.ACCEPTED and restore.turn_at is None
        if not fresh_start:
            return True
        return self.parts.board.take_start(subscription_of(restore), now, STARTS, self.parts.pace.budget_window)

    def _look(self, restore: Restore, wake: int | None) -> Restore | None:
        """Asks, decides and saves one step; None if there is nothing to do but wait."""
        holds = wake is not None and wake == restore.wake

        def save(before: Restore, event: Event) -> Restore:
            return self.save(before, event, holds)

        try:
            event = too_late(self.parts, restore)
            plan = wanted_by(restore)
            if event is None and plan:
                return make_container(self.parts, restore, plan, save)
            event = event or ASK[restore.phase](self.parts, restore)
            event = before_closing(self.parts, restore, event)
            if event is None and restore.phase is Phase.VALIDATED:
                return submit(self.parts, restore, save)
        except Trouble as trouble:
            event = unread_for_long(self.parts, restore, trouble) or self._postponed(restore, trouble)
        except Ours as ours:
            if restore.phase not in BEFORE_SUBMISSION:
                raise
            event = self._postponed(restore, Trouble(str(ours)))
        return save(restore, event) if event else None

    def _postponed(self, restore: Restore, trouble: Trouble) -> Postponed:
        due = self.parts.again_at(restore.troubles, trouble.retry_after, self.parts.pace.shortest_poll)
        self.parts.rest_if(trouble.throttled, subscription_of(restore), due)
        return Postponed(trouble.what, due)

    def save(self, before: Restore, event: Event, holds: bool = False) -> Restore:
        """Saves one step, with its notices; Conflict rises. `holds`: this look may send the next wake."""
        now = self.parts.now()
        after = step(before, event, now)
        told = announce(self.parts, before, after)
        after = told.restore
        held = holds and 0 < self._wait(after) <= self.parts.pace.hold_message  # a closed one is due at once
        if held and not after.waiting_for:
            after = after.model_copy(update={"wake": after.wake + 1, "held": True})
        else:
            after = after.model_copy(update={"held": False})
        saved = self.parts.ledger.save(before, after, told.notices)
        audit(before, saved, event)
        return saved

    def _wait(self, restore: Restore) -> float:
        return (restore.due - self.parts.now()).total_seconds()


__all__ = ["IllegalStep", "Workflow", "audit", "wake_message"]
