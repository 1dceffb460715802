"""Jira: the vector of its documentation, and its tickets."""

import hashlib
import hmac
from dataclasses import replace
from typing import Any

import pytest

from shared.tickets.event import default_ticket
from shared.tickets.signatures import Unverified
from tests.kits.signed_calls import OCTO, Signed, source

SITE = "https://contoso.atlassian.net"
VECTOR = Signed(
    source("jira"),
    OCTO,
    {"X-Hub-Signature": "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"},
    b"Hello World!",
)


def test_older_methods_are_not_taken() -> None:
    weak = "sha1=" + hmac.digest(OCTO.encode(), VECTOR.raw, hashlib.sha1).hex()
    with pytest.raises(Unverified):
        replace(VECTOR, headers={"X-Hub-Signature": weak}).verify()


@pytest.mark.parametrize(("issue", "ticket"), [
    (
        {"key": "OPS-1", "self": f"{SITE}/rest/api/2/issue/1"},
        {"id": "OPS-1", "ref": "OPS-1", "url": f"{SITE}/browse/OPS-1"},
    ),
    ({"key": "OPS-1", "self": "http://x/y"}, {"id": "OPS-1", "ref": "OPS-1"}),
    ({"key": "OPS-1", "self": SITE}, {"id": "OPS-1", "ref": "OPS-1"}),
    ({"self": f"{SITE}/rest"}, {}),
])  # fmt: skip
def test_the_ticket_is_an_issue_by_its_key(issue: dict[str, Any], ticket: dict[str, str]) -> None:
    assert default_ticket("jira", {"issue": issue}) == {"system": "jira", **ticket}
