"""A system of one's own: the vector of Standard Webhooks, and the ticket that its body names."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.notices.standard_webhooks import key, sign
from shared.tickets.event import default_ticket
from shared.tickets.signatures import Unverified
from tests.kits.signed_calls import Signed, source

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
AT = datetime.fromtimestamp(1614265330, UTC)
VECTOR = Signed(
    source("generic"),
    SECRET,
    {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    },
    b'{"test": 2432232314}',
    AT,
)


@pytest.mark.parametrize("stamp", ["", "soon", "99999999999999", "2026-13-01T00:00:00Z", "１６１４２６５３３０"])
def test_an_unreadable_time_is_no_time(stamp: str) -> None:
    headers = sign([key("x", SECRET)], "m", AT, b"{}") | {"webhook-timestamp": stamp}
    with pytest.raises(Unverified):
        replace(VECTOR, raw=b"{}", headers=headers).verify()


@pytest.mark.parametrize(("body", "ticket"), [
    (
        {"ticket": {"id": "1", "ref": "r", "url": "https://x", "system": "own"}},
        {"system": "own", "id": "1", "ref": "r", "url": "https://x"},
    ),
    ({"ticket": {"id": True}}, {}),
    ({"ticket": "1"}, {}),
    ({}, {}),
])  # fmt: skip
def test_the_body_names_the_ticket(body: dict[str, Any], ticket: dict[str, str]) -> None:
    assert default_ticket("generic", body) == {"system": "generic", **ticket}
