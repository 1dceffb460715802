"""ServiceNow: its tickets; it does not sign."""

import pytest

from shared.tickets.event import default_ticket
from shared.tickets.registry import kind_of

ID = "0f" * 16


@pytest.mark.parametrize(("said", "ticket"), [
    (
        {"table": "incident", "sys_id": ID, "number": "INC1", "url": "https://x/1"},
        {"id": "INC1", "ref": f"incident/{ID}", "url": "https://x/1"},
    ),
    ({"table": "incident", "sys_id": ID}, {"id": ID, "ref": f"incident/{ID}"}),
    ({"table": "incident", "number": "INC1"}, {"id": "INC1"}),
    ({"table": "incident", "sys_id": "", "number": "INC1"}, {"id": "INC1"}),
    ({"table": "", "sys_id": ID}, {"id": ID}),
    ({"sys_id": ID}, {"id": ID}),
])  # fmt: skip
def test_the_ticket_is_a_record_of_a_table(said: dict[str, str], ticket: dict[str, str]) -> None:
    assert default_ticket("servicenow", {"ticket": said}) == {"system": "servicenow", **ticket}


def test_it_does_not_sign() -> None:
    assert kind_of("servicenow").signature is None


@pytest.mark.parametrize(
    ("ticket", "ref"),
    [
        ({"table": "incident", "sys_id": "x"}, "incident/x"),
        ({"table": "incident"}, ""),
        ({"sys_id": "x"}, ""),
        ({}, ""),
    ],
)
def test_a_servicenow_ref_has_table_and_record(ticket: dict[str, str], ref: str) -> None:
    assert kind_of("servicenow").ticket({"ticket": ticket}).get("ref", "") == ref
