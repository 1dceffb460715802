"""A ticket system's webhook, verified and read: event, ticket, delivery; and whether it is our own doing."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from pydantic import ValidationError

from shared.config.desk_file import TicketSource
from shared.domain.clouds import PUBLIC, Cloud
from shared.domain.problems import Problem
from shared.domain.request import Ticket, parse_json
from shared.tickets.entra_tokens import Keys, verify_bearer
from shared.tickets.issue_forms import Misread, read_form
from shared.tickets.signatures import Call, Unverified, verify_signature

__all__ = ["EVENT_LIMIT", "Unverified", "default_ticket", "delivery_of", "event_of", "own_doing", "verify"]

EVENT_LIMIT = 1024 * 1024
_SECRET_NAME = re.compile(r"secret|token|signature|authorization|cookie|password|credential|(^|-)key($|-)|api-?key")
OWN_MARK = re.compile(r"\(restore-desk [^)\s]{1,80}\)")
_SPOKEN = ("comment", "latest_comment", "comments", "work_notes")
_ACTORS = ("sender", "user", "current_user", "actor")
_NAMES = ("login", "accountId", "emailAddress", "email", "name", "displayName")
_SIGNED = {"generic": ("webhook-id", "webhook-timestamp")}  # what a signature covers beside the body
type Event = dict[str, Any]


def verify(
    source: TicketSource,
    secrets: tuple[str, ...],
    headers: Mapping[str, str],
    raw: bytes,
    now: datetime,
    keys: Keys | None = None,
    cloud: Cloud = PUBLIC,
) -> str | None:
    """Unverified, unless the call is from who it says; who that is, where Entra says so (its application id)."""
    lowered = {name.lower(): value for name, value in headers.items()}
    if source.auth != "entra":
        verify_signature(source, secrets, Call(lowered, raw, now))
        return None
    if keys is None:
        raise Unverified("the tenant's keys are not at hand")
    return verify_bearer(source, lowered, now, keys, cloud)


def event_of(source: TicketSource, headers: Mapping[str, str], raw: bytes) -> Event:
    """`{body, headers, form}` as mappings read it, without secrets, and a digest; a Problem where it is no object.
    Where the body is signed, headers that nobody signed are left out."""
    lowered = {name.lower(): value for name, value in headers.items()}
    hidden = {source.header.lower()}
    kept = {name: text for name, text in lowered.items() if name not in hidden and not _SECRET_NAME.search(name)}
    body = _body(source.kind, raw)
    if source.auth == "signature":
        kept = {name: kept[name] for name in _SIGNED.get(source.kind, ()) if name in kept} | _told(source.kind, body)
    issue = body.get("issue")
    text = issue.get("body") if isinstance(issue, dict) else None
    return {"body": body, "headers": kept, **_form_of(text), "digest": hashlib.sha256(raw).hexdigest()}


def _form_of(text: Any) -> dict[str, Any]:
    """The fields of an issue's form; where they may mislead none, and why; that counts if a restore is asked for."""
    try:
        return {"form": read_form(text) if isinstance(text, str) else {}}
    except Misread as error:
        return {"form": {}, "misread": str(error)}


def _body(kind: str, raw: bytes) -> dict[str, Any]:
    """JSON, or the form that a kind may send. GitHub's has the JSON in its field `payload`; Zendesk's is the event
    itself, for Zendesk puts quotes and newlines into JSON as they are. The bytes decide, for they are signed and the
    content type is not."""
    if kind == "zendesk" and re.match(rb"[A-Za-z0-9_]{1,60}=", raw):
        return _form(raw)
    return parse_json(_payload(raw) if kind == "github" and raw.startswith(b"payload=") else raw, EVENT_LIMIT)


def _form(raw: bytes) -> dict[str, Any]:
    """A form's fields as texts; each once."""
    if len(raw) > EVENT_LIMIT:
        raise Problem(413, "The body is too large", f"{len(raw)} bytes were sent; {EVENT_LIMIT} are taken")
    try:
        fields = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError as error:
        raise Problem(400, "The body is no form", f"it could not be read: {error}") from error
    names = [name for name, _ in fields]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise Problem(400, "The body is no form", f"the field {twice[:60]!r} stands twice in it; send it once")
    return dict(fields)


def _payload(raw: bytes) -> bytes:
    """The one field `payload` of GitHub's form."""
    if len(raw) > EVENT_LIMIT:
        raise Problem(413, "The body is too large", f"{len(raw)} bytes were sent; {EVENT_LIMIT} are taken")
    try:
        fields = parse_qs(raw.decode("ascii"), max_num_fields=20)
    except ValueError as error:
        raise Problem(400, "The body is no form", "it begins with payload=, and cannot be read") from error
    said = fields.get("payload", [""])
    if len(said) != 1:
        raise Problem(400, "The form is ambiguous", "it has more than one field payload")
    return said[0].encode("utf-8", "surrogateescape")


def _told(kind: str, body: Event) -> dict[str, str]:
    """GitHub's event name, by what its signed body holds; its header of that name is not signed."""
    if kind != "github":
        return {}
    if "zen" in body and "issue" not in body:
        return {"x-github-event": "ping"}
    about = "issue_comment" if "comment" in body else "issues"
    names = {"issue": about, "pull_request": "pull_request"}
    return next(({"x-github-event": name} for part, name in names.items() if isinstance(body.get(part), dict)), {})


def own_doing(source: TicketSource, event: Event) -> str | None:
    """Why an event is of our own making (a comment we wrote, an act of our user); None where it is not."""
    body = event["body"]
    if any(OWN_MARK.search(text.replace("\\", "")) for name in _SPOKEN for text in _texts(body.get(name))):
        return "it is a comment of the desk itself"
    ours = {name.casefold() for name in source.bots}
    comment = body.get("comment")
    people = [body.get(name) for name in _ACTORS] + ([comment.get("author")] if isinstance(comment, dict) else [])
    named = {str(who.get(name)).casefold() for who in people if isinstance(who, dict) for name in _NAMES}
    return "it is an act of the desk's own user" if ours & named else None


def _texts(value: Any) -> Iterator[str]:
    """Every text in JSON data; walked without recursion, for the sender chooses how deep it goes."""
    left = [value]
    while left:
        part = left.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict):
            left.extend(part.values())
        elif isinstance(part, list):
            left.extend(part)


def delivery_of(headers: Mapping[str, str]) -> str | None:
    """The sender's id of this delivery, the same when it is sent again. It is not signed: it may decide whether a
    comment says where a restore stands, and nothing else."""
    lowered = {name.lower(): value for name, value in headers.items()}
    names = ("x-github-delivery", "x-atlassian-webhook-identifier", "x-zendesk-webhook-invocation-id", "webhook-id")
    return next((lowered[name] for name in names if lowered.get(name)), None)


def default_ticket(kind: str, body: dict[str, Any]) -> dict[str, str]:
    """The ticket an event is about, as far as its system's payload tells."""
    found = {"system": kind, **_TICKETS[kind](body)}
    return {name: text for name, text in found.items() if text and _fits(name, text)}


def _fits(name: str, text: str) -> bool:
    try:
        Ticket.model_validate({"system": "any", "id": "any", name: text})
    except ValidationError:
        return False
    return True


def _text(value: Any, *path: str) -> str:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _jira(body: dict[str, Any]) -> dict[str, str]:
    key, self = _text(body, "issue", "key"), _text(body, "issue", "self")
    site = "https://" + (re.match(r"https://([A-Za-z0-9.-]+)/", self) or ["", ""])[1]
    return {"id": key, "ref": key, "url": f"{site}/browse/{key}" if key and site != "https://" else ""}


def _servicenow(body: dict[str, Any]) -> dict[str, str]:
    table, sys_id = _text(body, "ticket", "table"), _text(body, "ticket", "sys_id")
    ref = f"{table}/{sys_id}" if table and sys_id else ""
    return {"id": _text(body, "ticket", "number") or sys_id, "ref": ref, "url": _text(body, "ticket", "url")}


def _zendesk(body: dict[str, Any]) -> dict[str, str]:
    number = _text(body, "ticket_id") or _text(body, "ticket", "id") or _text(body, "detail", "id")
    url = _text(body, "ticket_url") or _text(body, "ticket", "url")  # {{ticket.url}} comes without https://
    return {"id": number, "ref": number, "url": f"https://{url}" if url and not urlsplit(url).scheme else url}


def _github(body: dict[str, Any]) -> dict[str, str]:
    repository, number = _text(body, "repository", "full_name"), _text(body, "issue", "number")
    if not repository or not number:
        return {}
    url = _text(body, "issue", "html_url")
    return {"id": f"{repository}#{number}", "ref": f"{repository}/issues/{number}", "url": url}


def _generic(body: dict[str, Any]) -> dict[str, str]:
    return {name: _text(body, "ticket", name) for name in ("id", "ref", "url")} | (
        {"system": _text(body, "ticket", "system")} if _text(body, "ticket", "system") else {}
    )


_TICKETS = {"jira": _jira, "servicenow": _servicenow, "zendesk": _zendesk, "github": _github, "generic": _generic}
