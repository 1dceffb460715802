"""An event of a restore: numbered after the earlier ones, with the notices that are written beside it."""

from collections.abc import Callable
from datetime import datetime

from shared.config.desk_file import Desk
from shared.domain.restore import Restore
from shared.domain.verification import Result
from shared.frozen import frozen
from shared.notices import outbox
from shared.notices.facts import facts_of
from shared.notices.outbox import channels_or_later
from shared.storage.store import Change


@frozen
class Announced:
    """The restore with its event's number, the notices to be written with it, and what was found, in one line."""

    restore: Restore
    notices: tuple[Change, ...]
    said: str = ""


def announced(
    restore: Restore, event: str, now: datetime, read_desk: Callable[[], Desk], found: Result | str = ""
) -> Announced:
    """Numbers the event and makes its notices; with an unreadable desk.toml the event is kept, to be routed later.
    `found`: what a verification found, or what happened in words."""
    numbered = restore.model_copy(update={"sequence": restore.sequence + 1})
    channels = channels_or_later(read_desk, restore, event)
    facts = facts_of(numbered, event, now, found)
    return Announced(numbered, tuple(outbox.owed(facts, channels)), facts.verification or str(found))
