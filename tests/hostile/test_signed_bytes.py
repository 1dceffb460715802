"""The same signed bytes under any set of headers: one restore at most, and always the one that the bytes ask for."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.api.http import Call, answered
from tests.kits.ticket_door import Door
from tests.kits.ticket_samples import saved

SIGNED = ("github", "jira", "portal", "zendesk")
NAMES = (
    "content-type", "x-github-event", "x-github-delivery", "x-atlassian-webhook-identifier", "webhook-event",
    "x-zendesk-webhook-invocation-id", "idempotency-key", "x-desk-secret", "transfer-encoding",
    "x-http-method-override",
)  # fmt: skip
VALUES = (
    "application/x-www-form-urlencoded", "application/json; charset=utf-16", "text/plain", "issues", "ping",
    "issue_comment", "1", "2", "",
)  # fmt: skip
HEADERS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES) | st.text(max_size=20))


def without_ticket(name: str) -> Any:
    """An event that asks for a restore and names no ticket: only the bytes are there to know it by."""
    body = saved(name)["body"]
    if name == "jira":
        del body["issue"]["key"]
    elif name == "github":
        del body["repository"]
    return body


@pytest.mark.parametrize("with_ticket", [True, False])
@pytest.mark.parametrize("name", SIGNED)
def test_one_restore_at_most(name: str, with_ticket: bool) -> None:
    door = Door()
    raw = json.dumps(saved(name)["body"] if with_ticket else without_ticket(name)).encode()
    taken: list[str] = []
    said: set[str] = set()

    @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
    @given(headers=HEADERS)
    def sent(headers: dict[str, str]) -> None:
        proof = {key.lower(): text for key, text in door.signed(name, raw).items()}
        answer = answered(door.ticket_in.answer, Call({"source": name}, {}, {**headers, **proof}, raw))
        body = json.loads(answer.body)
        said.add(body["status"])
        taken.extend([body["restore"]] if body["status"] == "accepted" else [])

    sent()
    assert len(taken) == 1, said
    assert said == {"accepted", "duplicate"}
