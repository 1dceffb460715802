"""Zendesk: signed over time and body; a ticket is a number; the body is JSON or a form. Pure."""

import base64
import re
from urllib.parse import parse_qsl, urlsplit

from shared.domain.problems import Problem
from shared.domain.values import utc
from shared.tickets.kind import Body, Signature, TicketKind, first_match, json_body, text_at
from shared.tickets.signatures import Call, Unverified, fresh, hmac_of, match

# Time and body are signed as one text, so no time may be the beginning of another: nothing moves between the two.
_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})")


def check(secrets: tuple[str, ...], call: Call) -> None:
    """https://developer.zendesk.com/documentation/webhooks/verifying/; the age is ours to check."""
    stamp = call.headers.get("x-zendesk-webhook-signature-timestamp", "")
    signed = stamp.encode("utf-8", "replace") + call.raw
    due = (base64.b64encode(hmac_of(s, signed)).decode() for s in secrets)
    match("X-Zendesk-Webhook-Signature", call.headers.get("x-zendesk-webhook-signature"), due)
    try:
        at = utc(stamp if _STAMP.fullmatch(stamp) else "")
    except (ValueError, OverflowError) as error:
        raise Unverified("X-Zendesk-Webhook-Signature-Timestamp is no time") from error
    fresh(at, call.now)


def ticket(body: Body) -> dict[str, str]:
    number = text_at(body, "ticket_id") or text_at(body, "ticket", "id") or text_at(body, "detail", "id")
    url = text_at(body, "ticket_url") or text_at(body, "ticket", "url")  # {{ticket.url}} comes without https://
    return {"id": number, "ref": number, "url": f"https://{url}" if url and not urlsplit(url).scheme else url}


def ticket_in(text: str) -> Body:
    return {"ticket_id": first_match(r'(?:"ticket_id"\s*:\s*"?|(?:^|&)ticket_id=)([0-9]{1,20})\b', text)}


def read(raw: bytes) -> Body:
    """JSON, or a form whose fields are the event: Zendesk puts quotes and newlines into JSON as they are. The bytes
    decide which it is, because they are signed and the content type is not."""
    return _form(raw) if re.match(rb"[A-Za-z0-9_]{1,60}=", raw) else json_body(raw)


def _form(raw: bytes) -> Body:
    """A form's fields as texts; each once."""
    try:
        fields = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError as error:
        raise Problem(400, "The body is no form", f"it could not be read: {error}") from error
    names = [name for name, _ in fields]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise Problem(400, "The body is no form", f"the field {twice[:60]!r} stands twice in it; send it once")
    return dict(fields)


KIND = TicketKind(
    ticket=ticket,
    ticket_in=ticket_in,
    signature=Signature("X-Zendesk-Webhook-Signature", check, expires=True),
    channel="zendesk",
    read=read,
    delivery="x-zendesk-webhook-invocation-id",
)
