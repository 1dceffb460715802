"""A notice as a ticket's comment: plain journal text, wiki markup, Atlassian's document format, Markdown. Pure."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from shared.domain import text as escape
from shared.domain.text import fit, size
from shared.notices.notice_text import Notice, said

HEADLINE, LINE, VALUE, WORDS, COMMANDS = 200, 300, 700, 700, 8_000
JOURNAL = 3900  # a ServiceNow journal entry holds 4,000 characters by default
_ROOMS = ((700, 2_500), (400, 1_500), (300, 700), (200, 0), (100, 0))  # of a line, and of all commands


def note(notice: Notice) -> str:
    """ServiceNow's work notes: plain text, its longest lines cut until the whole fits."""
    texts = ("\n".join(_lines(notice, escape.journal, *room)) for room in _ROOMS)
    return next(text for text in texts if size(text) <= JOURNAL)


def zendesk(notice: Notice) -> str:
    """A Zendesk comment: plain text."""
    return "\n".join(_lines(notice, escape.zendesk, VALUE, COMMANDS))


def _lines(notice: Notice, escaped: Callable[[str], str], room: int, commands: int) -> Iterator[str]:
    yield fit(notice.headline, HEADLINE, escaped)
    if notice.point:
        yield fit(notice.point, LINE, escaped)
    yield ""
    yield from (f"{row.label}: {fit(row.text, room, escaped)}" for row in notice.rows)
    yield ""
    for step in said(notice, room, commands, lambda command: escaped(command) == command):
        yield fit(step.words, room, escaped)
        if step.command:
            yield step.command
    yield ""
    yield from (f"{link.text}: {link.url}" for link in notice.links)
    yield f"API: {fit(notice.api, LINE, escaped)}"
    yield escaped(notice.mark)


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


def markdown(notice: Notice) -> str:
    """GitHub's Markdown."""
    lines = [
        f"**{fit(notice.headline, HEADLINE, escape.github)}**",
        *([fit(notice.point, LINE, escape.github)] if notice.point else []),
        "",
        *(f"- **{row.label}:** {_value(row.text, row.exact)}" for row in notice.rows),
        "",
    ]
    for step in said(notice, WORDS, COMMANDS):
        lines += [fit(step.words, WORDS, escape.github), ""]
        lines += [*_fenced(step.command), ""] if step.command else []
    lines += [" · ".join(f"[{escape.github(link.text)}]({link.url})" for link in notice.links), ""]
    return "\n".join([*lines, f"{_value(notice.api, True)} {escape.github(notice.mark)}"])


def _value(text: str, exact: bool) -> str:
    if not exact:
        return fit(text, VALUE, escape.github)
    return "`" + fit(text, VALUE).replace("`", "'") + "`"


def _fenced(command: str) -> tuple[str, str, str]:
    """A fence longer than any in the command: https://github.github.com/gfm/#fenced-code-blocks"""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", command)), default=0))
    return f"{fence}sh", command, fence


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
