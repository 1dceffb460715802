"""Comments on tickets: ServiceNow, Jira, Zendesk and GitHub, at the channel's own base URL. Pure."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from shared.domain.text import dumped
from shared.domain.version import AGENT
from shared.notices.channels import comment_markup
from shared.notices.channels.replies import parsed, wait_of
from shared.notices.channels.ticket_refs import parts_of
from shared.notices.facts import Facts
from shared.notices.messages import Delivered, Message, Resolved, TryAgain, Undeliverable
from shared.notices.notice_text import VAULT_LINK, Notice, mark, notice_of

_ME = {
    "servicenow": "/api/now/table/sys_user?sysparm_fields=sys_id&sysparm_limit=1",
    "jira": "/rest/api/3/myself",
    "zendesk": "/api/v2/users/me.json",
    "github": "/rate_limit",
}


def servicenow(facts: Facts, channel: Resolved, at: datetime) -> Message:
    """A work note, or (not internal) a comment that the requester sees. Each PATCH appends one: `before` asks first."""
    if facts.event == "test":
        return _who_am_i(channel)
    table, sys_id = _ref(facts, channel)
    name = "work_notes" if channel.internal else "comments"
    query = quote(f"element_id={sys_id}^element={name}^valueLIKE{mark(facts.event_id)}", safe="")
    journal = f"/api/now/table/sys_journal_field?sysparm_query={query}&sysparm_fields=sys_id&sysparm_limit=1"
    body = {name: comment_markup.note(_notice(facts, channel))}
    path = f"/api/now/table/{table}/{sys_id}?sysparm_fields=sys_id,number"
    return _call("PATCH", channel, path, body, before=_call("GET", channel, journal))


def jira(facts: Facts, channel: Resolved, at: datetime) -> Message:
    """Internal: a service project's note that customers do not see, which only the service desk API can write."""
    if facts.event == "test":
        return _who_am_i(channel)
    (key,) = _ref(facts, channel)
    notice = _notice(facts, channel)
    if channel.internal:
        body: dict[str, Any] = {"body": comment_markup.wiki(notice), "public": False}
        return _call("POST", channel, f"/rest/servicedeskapi/request/{key}/comment", body)
    return _call("POST", channel, f"/rest/api/3/issue/{key}/comment", {"body": comment_markup.document(notice)})


def zendesk(facts: Facts, channel: Resolved, at: datetime) -> Message:
    """A private comment, and a tag that a trigger can look for so as not to fire on it."""
    if facts.event == "test":
        return _who_am_i(channel)
    (number,) = _ref(facts, channel)
    comment = {"body": comment_markup.zendesk(_notice(facts, channel)), "public": not channel.internal}
    body = {"ticket": {"comment": comment, "additional_tags": ["restore-desk"]}}
    return _call("PUT", channel, f"/api/v2/tickets/{number}.json", body)


def github(facts: Facts, channel: Resolved, at: datetime) -> Message:
    """A comment on the issue."""
    if facts.event == "test":
        return _who_am_i(channel)
    owner, repository, number = _ref(facts, channel)
    path = f"/repos/{owner}/{repository}/issues/{number}/comments"
    return _call("POST", channel, path, {"body": comment_markup.markdown(_notice(facts, channel))})


def told_before(status: int, body: bytes, headers: Mapping[str, str]) -> Delivered | TryAgain | None:
    """What the answer to `Message.before` means: the note is there, ask again later, or (None) go on and write it."""
    value = parsed(body)
    if status == 200 and isinstance(value, dict) and value.get("result"):
        return Delivered()
    if status == 429 or status >= 500:
        return TryAgain(f"asked whether the note is there already, the channel answered {status}", wait_of(headers))
    return None  # not there, or the user may not read the journal: a second note is the lesser harm


def _ref(facts: Facts, channel: Resolved) -> tuple[str, ...]:
    found = parts_of(channel.kind, facts.ticket)
    if isinstance(found, str):
        raise Undeliverable(f"{channel.name} writes to {channel.kind} tickets, but {found}")
    return found


def _notice(facts: Facts, channel: Resolved) -> Notice:
    """Without a link to the ticket it stands on."""
    notice = notice_of(facts, channel.cloud.portal, channel.ticket_sites)
    return replace(notice, links=tuple(link for link in notice.links if link.text == VAULT_LINK))


def _who_am_i(channel: Resolved) -> Message:
    """The test of a channel that needs a ticket to write to: a call that changes nothing, by the same user."""
    return _call("GET", channel, _ME[channel.kind])


def _call(method: Any, channel: Resolved, path: str, body: Any = None, before: Message | None = None) -> Message:
    headers = {"accept": "application/json", "user-agent": AGENT, "authorization": _authorization(channel)}
    if channel.kind == "github":
        headers |= {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}
    if body is not None:
        headers["content-type"] = "application/json"
    return Message(method, f"{channel.url}{path}", headers, b"" if body is None else dumped(body), before=before)


def _authorization(channel: Resolved) -> str:
    if channel.kind == "github":
        return f"Bearer {channel.secrets[0]}"
    user = channel.user
    if channel.kind == "zendesk" and not user.endswith("/token"):
        user += "/token"  # an API token is told from a password by this
    return "Basic " + base64.b64encode(f"{user}:{channel.secrets[0]}".encode()).decode()
