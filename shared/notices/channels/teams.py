"""Teams: an Adaptive Card to a workflow, within its limits. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from shared.domain import text as escape
from shared.domain.text import dumped, fit
from shared.notices.channels.kind import JSON_HEADERS, ChannelKind, any_2xx
from shared.notices.facts import Facts
from shared.notices.messages import Message, Resolved
from shared.notices.notice_text import CHAT_ROOMS, Notice, notice_of, said

LIMIT = 27_000  # bytes of the whole message; Teams refuses more than 28 KB
HEADLINE, LINE, VALUE = 150, 300, 400
_COLORS = {"good": "Good", "warning": "Warning", "attention": "Attention", "default": "Default"}


def compose(facts: Facts, channel: Resolved, at: datetime) -> Message:
    """A card to the workflow "Post to a channel when a webhook request is received"."""
    notice = notice_of(facts, channel.cloud.portal, channel.ticket_sites, channel.desk_url)
    bodies = (dumped(_message(adaptive_card(notice, *room))) for room in CHAT_ROOMS)
    return Message("POST", channel.url, dict(JSON_HEADERS), next(body for body in bodies if len(body) <= LIMIT))


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


KIND = ChannelKind(
    compose=compose,
    took=any_2xx,  # normally 202 with nothing in it; whether the card shows, the workflow keeps to itself
    needs=frozenset({"url"}),
    url_is_secret=True,
    gone="the workflow is gone or switched off: make a new one and give its URL",
    latest_only=True,
    most_a_round=40,  # four a second
)
