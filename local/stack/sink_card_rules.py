"""Knows the published shape and limits of Teams' Adaptive Cards and Slack's Block Kit, and what breaks them. Pure."""

import re
from collections.abc import Callable
from typing import Any

TEAMS_LIMIT = 28 * 1024
SLACK_TOTAL = 13_000
_ELEMENT: dict[str, dict[str, Callable[[Any], bool]]] = {
    "TextBlock": {
        "type": bool,
        "text": lambda v: isinstance(v, str) and v != "",
        "wrap": lambda v: isinstance(v, bool),
        "isSubtle": lambda v: isinstance(v, bool),
        "weight": lambda v: v in ("Default", "Lighter", "Bolder"),
        "size": lambda v: v in ("Default", "Small", "Medium", "Large", "ExtraLarge"),
        "color": lambda v: v in ("Default", "Dark", "Light", "Accent", "Good", "Warning", "Attention"),
    },
    "RichTextBlock": {"type": bool, "inlines": lambda v: isinstance(v, list) and v != [] and all(map(_is_run, v))},
    "FactSet": {"type": bool, "facts": lambda v: isinstance(v, list) and v != [] and all(map(_is_fact, v))},
    "Action.OpenUrl": {
        "type": bool,
        "title": lambda v: isinstance(v, str) and v != "",
        "url": lambda v: isinstance(v, str) and v.startswith("https://"),
    },
}
_CARD = {"$schema", "type", "version", "body", "actions", "msteams", "fallbackText", "speak", "lang"}


def _is_fact(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"title", "value"}
        and all(isinstance(v, str) and v for v in value.values())
    )


def _is_run(value: Any) -> bool:
    named = isinstance(value, dict) and value.keys() <= {"type", "text", "fontType"} and value.get("type") == "TextRun"
    return named and bool(value.get("text")) and value.get("fontType", "Default") in ("Default", "Monospace")


def check_teams(message: Any, size: int) -> list[str]:
    """What a Workflows webhook or a phone's renderer (1.2) would not take."""
    faults = [f"{size} bytes; Teams takes {TEAMS_LIMIT}"] if size > TEAMS_LIMIT else []
    if not isinstance(message, dict) or message.get("type") != "message":
        return [*faults, 'the message needs "type": "message"']
    attachments = message.get("attachments")
    if not isinstance(attachments, list) or not attachments:
        return [*faults, "the workflow loops over attachments: there are none"]
    for attachment in attachments:
        if attachment.get("contentType") != "application/vnd.microsoft.card.adaptive":
            faults.append("an attachment is no Adaptive Card")
        faults += _check_card(attachment.get("content"))
    return faults


def _check_card(card: Any) -> list[str]:
    if not isinstance(card, dict) or card.get("type") != "AdaptiveCard":
        return ["content is no AdaptiveCard"]
    faults = [f"a card has no {name}" for name in card.keys() - _CARD]
    if card.get("version") not in ("1.0", "1.1", "1.2"):
        faults.append(f"version {card.get('version')}: phones render 1.2 and below")
    if not card.get("body"):
        faults.append("the card has no body")
    return faults + [
        fault for part in [*card.get("body", []), *card.get("actions", [])] for fault in _check_element(part)
    ]


def _check_element(part: Any) -> list[str]:
    rules = _ELEMENT.get(str(part.get("type"))) if isinstance(part, dict) else None
    if rules is None:
        return [f"no element of 1.2 that the desk uses: {str(part)[:60]}"]
    wrong = [name for name, value in part.items() if name not in rules or not rules[name](value)]
    missing = [name for name in ("text", "facts", "inlines", "url") if name in rules and name not in part]
    return [f"{part['type']}.{name} is wrong or missing" for name in wrong + missing]


def check_slack(message: Any) -> list[str]:
    """What an incoming webhook would answer invalid_blocks, no_text or msg_blocks_too_long to, and any mention."""
    if not isinstance(message, dict) or not message.get("text"):
        return ["no_text"]
    found = message.get("blocks")
    if not isinstance(found, list) or not 1 <= len(found) <= 50:
        return ["1 to 50 blocks are due"]
    faults = [fault for block in found for fault in _check_block(block)]
    texts = [message["text"], *(text for block in found for text in _texts_of(block))]
    if sum(map(len, texts)) > SLACK_TOTAL:
        faults.append("msg_blocks_too_long")
    return faults + [fault for text in texts for fault in _check_markup(text)]


def _check_block(block: dict[str, Any]) -> list[str]:
    kind = block.get("type")
    if kind == "header":
        text = block.get("text", {})
        good = text.get("type") == "plain_text" and 1 <= len(text.get("text", "")) <= 150
        return [] if good else ["a header is plain_text of 1 to 150 characters"]
    if kind == "section":
        return _check_section(block)
    if kind == "context":
        return [] if 1 <= len(block.get("elements", [])) <= 10 else ["a context has 1 to 10 elements"]
    return [] if kind == "divider" else [f"no block that the desk uses: {kind}"]


def _check_section(block: dict[str, Any]) -> list[str]:
    fields, text = block.get("fields"), block.get("text")
    faults = [] if fields or text else ["a section needs text or fields"]
    if fields and (len(fields) > 10 or not all(1 <= len(field["text"]) <= 2000 for field in fields)):
        faults.append("a section has up to 10 fields of up to 2000 characters")
    if text and not 1 <= len(text["text"]) <= 3000:
        faults.append("a section's text has up to 3000 characters")
    return faults


def _texts_of(block: dict[str, Any]) -> list[str]:
    parts = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
    return [part["text"] for part in parts if isinstance(part, dict)]


def _check_markup(text: str) -> list[str]:
    left = re.sub(r"<https://[^<>|\s]{1,3000}\|[^<>|]{1,300}>", "", text)
    bare = re.sub(r"&(amp|lt|gt);", "", left)
    return [f"unescaped & < or > in {text[:60]!r}"] if re.search(r"[&<>]", bare) else []
