"""Chat: an Adaptive Card for Teams (Workflows) and Block Kit for Slack, within their limits. Pure."""

from datetime import datetime
from typing import Any

from shared import escape
from shared.escape import dumped, fit
from shared.facts import Facts
from shared.messages import Message, Resolved
from shared.notice import Notice, Row, notice_of, one_text

_HEADERS = {"content-type": "application/json; charset=utf-8", "user-agent": "restore-desk"}
_COLORS = {"good": "Good", "warning": "Warning", "attention": "Attention", "default": "Default"}
HEADLINE, LINE, VALUE, NEXT = 150, 300, 400, 1000  # so that nine rows at their fullest stay under each channel's whole


def teams(facts: Facts, channel: Resolved, at: datetime) -> Message:
    """A card to the workflow "Post to a channel when a webhook request is received"."""
    content = adaptive_card(notice_of(facts, channel.portal))
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": content}
    return Message("POST", channel.url, dict(_HEADERS), dumped({"type": "message", "attachments": [attachment]}))


def adaptive_card(notice: Notice) -> dict[str, Any]:
    """Only elements that phones render: https://adaptivecards.io/explorer/ at version 1.2."""
    facts = [{"title": row.label, "value": fit(row.text, VALUE, escape.markdown)} for row in notice.rows]
    body: list[dict[str, Any]] = [
        _block(notice.headline, HEADLINE, weight="Bolder", size="Medium", color=_COLORS[notice.tone]),
        *([_block(notice.point, LINE)] if notice.point else []),
        {"type": "FactSet", "facts": facts},
        *([_block(f"Next: {notice.next_step}", NEXT)] if notice.next_step else []),
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


def _block(text: str, limit: int, **look: Any) -> dict[str, Any]:
    return {"type": "TextBlock", "text": fit(text, limit, escape.markdown), "wrap": True, **look}


def slack(facts: Facts, channel: Resolved, at: datetime) -> Message:
    """Block Kit to an incoming webhook; `text` is what notifications and screen readers say."""
    notice = notice_of(facts, channel.portal)
    text = fit(one_text(notice), HEADLINE + LINE, escape.slack)
    return Message("POST", channel.url, dict(_HEADERS), dumped({"text": text, "blocks": blocks(notice)}))


def blocks(notice: Notice) -> list[dict[str, Any]]:
    """Header, point, facts, next step, links, and the API's path as text."""
    headline = {"type": "plain_text", "text": fit(notice.headline, HEADLINE, escape.slack), "emoji": False}
    found: list[dict[str, Any]] = [{"type": "header", "text": headline}]
    if notice.point:
        found.append(_section(fit(notice.point, LINE, escape.slack)))
    found.append({"type": "section", "fields": [_mrkdwn(_field(row)) for row in notice.rows[:10]]})
    if notice.next_step:
        found.append(_section(f"*Next:* {fit(notice.next_step, NEXT, escape.slack)}"))
    if notice.links:
        found.append(_section("  ·  ".join(f"<{escape.slack(k.url)}|{escape.slack(k.text)}>" for k in notice.links)))
    foot = f"{_code(fit(notice.api, LINE, escape.slack))} {escape.slack(notice.mark)}"
    found.append({"type": "context", "elements": [_mrkdwn(foot)]})
    return found


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
