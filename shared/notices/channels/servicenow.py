"""ServiceNow: a work note or a comment on a record, written once. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from shared.domain import text as escape
from shared.domain.text import size
from shared.notices.channels.answers import not_now, parsed
from shared.notices.channels.comments import basic, call, comment_of, plain_lines, ticket_parts
from shared.notices.channels.kind import ChannelKind, TicketRef, json_object
from shared.notices.facts import Facts
from shared.notices.messages import Delivered, Message, Resolved, TryAgain
from shared.notices.notice_text import Notice, mark

JOURNAL = 3900  # a ServiceNow journal entry holds 4,000 characters by default
_ROOMS = ((700, 2_500), (400, 1_500), (300, 700), (200, 0), (100, 0))  # of a line, and of all commands
REF = TicketRef(
    # only tables that have work_notes; u_ and x_ are a customer's own
    r"(incident|problem|problem_task|change_request|change_task|sc_request|sc_req_item|sc_task|[ux]_[a-z0-9_]{1,70})"
    r"/([0-9a-f]{32})",
    "<table>/<sys_id>, such as sc_req_item/0123456789abcdef0123456789abcdef",
    whole="{}/{}".format,
    place=lambda table, sys_id: str(table),
)


def compose(facts: Facts, channel: Resolved, at: datetime) -> Message:
    """A work note, or (not internal) a comment that the requester sees. Each PATCH appends one: `before` asks first."""
    user = basic(channel.user, channel)
    if facts.event == "test":  # it needs a ticket to write to: a call that changes nothing, by the same user
        return call("GET", channel, "/api/now/table/sys_user?sysparm_fields=sys_id&sysparm_limit=1", user)
    table, sys_id = ticket_parts(REF, facts, channel)
    name = "work_notes" if channel.internal else "comments"
    query = quote(f"element_id={sys_id}^element={name}^valueLIKE{mark(facts.event_id)}", safe="")
    journal = f"/api/now/table/sys_journal_field?sysparm_query={query}&sysparm_fields=sys_id&sysparm_limit=1"
    path = f"/api/now/table/{table}/{sys_id}?sysparm_fields=sys_id,number"
    written = call("PATCH", channel, path, user, {name: note(comment_of(facts, channel))})
    return replace(written, before=call("GET", channel, journal, user))


def note(notice: Notice) -> str:
    """Plain text, its longest lines cut until the whole fits."""
    texts = ("\n".join(plain_lines(notice, escape.journal, *room)) for room in _ROOMS)
    return next(text for text in texts if size(text) <= JOURNAL)


def told_before(status: int, body: bytes, headers: Mapping[str, str]) -> Delivered | TryAgain | None:
    """What the answer to `Message.before` means: the note is there, ask again later, or (None) go on and write it."""
    value = parsed(body)
    if status == 200 and isinstance(value, dict) and value.get("result"):
        return Delivered()
    # else it is not there, or the user may not read the journal: a second note is the lesser harm
    return not_now(status, headers, f"asked whether the note is there already, the channel answered {status}")


KIND = ChannelKind(
    compose=compose,
    took=json_object,
    needs=frozenset({"url", "secret", "user"}),
    gone="no such record, or the user may not read it",
    ref=REF,
    told_before=told_before,
)
