"""Each kind of channel and the function that writes for it; what a channel never needs to hear. Pure."""

from collections.abc import Callable
from datetime import datetime

from shared import channel_events
from shared.facts import Facts
from shared.messages import Kind, Message, Resolved
from shared.verdicts import verdict

__all__ = ["COMPOSE", "compose", "verdict"]

COMPOSE: dict[Kind, Callable[[Facts, Resolved, datetime], Message]] = {
    "webhook": channel_events.webhook,
    "eventgrid": channel_events.eventgrid,
    "queue": channel_events.queue,
}


def compose(facts: Facts, channel: Resolved, at: datetime) -> Message:
    """The call that tells `channel` of an event; Undeliverable where this event can never go there."""
    return COMPOSE[channel.kind](facts, channel, at)
