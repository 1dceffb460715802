"""A notice as a ticket's comment: plain journal text, wiki markup, Atlassian's document format, Markdown. Pure."""

from collections.abc import Callable
from typing import Any

from shared import escape
from shared.escape import fit, size
from shared.notice import Notice

HEADLINE, LINE, VALUE, NEXT = 200, 300, 700, 1500
JOURNAL = 3900  # a ServiceNow journal entry holds 4,000 characters by default


def note(notice: Notice) -> str:
    """ServiceNow's work notes: plain text, its longest lines cut until the whole fits."""
    texts = ("\n".join(_lines(notice, escape.journal, room)) for room in (VALUE, 400, 200, 100))
    return next(text for text in texts if size(text) <= JOURNAL)


def zendesk(notice: Notice) -> str:
    """A Zendesk comment: plain text."""
    return "\n".join(_lines(notice, escape.zendesk, VALUE))


def _lines(notice: Notice, escaped: Callable[[str], str], room: int) -> list[str]:
    return [
        fit(notice.headline, HEADLINE, escaped),
        *([fit(notice.point, LINE, escaped)] if notice.point else []),
        "",
        *(f"{row.label}: {fit(row.text, room, escaped)}" for row in notice.rows),
        *([f"Next: {fit(notice.next_step, room * 2, escaped)}"] if notice.next_step else []),
        *(f"{link.text}: {link.url}" for link in notice.links),
        f"API: {fit(notice.api, LINE, escaped)}",
        escaped(notice.mark),
    ]


def wiki(notice: Notice) -> str:
    """Jira's wiki markup, as the service desk API takes it."""
    lines = [
        f"*{fit(notice.headline, HEADLINE, escape.wiki)}*",
        *([fit(notice.point, LINE, escape.wiki)] if notice.point else []),
        "",
        *(f"* *{row.label}:* {fit(row.text, VALUE, escape.wiki)}" for row in notice.rows),
        "",
        *([f"*Next:* {fit(notice.next_step, NEXT, escape.wiki)}"] if notice.next_step else []),
        *(f"[{escape.wiki(link.text)}|{link.url}]" for link in notice.links),
        f"API: {fit(notice.api, LINE, escape.wiki)} {escape.wiki(notice.mark)}",
    ]
    return "\n".join(lines)


def markdown(notice: Notice) -> str:
    """GitHub's Markdown."""
    lines = [
        f"**{fit(notice.headline, HEADLINE, escape.github)}**",
        *([fit(notice.point, LINE, escape.github)] if notice.point else []),
        "",
        *(f"- **{row.label}:** {_value(row.text, row.exact)}" for row in notice.rows),
        "",
        *([f"**Next:** {fit(notice.next_step, NEXT, escape.github)}", ""] if notice.next_step else []),
        " · ".join(f"[{escape.github(link.text)}]({link.url})" for link in notice.links),
        "",
        f"{_value(notice.api, True)} {escape.github(notice.mark)}",
    ]
    return "\n".join(lines)


def _value(text: str, exact: bool) -> str:
    if not exact:
        return fit(text, VALUE, escape.github)
    return "`" + fit(text, VALUE).replace("`", "'") + "`"


def document(notice: Notice) -> dict[str, Any]:
    """Atlassian's document format: text nodes are not parsed, so nothing is escaped."""
    rows = [_paragraph(_text(f"{row.label}: ", "strong"), _text(row.text, *_exact(row.exact))) for row in notice.rows]
    links = [_text(link.text, {"type": "link", "attrs": {"href": link.url}}) for link in notice.links]
    content = [
        _paragraph(_text(notice.headline, "strong")),
        *([_paragraph(_text(notice.point))] if notice.point else []),
        {"type": "bulletList", "content": [{"type": "listItem", "content": [row]} for row in rows]},
        *([_paragraph(_text("Next: ", "strong"), _text(notice.next_step))] if notice.next_step else []),
        *(_paragraph(link) for link in links),
        _paragraph(_text(notice.api, "code"), _text(f" {notice.mark}")),
    ]
    return {"type": "doc", "version": 1, "content": content}


def _exact(exact: bool) -> tuple[str, ...]:
    return ("code",) if exact else ()


def _paragraph(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"type": "paragraph", "content": list(nodes)}


def _text(text: str, *marks: str | dict[str, Any]) -> dict[str, Any]:
    node: dict[str, Any] = {"type": "text", "text": fit(text, NEXT)}
    found = [{"type": mark} if isinstance(mark, str) else mark for mark in marks]
    return {**node, "marks": found} if found else node
