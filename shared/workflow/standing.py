"""A ticket that is approved again, unchanged: a comment on it says where its first restore stands."""

from shared.domain.restore import Entry, Restore
from shared.notices import outbox
from shared.notices.facts import facts_of
from shared.notices.routing import may_hear
from shared.storage.store import Conflict
from shared.workflow.intake import Caller
from shared.workflow.ports import Parts

EVENT, WORD = "standing", "asked again"
TRIES = 3


def tell_standing(parts: Parts, restore: Restore, caller: Caller) -> None:
    """One comment per delivery and phase, to the ticket alone; none for the delivery that made the restore, sent
    anew. Where somebody moves the restore meanwhile, its own notices say more."""
    if not caller.reply or (caller.delivery and caller.delivery == restore.delivery):
        return
    channel = parts.read_desk().channels.get(caller.reply)
    if channel is None or not may_hear(channel, EVENT, restore.ticket):
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
