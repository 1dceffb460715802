"""Chat: an Adaptive Card for Teams (Workflows) and Block Kit for Slack, within their limits. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from shared.domain import text as escape
from shared.domain.text import dumped, fit, size
from shared.domain.version import AGENT
from shared.notices.facts import Facts
from shared.notices.messages import Message, Resolved
from shared.notices.notice_text import Notice, Row, notice_of, one_text, said

TEAMS_LIMIT = 27_000  # bytes of the whole message; Teams refuses more than 28 KB
SLACK_LIMIT = 12_000  # characters of all texts; above 13,000 Slack answers msg_blocks_too_long
TEXT_LIMIT = 3_000  # characters of a section
HEADLINE, LINE, VALUE = 150, 300, 400
ROOMS = ((400, 8_000), (400, 4_000), (400, 2_000), (400, 0), (150, 0))  # of a step's words, and of all commands
_HEADERS = {"content-type": "application/json; charset=utf-8", "user-agent": AGENT}
_COLORS = {"good": "Good", "warning": "Warning", "attention": "Attention", "default": "Default"}


def teams(facts: Facts, channel: Resolved, at: datetime) -> Message:
    """A card to the workflow "Post to a channel when a webhook request is received"."""
    notice = notice_of(facts, channel.cloud.portal, channel.ticket_sites)
    bodies = (dumped(_message(adaptive_card(notice, *room))) for room in ROOMS)
    return Message("POST", channel.url, dict(_HEADERS), next(body for body in bodies if len(body) <= TEAMS_LIMIT))


def _message(card: dict[str, Any]) -> dict[str, Any]:
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def adaptive_card(notice: Notice, words: int, commands: int) -> dict[str, Any]:
    """Only elements that phones render: https://adaptivecards.io/explorer/ at version 1.2."""
    facts = [{"title": row.label, "value": fit(row.text, VALUE, escape.markdown)} for row in notice.rows]
    body: list[dict[str, Any]] = [
        _block(notice.headline, HEADLINE, weight="Bolder", size="Medium", color=_COLORS[notice.tone]),
        *([_block(notice.point, LINE)] if notice.point else []),
        {"type": "FactSet", "facts": facts},
        *_card_steps(notice, words, commands),
        _block(f"{notice.api} {notice.mark}", LINE, isSubtle=True, size="Small"),
    ]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": body,
        "msteams": {"width": "Full"},
    }
    actions = [{"type": "Action.OpenUrl", "title": link.text, "url": link.url} for link in notice.links]
    return {**card, "actions": actions} if actions else card


def _card_steps(notice: Notice, words: int, commands: int) -> Iterator[dict[str, Any]]:
    for step in said(notice, words, commands):
        yield _block(step.words, words)
        if step.command:  # a TextRun has no Markdown: what is copied is what was written
            yield {
                "type": "RichTextBlock",
                "inlines": [{"type": "TextRun", "text": step.command, "fontType": "Monospace"}],
            }


def _block(text: str, limit: int, **look: Any) -> dict[str, Any]:
    return {"type": "TextBlock", "text": fit(text, limit, escape.markdown), "wrap": True, **look}


def slack(facts: Facts, channel: Resolved, at: datetime) -> Message:
    """Block Kit to an incoming webhook; `text` is what notifications and screen readers say."""
    notice = notice_of(facts, channel.cloud.portal, channel.ticket_sites)
    text = fit(one_text(notice), HEADLINE + LINE, escape.slack)
    found = next(made for made in (blocks(notice, *room) for room in ROOMS) if _characters(made) <= SLACK_LIMIT)
    return Message("POST", channel.url, dict(_HEADERS), dumped({"text": text, "blocks": found}))


def blocks(notice: Notice, words: int, commands: int) -> list[dict[str, Any]]:
    """Header, point, facts, next steps, links, and the API's path as text."""
    headline = {"type": "plain_text", "text": fit(notice.headline, HEADLINE, escape.slack), "emoji": False}
    found: list[dict[str, Any]] = [{"type": "header", "text": headline}]
    if notice.point:
        found.append(_section(fit(notice.point, LINE, escape.slack)))
    found.append({"type": "section", "fields": [_mrkdwn(_field(row)) for row in notice.rows[:10]]})
    for step in said(notice, words, commands, _fits_slack):
        command = f"\n```{escape.slack(step.command)}```" if step.command else ""
        found.append(_section(fit(step.words, words, escape.slack) + command))
    links = (f"<{escape.slack(link.url)}|{escape.slack(link.text)}>" for link in notice.links)
    found += [_section(link) for link in links if size(link) <= TEXT_LIMIT]
    foot = f"{_code(fit(notice.api, LINE, escape.slack))} {escape.slack(notice.mark)}"
    found.append({"type": "context", "elements": [_mrkdwn(foot)]})
    return found


def _fits_slack(command: str) -> bool:
    return "```" not in command and size(escape.slack(command)) <= TEXT_LIMIT - 450


def _characters(found: list[dict[str, Any]]) -> int:
    parts = [part for block in found for name in ("fields", "elements") for part in block.get(name, [])]
    return sum(size(part["text"]) for part in parts + [block["text"] for block in found if "text" in block])


def _field(row: Row) -> str:
    text = fit(row.text, VALUE, escape.slack)
    return f"*{row.label}*\n{_code(text) if row.exact else text}"


def _code(text: str) -> str:
    return "`" + text.replace("`", "'") + "`"


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _mrkdwn(text)}


def _mrkdwn(text: str) -> dict[str, Any]:
    # verbatim: no link, channel or user is made of what only looks like one
    return {"type": "mrkdwn", "text": text, "verbatim": True}
