"""A system of one's own: signed as https://www.standardwebhooks.com says; its body names the ticket itself. Pure."""

import re
from datetime import UTC, datetime

from shared.domain.problems import Ours
from shared.notices import standard_webhooks
from shared.tickets.kind import Body, Signature, TicketKind, first_value, text_at
from shared.tickets.signatures import Call, Unverified, fresh, same


def check(secrets: tuple[str, ...], call: Call) -> None:
    """Raises Unverified unless one of the secrets signed the call, by https://www.standardwebhooks.com."""
    identity, stamp = call.headers.get("webhook-id", ""), call.headers.get("webhook-timestamp", "")
    if not identity or not re.fullmatch(r"[0-9]{1,11}", stamp):
        raise Unverified("webhook-id or webhook-timestamp is missing or unreadable")
    at = datetime.fromtimestamp(int(stamp), UTC)
    try:
        keys = [standard_webhooks.key("the source", secret) for secret in secrets]
    except Ours as error:
        raise Unverified(str(error)) from error
    due = [standard_webhooks.sign([key], identity, at, call.raw)["webhook-signature"] for key in keys]
    given = call.headers.get("webhook-signature", "").split(" ")[:10]
    matches = [same(one, wanted) for one in given for wanted in due]
    if not any(matches):
        raise Unverified("webhook-signature does not match the body under this source's secret")
    fresh(at, call.now)


def ticket(body: Body) -> dict[str, str]:
    named = {name: text_at(body, "ticket", name) for name in ("system", "id", "ref", "url")}
    return {name: text for name, text in named.items() if text}


def ticket_in(text: str) -> Body:
    inner = text.partition('"ticket"')[2]
    return {"ticket": {name: first_value(name, inner) for name in ("id", "ref")}}


KIND = TicketKind(
    ticket=ticket,
    ticket_in=ticket_in,
    signature=Signature("webhook-signature", check, expires=True, headers=("webhook-id", "webhook-timestamp")),
)
