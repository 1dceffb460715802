"""Jira: signed as WebSub says; a ticket is an issue, by its key. Pure."""

import re

from shared.tickets.kind import Body, Signature, TicketKind, first_match, first_value, text_at
from shared.tickets.signatures import Call, match, sha256_of


def check(secrets: tuple[str, ...], call: Call) -> None:
    """https://www.w3.org/TR/websub/#authenticated-content-distribution; of its methods only sha256 is taken."""
    match("X-Hub-Signature", call.headers.get("x-hub-signature"), (sha256_of(s, call.raw) for s in secrets))


def ticket(body: Body) -> dict[str, str]:
    key, self = text_at(body, "issue", "key"), text_at(body, "issue", "self")
    site = re.match(r"https://[A-Za-z0-9.-]+(?=/)", self)
    return {"id": key, "ref": key, "url": f"{site[0]}/browse/{key}" if key and site else ""}


def ticket_in(text: str) -> Body:
    key = first_match(r'"key"\s*:\s*"([A-Z][A-Z0-9_]{1,30}-[0-9]{1,12})"', text)
    return {"issue": {"key": key, "self": first_value("self", text)}}


KIND = TicketKind(
    ticket=ticket,
    ticket_in=ticket_in,
    signature=Signature("X-Hub-Signature", check),
    channel="jira",
    delivery="x-atlassian-webhook-identifier",
)
