"""A ticket system's event, read: its fields, its ticket, its delivery; and whether it is our own doing. Pure."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from shared.config.desk_file import TicketSource
from shared.domain.problems import Problem
from shared.domain.request import Ticket
from shared.tickets.issue_forms import Misread, read_form
from shared.tickets.kind import EVENT_LIMIT
from shared.tickets.registry import kind_of

_SECRET_NAME = re.compile(r"secret|token|signature|authorization|cookie|password|credential|(^|-)key($|-)|api-?key")
OWN_MARK = re.compile(r"\(restore-desk [^)\s]{1,80}\)")
_SPOKEN = ("comment", "latest_comment", "comments", "work_notes")
_ACTORS = ("sender", "user", "current_user", "actor")
_NAMES = ("login", "accountId", "emailAddress", "email", "name", "displayName")
type Event = dict[str, Any]


def event_of(source: TicketSource, headers: Mapping[str, str], raw: bytes) -> Event:
    """`{body, headers, form}` as mappings read it, without secrets, and a digest; a Problem if it is no object.
    Where the body is signed, headers that nobody signed are left out."""
    lowered = {name.lower(): value for name, value in headers.items()}
    hidden = {source.header.lower()}
    kept = {name: text for name, text in lowered.items() if name not in hidden and not _SECRET_NAME.search(name)}
    if len(raw) > EVENT_LIMIT:
        raise Problem(413, "The body is too large", f"{len(raw)} bytes were sent; {EVENT_LIMIT} are taken")
    kind = kind_of(source.kind)
    body = kind.read(raw)
    if source.auth == "signature":
        names = kind.signature.headers if kind.signature else ()
        kept = {**{name: kept[name] for name in names if name in kept}, **kind.headers_of(body)}
    issue = body.get("issue")
    text = issue.get("body") if isinstance(issue, dict) else None
    return {"body": body, "headers": kept, **_form_of(text), "digest": hashlib.sha256(raw).hexdigest()}


def _form_of(text: Any) -> dict[str, Any]:
    """The fields of an issue's form; where they may mislead none, and why; that counts if a restore is asked for."""
    try:
        return {"form": read_form(text) if isinstance(text, str) else {}}
    except Misread as error:
        return {"form": {}, "misread": str(error)}


def own_doing(source: TicketSource, event: Event) -> str | None:
    """Why an event is of our own making (a comment we wrote, an act of our user); None if it is not."""
    body = event["body"]
    if any(OWN_MARK.search(text.replace("\\", "")) for name in _SPOKEN for text in _texts(body.get(name))):
        return "it is a comment of the desk itself"
    ours = {name.casefold() for name in source.bots}
    comment = body.get("comment")
    people = [body.get(name) for name in _ACTORS] + ([comment.get("author")] if isinstance(comment, dict) else [])
    named = {str(who.get(name)).casefold() for who in people if isinstance(who, dict) for name in _NAMES}
    return "it is an act of the desk's own user" if ours & named else None


def _texts(value: Any) -> Iterator[str]:
    """Every text in JSON data; walked without recursion, because the sender chooses how deep it goes."""
    left = [value]
    while left:
        part = left.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict):
            left.extend(part.values())
        elif isinstance(part, list):
            left.extend(part)


def ignored(source: TicketSource, event: Event) -> str | None:
    """Why an event asks for nothing, whatever `when` says: our own doing, or a kind's word that never asks."""
    return own_doing(source, event) or kind_of(source.kind).ignored(event["headers"])


def delivery_of(kind: str, headers: Mapping[str, str]) -> str | None:
    """The sender's id of this delivery, the same when it is sent again. It is not signed: it may decide whether a
    comment says where a restore stands, and nothing else."""
    lowered = {name.lower(): value for name, value in headers.items()}
    return lowered.get(kind_of(kind).delivery) or None


def default_ticket(kind: str, body: dict[str, Any]) -> dict[str, str]:
    """The ticket an event is about, as far as its system's payload names it."""
    found = {"system": kind, **kind_of(kind).ticket(body)}
    return {name: text for name, text in found.items() if text and _fits(name, text)}


def _fits(name: str, text: str) -> bool:
    try:
        Ticket.model_validate({"system": "any", "id": "any", name: text})
    except ValidationError:
        return False
    return True
