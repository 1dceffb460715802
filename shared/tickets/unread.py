"""The ticket that a signed event is about, where the event itself cannot be read: looked for in its raw text."""

import json
import re
from typing import Any

from shared.tickets.event import OWN_MARK, default_ticket

LOOKED_AT = 200_000  # characters from the beginning: ids stand before long texts, or in the first of them
_STRING = r'"((?:[^"\\]|\\.){1,300}?)"'


def ticket_in(kind: str, raw: bytes) -> dict[str, str]:
    """system, and id and ref where the text names them; what cannot be a ticket's id is left out."""
    text = raw[:LOOKED_AT].decode("utf-8", "replace")
    body: dict[str, Any] = {}
    if kind == "jira":
        key = _first(r'"key"\s*:\s*"([A-Z][A-Z0-9_]{1,30}-[0-9]{1,12})"', text)
        body = {"issue": {"key": key, "self": _value("self", text)}}
    elif kind == "zendesk":
        body = {"ticket_id": _first(r'(?:"ticket_id"\s*:\s*"?|(?:^|&)ticket_id=)([0-9]{1,20})\b', text)}
    elif kind == "servicenow":
        body = {"ticket": {name: _value(name, text) for name in ("table", "sys_id", "number")}}
    elif kind == "github":
        number = _first(r'"number"\s*:\s*([0-9]{1,12})', text)
        body = {"repository": {"full_name": _value("full_name", text)}, "issue": {"number": number}}
    else:
        inner = text.partition('"ticket"')[2]
        body = {"ticket": {name: _value(name, inner) for name in ("id", "ref")}}
    return default_ticket(kind, body)


def is_own(raw: bytes) -> bool:
    """Whether the text holds a comment of the desk: an answer to it would bring the next one."""
    return OWN_MARK.search(raw.decode("utf-8", "replace").replace("\\", "")) is not None


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else ""


def _value(name: str, text: str) -> str:
    said = _first(rf'"{name}"\s*:\s*{_STRING}', text)
    try:
        return str(json.loads(f'"{said}"'))
    except ValueError:
        return ""
