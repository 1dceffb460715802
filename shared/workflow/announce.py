"""Which channels get an event, by the present desk.toml, and the state of a ticket's first restore."""

from typing import TYPE_CHECKING

from shared.domain.restore import CLOSED, Entry, Phase, Restore
from shared.notices import outbox
from shared.notices.announced import Announced, announced
from shared.notices.facts import facts_of
from shared.notices.routing import may_hear
from shared.storage.store import Conflict
from shared.workflow.ports import Parts

if TYPE_CHECKING:
    from shared.workflow.intake import Caller  # which imports this module

EVENT, WORD = "standing", "asked again"
TRIES = 3


def announcement(before: Restore | None, after: Restore) -> str | None:
    """The event that people and services are told of, by what changed; each of these is told once."""
    if before is None:
        return "refused" if after.phase is Phase.REFUSED else "accepted"
    if after.overdue_at and not before.overdue_at:
        return "overdue"
    if after.duplicate_at and not before.duplicate_at:
        return "duplicateJob"
    if after.phase is before.phase:
        return None
    if after.phase in CLOSED or after.phase in (Phase.LOST, Phase.SUBMITTED):
        return after.phase.value
    adopted_unannounced = after.phase is Phase.RESTORING and before.phase is not Phase.SUBMITTED
    return "submitted" if adopted_unannounced else None


def announce(parts: Parts, before: Restore | None, after: Restore) -> Announced:
    """What people and services are told of a step; nothing where the step is none of these events."""
    event = announcement(before, after)
    return announced(after, event, parts.now(), parts.read_desk) if event else Announced(after, ())


def tell_standing(parts: Parts, restore: Restore, caller: "Caller") -> None:
    """One comment per delivery and phase, to the ticket alone; none for the delivery that made the restore, sent
    again. If somebody moves the restore meanwhile, its own notices say more."""
    if not caller.reply or (caller.delivery and caller.delivery == restore.delivery):
        return
    if not may_hear(parts.read_desk(), caller.reply, EVENT, restore.ticket, restore.source):
        return
    found: Restore | None = restore
    for _ in range(TRIES):
        note = f"by {caller.source}, while {found.phase}" if found else ""
        if found is None or any((entry.what, entry.note) == (WORD, note) for entry in found.timeline):
            return
        entry = Entry(at=parts.now(), what=WORD, note=note)
        after = found.model_copy(update={"sequence": found.sequence + 1, "timeline": (*found.timeline, entry)})
        owed = outbox.owed(facts_of(after, EVENT, parts.now()), [caller.reply])
        try:
            parts.ledger.save(found, after, owed)
            return
        except Conflict:
            found = parts.ledger.load(restore.id)
