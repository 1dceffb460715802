"""From a ticket's event to a request: whether it asks for a restore, what it asks for, under which key."""

import hashlib
import re
from dataclasses import field
from typing import Any

from shared.config.desk_file import Desk, TicketSource
from shared.domain.problems import Problem
from shared.domain.text import fit, plain
from shared.frozen import frozen
from shared.tickets import expressions
from shared.tickets.event import Event, default_ticket, ignored
from shared.tickets.expressions import Unusable
from shared.tickets.near_misses import near_misses
from shared.tickets.safety import read_safety

DEEPEST = 12
_PROSE = {"reason": 2000, "requestedBy": 500}  # what people typed is cut and cleaned: it never refuses a restore


@frozen
class Mapped:
    """The event asks for a restore: the request as JSON data, not yet checked, and the key it stands under."""

    request: dict[str, Any]
    key: str


@frozen
class Ignored:
    """The event asks for nothing."""

    why: str


@frozen
class _Mapping:
    name: str
    source: TicketSource
    event: Event = field(repr=False)

    def value(self, part: str) -> Any:
        """The value of the source's expression of that name. Raises a Problem that names the expression."""
        try:
            return expressions.value_of(getattr(self.source, part), self.event)
        except Unusable as error:
            raise self.problem(part, str(error)) from error

    def problem(self, part: str, why: str) -> Problem:
        where = f"tickets.{self.name}.{part}"
        return Problem(422, "A mapping of desk.toml did not work", f"{where}: {why}{self.saw(part)}", where)

    def saw(self, part: str) -> str:
        try:
            seen = expressions.saw(getattr(self.source, part), self.event)
        except Unusable:
            return ""
        return f"; it saw {seen}" if seen else ""


def map_event(name: str, source: TicketSource, event: Event) -> Mapped | Ignored:
    """The request an event of source `name` asks for, or why it asks for none; a Problem if a mapping fails."""
    mapping = _Mapping(name, source, event)
    if why := ignored(source, event):
        return Ignored(why)
    wanted = mapping.value("when")
    if wanted is None or wanted is False or wanted in ("", [], {}):
        near = near_misses(source.when, event)
        hint = f". A near miss: {near}; change the ticket system or `when`, or compare lower(…)" if near else ""
        saw = mapping.saw("when")
        return Ignored(f"tickets.{name}.when does not hold, so this event asks for no restore{saw}{hint}")
    if event.get("misread") and _reads_form(source):
        words = f"the issue's form cannot be read as its approver saw it: {event['misread']}. No restore was started"
        raise Problem(422, "The form cannot be read", words, "form")
    made = mapping.value("request")
    if not isinstance(made, dict):
        why = f"it must make an object, but made {expressions.shown(made)}"
        raise mapping.problem("request", why)
    request = _request(made, mapping)
    return Mapped(request, _key(mapping, request))


def _reads_form(source: TicketSource) -> bool:
    return any(re.search(r"\bform\b", said or "") for said in (source.request, source.key))


def _request(made: dict[str, Any], mapping: _Mapping) -> dict[str, Any]:
    for name, limit in _PROSE.items():
        if isinstance(made.get(name), str):
            made = {**made, name: fit(plain(made[name]), limit)}
    try:
        request = _filled(made, 0)
    except RecursionError as error:
        raise mapping.problem("request", "what it made is nested too deeply") from error
    named = expressions.named_fields(mapping.source.request)
    request |= read_safety(made, named, mapping.event, f"tickets.{mapping.name}.request")
    given = request.get("ticket", {})
    known = default_ticket(mapping.source.kind, mapping.event["body"])
    ticket = {**known, **given} if isinstance(given, dict) else given
    return {**request, "ticket": ticket} if not isinstance(ticket, dict) or "id" in ticket else request


def _filled(value: Any, depth: int) -> Any:
    """Without nulls, empty texts and what is empty for lack of them."""
    if depth > DEEPEST:
        raise RecursionError
    if isinstance(value, dict):
        parts = ((name, _filled(part, depth + 1)) for name, part in value.items())
        return {name: part for name, part in parts if part not in (None, "", {})}
    if isinstance(value, list):
        return [part for part in (_filled(part, depth + 1) for part in value) if part not in (None, "", {})]
    return value.strip() if isinstance(value, str) else value


def _key(mapping: _Mapping, request: dict[str, Any]) -> str:
    """`key`, or the ticket's id, so that approving twice is one restore; the body's digest where no ticket is."""
    key = mapping.value("key") if mapping.source.key else None
    if isinstance(key, dict | list | bool):
        raise mapping.problem("key", f"a text is due, it made {expressions.shown(key)}")
    ticket = request.get("ticket")
    identity = ticket.get("id") if isinstance(ticket, dict) else None
    found = next((plain(str(one)) for one in (key, identity) if one not in (None, "")), "")
    if not found:
        return f"body:{mapping.event['digest']}"
    return found if len(found) <= 255 else "long:" + hashlib.sha256(found.encode()).hexdigest()


def check_mappings(desk: Desk) -> list[str]:
    """What is wrong with the expressions of desk.toml, one line each."""
    found = []
    for name, source in desk.tickets.items():
        for part in ("when", "request", "key"):
            expression = getattr(source, part)
            try:
                if expression is not None:
                    expressions.compiled(expression)
            except Unusable as error:
                found.append(f"tickets.{name}.{part}: {error}")
    return found
