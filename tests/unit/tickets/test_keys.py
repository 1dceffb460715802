"""Under which key a ticket's event stands: its mapping's, the ticket's id, the body's own digest."""

import hashlib
from typing import Any

import pytest

from shared.config.desk_file import TicketSource
from shared.domain.problems import Problem
from shared.tickets.event import event_of
from shared.tickets.mapping import Mapped, map_event

RAW = b'{"instance": "pg", "k": "", "n": 7, "flag": true, "list": []}'
TICKET = b'{"instance": "pg", "k": "", "ticket": {"id": "T-1"}}'


def key(raw: bytes, expression: str | None, headers: dict[str, str] | None = None) -> str:
    said: dict[str, Any] = {
        "kind": "generic",
        "secret": {"env": "S"},
        "when": "`true`",
        "request": "body",
        "key": expression,
    }
    source = TicketSource.model_validate(said)
    found = map_event("x", source, event_of(source, headers or {}, raw))
    assert isinstance(found, Mapped)
    return found.key


def test_a_key_that_is_missing_or_empty_falls_to_the_ticket_then_to_the_body() -> None:
    delivery = {"Webhook-Id": "d-1"}
    digest = f"body:{hashlib.sha256(RAW).hexdigest()}"
    assert key(RAW, "instance", delivery) == key(RAW, None, delivery) == key(RAW, "body.k", delivery) == digest
    assert key(RAW, "body.instance", delivery) == "pg"
    assert key(RAW, "body.n", delivery) == "7"
    for empty in (None, "body.k", "body.none"):
        assert key(TICKET, empty, delivery) == "T-1"
        assert key(RAW, empty) == digest


@pytest.mark.parametrize("expression", ["body", "body.list", "body.flag"])
def test_a_key_that_is_no_text_is_a_fault_of_the_mapping(expression: str) -> None:
    with pytest.raises(Problem, match="a text is due"):
        key(RAW, expression)


def test_a_long_key_is_shortened_and_stays_its_own() -> None:
    assert key(b'{"k": "%s"}' % (b"x" * 255), "body.k") == "x" * 255
    long = key(b'{"k": "%s"}' % (b"x" * 256), "body.k")
    assert long == "long:" + hashlib.sha256(b"x" * 256).hexdigest()
