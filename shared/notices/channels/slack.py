"""Slack: Block Kit to an incoming webhook, within its limits. Pure."""

from datetime import datetime
from typing import Any

from shared.domain import text as escape
from shared.domain.text import dumped, fit, size
from shared.notices.channels.kind import JSON_HEADERS, ChannelKind
from shared.notices.facts import Facts
from shared.notices.messages import Message, Resolved
from shared.notices.notice_text import CHAT_ROOMS, Notice, Row, notice_of, one_text, said

LIMIT = 12_000  # characters of all texts; above 13,000 Slack answers msg_blocks_too_long
TEXT_LIMIT = 3_000  # characters of a section
HEADLINE, LINE, VALUE = 150, 300, 400


def compose(facts: Facts, channel: Resolved, at: datetime) -> Message:
    """Block Kit to an incoming webhook; `text` is what notifications and screen readers say."""
    notice = notice_of(facts, channel.cloud.portal, channel.ticket_sites, channel.desk_url)
    text = fit(one_text(notice), HEADLINE + LINE, escape.slack)
    found = next(made for made in (blocks(notice, *room) for room in CHAT_ROOMS) if _characters(made) <= LIMIT)
    return Message("POST", channel.url, dict(JSON_HEADERS), dumped({"text": text, "blocks": found}))


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


KIND = ChannelKind(
    compose=compose,
    took=lambda status, body: status == 200 and body.strip() == b"ok",
    needs=frozenset({"url"}),
    url_is_secret=True,
    gone="the webhook or its channel is gone: make a new one and give its URL",
    latest_only=True,
    most_a_round=10,  # one a second and short bursts
)
