"""Each kind of channel, the function that writes for it, and what it never needs to hear. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime

from shared import channel_chat, channel_events, channel_pagerduty, channel_tickets
from shared.notices.facts import Facts
from shared.notices.messages import Kind, Message, Resolved
from shared.ticket_refs import is_ticket_system, parts_of

COMPOSE: dict[Kind, Callable[[Facts, Resolved, datetime], Message]] = {
    "teams": channel_chat.teams,
    "slack": channel_chat.slack,
    "webhook": channel_events.webhook,
    "eventgrid": channel_events.eventgrid,
    "queue": channel_events.queue,
    "servicenow": channel_tickets.servicenow,
    "jira": channel_tickets.jira,
    "zendesk": channel_tickets.zendesk,
    "github": channel_tickets.github,
    "pagerduty": channel_pagerduty.pagerduty,
}


def compose(facts: Facts, channel: Resolved, at: datetime) -> Message:
    """The call that tells `channel` of an event, at one attempt; Undeliverable where this event can never go there."""
    return COMPOSE[channel.kind](facts, channel, at)


def concerns(kind: Kind, event: str, ticket: Mapping[str, str] | None) -> bool:
    """Whether an event can go to a channel of this kind at all: tickets need a ref of theirs, a pager no start."""
    if is_ticket_system(kind):
        return not isinstance(parts_of(kind, ticket), str)
    return not (kind == "pagerduty" and event == "accepted")
