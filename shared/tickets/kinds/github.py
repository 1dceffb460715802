"""GitHub: signed over the body; a ticket is an issue; the body is JSON, or a form that holds it. Pure."""

from collections.abc import Mapping
from urllib.parse import parse_qs

from shared.domain.problems import Problem
from shared.tickets.kind import Body, Signature, TicketKind, first_match, first_value, json_body, text_at
from shared.tickets.signatures import Call, match, sha256_of

EVENT = "x-github-event"


def check(secrets: tuple[str, ...], call: Call) -> None:
    """https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries"""
    match("X-Hub-Signature-256", call.headers.get("x-hub-signature-256"), (sha256_of(s, call.raw) for s in secrets))


def ticket(body: Body) -> dict[str, str]:
    repository, number = text_at(body, "repository", "full_name"), text_at(body, "issue", "number")
    if not repository or not number:
        return {}
    url = text_at(body, "issue", "html_url")
    return {"id": f"{repository}#{number}", "ref": f"{repository}/issues/{number}", "url": url}


def ticket_in(text: str) -> Body:
    number = first_match(r'"number"\s*:\s*([0-9]{1,12})', text)
    return {"repository": {"full_name": first_value("full_name", text)}, "issue": {"number": number}}


def read(raw: bytes) -> Body:
    """JSON, or a form that has the JSON in its field `payload`. The bytes decide, because they are signed."""
    return json_body(_payload(raw) if raw.startswith(b"payload=") else raw)


def _payload(raw: bytes) -> bytes:
    try:
        fields = parse_qs(raw.decode("ascii"), max_num_fields=20)
    except ValueError as error:
        raise Problem(400, "The body is no form", "it begins with payload=, and cannot be read") from error
    said = fields.get("payload", [""])
    if len(said) != 1:
        raise Problem(400, "The form is ambiguous", "it has more than one field payload")
    return said[0].encode("utf-8", "surrogateescape")


def headers_of(body: Body) -> dict[str, str]:
    """The name of the event, derived from its signed body; GitHub does not sign the header of that name."""
    if "zen" in body and "issue" not in body:
        return {EVENT: "ping"}
    about = "issue_comment" if "comment" in body else "issues"
    names = {"issue": about, "pull_request": "pull_request"}
    return next(({EVENT: name} for part, name in names.items() if isinstance(body.get(part), dict)), {})


def ignored(headers: Mapping[str, str]) -> str | None:
    return "it is GitHub's ping" if headers.get(EVENT) == "ping" else None


KIND = TicketKind(
    ticket=ticket,
    ticket_in=ticket_in,
    signature=Signature("X-Hub-Signature-256", check),
    channel="github",
    read=read,
    headers_of=headers_of,
    ignored=ignored,
    delivery="x-github-delivery",
)
