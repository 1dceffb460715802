"""Each kind of channel, the function that writes for it, and what it never needs to hear. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime

from shared.notices.channels import chat, machine_events, pagerduty, tickets
from shared.notices.channels.ticket_refs import is_ticket_system, parts_of
from shared.notices.facts import Facts
from shared.notices.messages import Kind, Message, Resolved

COMPOSE: dict[Kind, Callable[[Facts, Resolved, datetime], Message]] = {
    "teams": chat.teams,
    "slack": chat.slack,
    "webhook": machine_events.webhook,
    "eventgrid": machine_events.eventgrid,
    "queue": machine_events.queue,
    "servicenow": tickets.servicenow,
    "jira": tickets.jira,
    "zendesk": tickets.zendesk,
    "github": tickets.github,
    "pagerduty": pagerduty.pagerduty,
}


# neither opens an alert nor ends one
NO_PAGE = frozenset({"accepted", "submitted", "checked", "standing", "verificationInconclusive"})


def compose(facts: Facts, channel: Resolved, at: datetime) -> Message:
    """The call that tells `channel` of an event, at one attempt; Undeliverable where this event can never go there."""
    return COMPOSE[channel.kind](facts, channel, at)


def concerns(kind: Kind, event: str, ticket: Mapping[str, str] | None) -> bool:
    """Whether an event can go to a channel of this kind at all: tickets need a ref of theirs, a pager no start."""
    if is_ticket_system(kind):
        return not isinstance(parts_of(kind, ticket), str)
    return not (kind == "pagerduty" and event in NO_PAGE)
