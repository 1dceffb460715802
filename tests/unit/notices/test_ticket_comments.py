"""How each ticket system's comment is posted: its headers, its author, its form."""

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.notices.channels.registry import compose
from shared.notices.messages import Kind, Message
from tests.unit.notices.kit import AT, SECRET, channel, facts

TICKETS: dict[Kind, str] = {
    "servicenow": f"incident/{'0a' * 16}",
    "jira": "OPS-1",
    "zendesk": "7",
    "github": "c/r/issues/4",
}


def comment(kind: Kind, **more: Any) -> Message:
    ticket = {"system": kind, "id": "1", "ref": TICKETS[kind], "url": "https://tickets.example/1"}
    return compose(facts(ticket=ticket), channel(kind, **more), AT)


@pytest.mark.parametrize(
    ("kind", "user", "who"),
    [
        ("zendesk", "bot@contoso.com", "bot@contoso.com/token"),
        ("zendesk", "bot@contoso.com/token", "bot@contoso.com/token"),
        ("jira", "bot@contoso.com", "bot@contoso.com"),
        ("servicenow", "bot", "bot"),
    ],
)
def test_each_system_is_told_who_writes_as_it_wants_it(kind: Kind, user: str, who: str) -> None:
    scheme, _, coded = comment(kind, user=user).headers["authorization"].partition(" ")
    assert (scheme, base64.b64decode(coded).decode()) == ("Basic", f"{who}:{SECRET}")


def test_github_is_told_by_its_token_and_its_version() -> None:
    headers = comment("github").headers
    assert headers["authorization"] == f"Bearer {SECRET}"
    assert (headers["accept"], headers["x-github-api-version"]) == ("application/vnd.github+json", "2022-11-28")
    assert comment("jira").headers["accept"] == "application/json"
    assert comment("jira").headers["content-type"] == "application/json"


def test_a_trigger_of_zendesk_can_know_our_comment_and_no_comment_links_to_its_own_ticket() -> None:
    assert json.loads(comment("zendesk").body)["ticket"]["additional_tags"] == ["restore-desk"]
    for kind in TICKETS:
        body = comment(kind).body.decode()
        assert "tickets.example" not in body
        assert "portal.azure.com" in body


@pytest.mark.parametrize("internal", [True, False])
def test_the_journal_is_asked_for_this_note_of_this_record(internal: bool) -> None:
    before = comment("servicenow", internal=internal).before
    assert before
    assert (before.method, before.body, before.before, "content-type" in before.headers) == ("GET", b"", None, False)
    query = parse_qs(urlsplit(before.url).query)
    name = "work_notes" if internal else "comments"
    assert query["sysparm_query"] == [
        f"element_id={'0a' * 16}^element={name}^valueLIKE(restore-desk 01JC0000000000000000SAMPLE.4)"
    ]
    assert (query["sysparm_fields"], query["sysparm_limit"]) == (["sys_id"], ["1"])
    assert comment("jira").before is None
