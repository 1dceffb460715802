"""Who is told of an event: the notices of a step, routed by desk.toml as it stands when the event happens."""

from dataclasses import dataclass

from shared.domain.problems import Ours
from shared.domain.restore import Restore
from shared.domain.state_machine import announcement
from shared.notices import outbox
from shared.notices.facts import facts_of
from shared.notices.outbox import UNROUTED
from shared.notices.routing import channels_of
from shared.storage.store import Change
from shared.workflow.ports import Parts

MOST = 30  # channels in one transaction, which takes 4 MiB: more are routed in several, after the step


@dataclass(frozen=True)
class Announced:
    """The restore with its event's number, and the notices to be written with it."""

    restore: Restore
    notices: tuple[Change, ...]


def announce(parts: Parts, before: Restore | None, after: Restore) -> Announced:
    """Numbers the event and makes its notices; with an unreadable desk.toml it is kept, to be routed later."""
    event = announcement(before, after)
    if event is None:
        return Announced(after, ())
    numbered = after.model_copy(update={"sequence": after.sequence + 1})
    try:
        channels = channels_of(parts.read_desk(), after.instance_name, after.channels, event, after.ticket)
    except Ours:
        channels = None
    if channels is None or len(channels) > MOST:
        channels = [UNROUTED, *after.channels]  # the restore's own are known by name; the rest is routed later
    facts = facts_of(numbered, event, parts.now())
    return Announced(numbered, tuple(outbox.owed(facts, channels)))
