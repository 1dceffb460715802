"""GitHub: the vector of its documentation, its tickets, its event's name from signed bytes, its form."""

import json
from typing import Any

import pytest

from shared.domain.problems import Problem
from shared.tickets.event import default_ticket, event_of
from tests.kits.signed_calls import OCTO, Signed, source

VECTOR = Signed(
    source("github"),
    OCTO,
    {"X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
    b"Hello, World!",
)
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


@pytest.mark.parametrize(("body", "ticket"), [
    (
        {"repository": {"full_name": "c/r"}, "issue": {"number": 4, "html_url": "https://g/4"}},
        {"id": "c/r#4", "ref": "c/r/issues/4", "url": "https://g/4"},
    ),
    ({"repository": {"full_name": "c/r"}}, {}),
    ({"issue": {"number": 4}}, {}),
])  # fmt: skip
def test_the_ticket_is_an_issue_of_a_repository(body: dict[str, Any], ticket: dict[str, str]) -> None:
    assert default_ticket("github", body) == {"system": "github", **ticket}


@pytest.mark.parametrize(("body", "event"), [
    ({"issue": {}, "action": "labeled"}, "issues"),
    ({"issue": {}, "comment": {}}, "issue_comment"),
    ({"pull_request": {}}, "pull_request"),
    ({"zen": "x", "hook_id": 1}, "ping"),
    ({}, None),
])  # fmt: skip
def test_the_event_is_what_its_signed_body_says(body: dict[str, Any], event: str | None) -> None:
    headers = {"X-GitHub-Event": "issues", "X-GitHub-Delivery": "1", "X-Other": "1"}
    read = event_of(VECTOR.source, headers, json.dumps(body).encode())
    assert read["headers"] == ({"x-github-event": event} if event else {})


def test_a_form_holds_its_json_in_payload() -> None:
    assert event_of(VECTOR.source, FORM, b"payload=%7B%22a%22%3A%22%C3%A4%22%7D")["body"] == {"a": "ä"}
    for headers, raw in (
        ({}, b" payload=%7B%7D"),
        (FORM, b"other=%7B%7D"),
        (FORM, b"payload=\xff"),
        (FORM, b"payload=" + b"x" * (1024 * 1024)),
        (FORM, b"payload=%7B%7D&payload=%7B%22a%22%3A1%7D"),
    ):
        with pytest.raises(Problem):
            event_of(VECTOR.source, headers, raw)


def test_a_form_in_an_issue_is_read_and_an_issue_without_text_has_none() -> None:
    assert event_of(VECTOR.source, {}, b'{"issue": {"body": "### Target\\n\\ndrills"}}')["form"] == {"Target": "drills"}
    for raw in (b'{"issue": {"body": null}}', b'{"issue": 7}', b"{}"):
        assert event_of(VECTOR.source, {}, raw)["form"] == {}
