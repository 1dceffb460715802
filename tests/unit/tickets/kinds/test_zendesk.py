"""Zendesk: the vector of its documentation, its tickets, its form."""

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.problems import Problem
from shared.tickets.event import default_ticket, event_of
from shared.tickets.signatures import Unverified
from tests.kits.signed_calls import Signed, source

VECTOR = Signed(
    source("zendesk"),
    "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==",
    {
        "X-Zendesk-Webhook-Signature": "U0oImhpik2dffl3h4ofQIl06BTX8ckVUuq7bcBDSIfk=",
        "X-Zendesk-Webhook-Signature-Timestamp": "2026-07-14T12:00:00Z",
    },
    b'{"ticket_id":"35436"}',
)
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


@pytest.mark.parametrize(("body", "ticket"), [
    (
        {"ticket_id": 35436, "ticket_url": "c.zendesk.com/1"},
        {"id": "35436", "ref": "35436", "url": "https://c.zendesk.com/1"},
    ),
    ({"ticket": {"id": "2", "url": "https://c/2"}}, {"id": "2", "ref": "2", "url": "https://c/2"}),
    (
        {"ticket_id": "1", "ticket": {"id": "2", "url": "c/2"}, "ticket_url": "c/1"},
        {"id": "1", "ref": "1", "url": "https://c/1"},
    ),
    ({"detail": {"id": "3"}}, {"id": "3", "ref": "3"}),
])  # fmt: skip
def test_the_ticket_is_a_number(body: dict[str, Any], ticket: dict[str, str]) -> None:
    assert default_ticket("zendesk", body) == {"system": "zendesk", **ticket}


def test_nothing_moves_between_the_signed_time_and_the_body() -> None:
    header = "X-Zendesk-Webhook-Signature-Timestamp"
    stamp = VECTOR.headers[header]
    for cut in range(1, len(stamp) + 1):
        moved = replace(
            VECTOR, headers={**VECTOR.headers, header: stamp[:-cut]}, raw=stamp[-cut:].encode() + VECTOR.raw
        )
        with pytest.raises(Unverified):
            moved.verify()


def test_it_may_send_a_form_and_each_field_once() -> None:
    zendesk = VECTOR.source
    assert event_of(zendesk, {}, b"ticket_id=35436&note=a+b%20c&blank=")["body"] == {
        "ticket_id": "35436",
        "note": "a b c",
        "blank": "",
    }
    assert event_of(zendesk, FORM, b'{"ticket_id": "1"}')["body"] == {"ticket_id": "1"}
    assert event_of(zendesk, {}, b"a=1&" + b"&".join(b"f%d=1" % n for n in range(49)))["body"]["a"] == "1"
    for raw, words in (
        (b"a=1&b=2&a=3", "'a' stands twice"),
        (b"a=\xff", "could not be read"),
        (b"a=%FF", "could not be read"),
        (b"&".join(b"f%d=1" % n for n in range(51)), "could not be read"),
        (b"a=" + b"x" * (1024 * 1024), "bytes were sent"),
    ):
        with pytest.raises(Problem, match=words):
            event_of(zendesk, {}, raw)
    assert len(event_of(zendesk, {}, b"a=" + b"x" * (1024 * 1024 - 2))["body"]["a"]) == 1024 * 1024 - 2
