"""Zendesk: a comment on a ticket, and a tag. Pure."""

from datetime import datetime

from shared.domain import text as escape
from shared.notices.channels.comments import COMMANDS, VALUE, basic, call, comment_of, plain_lines, ticket_parts
from shared.notices.channels.kind import ChannelKind, TicketRef, json_object
from shared.notices.facts import Facts
from shared.notices.messages import Message, Resolved
from shared.notices.notice_text import Notice

REF = TicketRef(r"(?:tickets/)?([0-9]{1,15})", "the ticket's number", whole=str)


def compose(facts: Facts, channel: Resolved, at: datetime) -> Message:
    """A private comment, and a tag that a trigger can look for so as not to fire on it."""
    # an API token is told from a password by "/token"
    user = basic(channel.user if channel.user.endswith("/token") else f"{channel.user}/token", channel)
    if facts.event == "test":  # it needs a ticket to write to: a call that changes nothing, by the same user
        return call("GET", channel, "/api/v2/users/me.json", user)
    (number,) = ticket_parts(REF, facts, channel)
    comment = {"body": written(comment_of(facts, channel)), "public": not channel.internal}
    body = {"ticket": {"comment": comment, "additional_tags": ["restore-desk"]}}
    return call("PUT", channel, f"/api/v2/tickets/{number}.json", user, body)


def written(notice: Notice) -> str:
    """Plain text."""
    return "\n".join(plain_lines(notice, escape.zendesk, VALUE, COMMANDS))


KIND = ChannelKind(
    compose=compose,
    took=json_object,
    needs=frozenset({"url", "secret", "user"}),
    gone="no such ticket, or the user may not see it",
    ref=REF,
)
