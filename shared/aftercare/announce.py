"""The notices of an event after a restore has closed: numbered after the restore's own, routed by desk.toml."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.config.desk_file import Desk
from shared.domain.restore import Restore
from shared.domain.verification import Result
from shared.notices import outbox
from shared.notices.facts import facts_of
from shared.notices.outbox import channels_or_later
from shared.storage.store import Change


@dataclass(frozen=True)
class Announced:
    """A closed restore with the number of its new event, the event's notices, and what happened in one line."""

    restore: Restore
    notices: tuple[Change, ...]
    said: str = ""


def announced(
    restore: Restore, event: str, now: datetime, read_desk: Callable[[], Desk], found: Result | str
) -> Announced:
    """`found` is what a verification found, or in words what happened; with an unreadable desk.toml the event is kept,
    to be routed later."""
    numbered = restore.model_copy(update={"sequence": restore.sequence + 1})
    channels = channels_or_later(read_desk, restore, event)
    facts = facts_of(numbered, event, now, found)
    return Announced(numbered, tuple(outbox.owed(facts, channels)), facts.verification or str(found))
