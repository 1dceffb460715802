"""What the desk must know of a kind of ticket system: one record, which the kind's own module fills. Pure."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from shared.domain.request import parse_json
from shared.frozen import frozen
from shared.tickets.signatures import Call

EVENT_LIMIT = 1024 * 1024  # bytes of a webhook's body
_STRING = r'"((?:[^"\\]|\\.){1,300}?)"'
type Body = dict[str, Any]


def json_body(raw: bytes) -> Body:
    """The JSON object that a webhook sent; a Problem (400) if it is none."""
    return parse_json(raw, EVENT_LIMIT)


@frozen
class Signature:
    """How a system signs its calls."""

    header: str  # which carries the signature
    check: Callable[[tuple[str, ...], Call], None]  # (secrets, call); Unverified unless one of the secrets signed it
    expires: bool = False  # it covers the time of the call, and is refused when it is old
    headers: tuple[str, ...] = ()  # in lower case: those that it covers beside the body


@frozen
class TicketKind:
    """One kind of ticket system; its name is its module's."""

    ticket: Callable[[Body], Mapping[str, str]]  # an event's body → the ticket's id, ref and url, those that it has
    ticket_in: Callable[[str], Body]  # the text of an event that cannot be read → as much of its body as names a ticket
    signature: Signature | None = None  # None: it does not sign, so `auth` must be another one
    channel: str | None = None  # the kind of channel that writes comments to its tickets
    read: Callable[[bytes], Body] = json_body  # the bytes of a webhook → its body; a Problem where they are unreadable
    headers_of: Callable[[Body], Mapping[str, str]] = lambda body: {}  # header values that the signed body proves
    ignored: Callable[[Mapping[str, str]], str | None] = lambda headers: None  # why an event never asks for a restore
    delivery: str = "webhook-id"  # the header with the sender's id of a delivery, the same when it is sent again


def text_at(value: Any, *path: str) -> str:
    """The text or whole number at a path of names in JSON data; empty if there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def first_match(pattern: str, text: str) -> str:
    """The first group of the first match; empty if there is none."""
    found = re.search(pattern, text)
    return found[1] if found else ""


def first_value(name: str, text: str) -> str:
    """The first JSON string of that name in a text that may not be whole JSON; empty if there is none."""
    quoted = first_match(rf'"{name}"\s*:\s*{_STRING}', text)
    try:
        return str(json.loads(f'"{quoted}"'))
    except ValueError:
        return ""
