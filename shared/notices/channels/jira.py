"""Jira: a comment on an issue in Atlassian's document format, or an internal note in wiki markup. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from shared.domain import text as escape
from shared.domain.text import fit
from shared.notices.channels.comments import (
    COMMANDS,
    HEADLINE,
    LINE,
    VALUE,
    WORDS,
    basic,
    call,
    comment_of,
    ticket_parts,
)
from shared.notices.channels.kind import ChannelKind, TicketRef, json_object
from shared.notices.facts import Facts
from shared.notices.messages import Message, Resolved
from shared.notices.notice_text import Notice, said

REF = TicketRef(
    r"(?:issue/)?([A-Z][A-Z0-9_]{1,30}-[0-9]{1,10})",
    "the issue's key, such as OPS-12",
    whole=str,
    place=lambda key: str(key).rpartition("-")[0],
)


def compose(facts: Facts, channel: Resolved, at: datetime) -> Message:
    """Internal: a service project's note that customers do not see, which only the service desk API can write."""
    user = basic(channel.user, channel)
    if facts.event == "test":  # it needs an issue to write to: a call that changes nothing, by the same user
        return call("GET", channel, "/rest/api/3/myself", user)
    (key,) = ticket_parts(REF, facts, channel)
    notice = comment_of(facts, channel)
    if channel.internal:
        path = f"/rest/servicedeskapi/request/{key}/comment"
        return call("POST", channel, path, user, {"body": wiki(notice), "public": False})
    return call("POST", channel, f"/rest/api/3/issue/{key}/comment", user, {"body": document(notice)})


def wiki(notice: Notice) -> str:
    """Jira's wiki markup, as the service desk API takes it."""
    lines = [
        f"*{fit(notice.headline, HEADLINE, escape.wiki)}*",
        *([fit(notice.point, LINE, escape.wiki)] if notice.point else []),
        "",
        *(f"* *{row.label}:* {fit(row.text, VALUE, escape.wiki)}" for row in notice.rows),
        "",
    ]
    for step in said(notice, WORDS, COMMANDS, lambda command: "{noformat" not in command):
        lines.append(fit(step.words, WORDS, escape.wiki))
        lines += [f"{{noformat}}{step.command}{{noformat}}"] if step.command else []
    lines += [f"[{escape.wiki(link.text)}|{link.url}]" for link in notice.links]
    return "\n".join([*lines, f"API: {fit(notice.api, LINE, escape.wiki)} {escape.wiki(notice.mark)}"])


def document(notice: Notice) -> dict[str, Any]:
    """Atlassian's document format: text nodes are not parsed, so nothing is escaped."""
    rows = [_paragraph(_text(f"{row.label}: ", "strong"), _text(row.text, *_exact(row.exact))) for row in notice.rows]
    links = [_text(link.text, {"type": "link", "attrs": {"href": link.url}}) for link in notice.links]
    content = [
        _paragraph(_text(notice.headline, "strong")),
        *([_paragraph(_text(notice.point))] if notice.point else []),
        {"type": "bulletList", "content": [{"type": "listItem", "content": [row]} for row in rows]},
        *(node for step in said(notice, WORDS, COMMANDS) for node in _step(step.words, step.command)),
        *(_paragraph(link) for link in links),
        _paragraph(_text(notice.api, "code"), _text(f" {notice.mark}")),
    ]
    return {"type": "doc", "version": 1, "content": content}


def _step(words: str, command: str | None) -> Iterator[dict[str, Any]]:
    yield _paragraph(_text(words))
    if command:
        text = {"type": "text", "text": command}
        yield {"type": "codeBlock", "attrs": {"language": "shell"}, "content": [text]}


def _exact(exact: bool) -> tuple[str, ...]:
    return ("code",) if exact else ()


def _paragraph(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"type": "paragraph", "content": list(nodes)}


def _text(text: str, *marks: str | dict[str, Any]) -> dict[str, Any]:
    node: dict[str, Any] = {"type": "text", "text": fit(text, VALUE)}
    found = [{"type": mark} if isinstance(mark, str) else mark for mark in marks]
    return {**node, "marks": found} if found else node


KIND = ChannelKind(
    compose=compose,
    took=json_object,
    needs=frozenset({"url", "secret", "user"}),
    gone="no such issue, or not for this user, or in no service project (then set internal = false)",
    ref=REF,
)
