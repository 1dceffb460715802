"""What is our own doing starts no restore: our marks wherever they can stand, our users in whatever part they play."""

from typing import Any

import pytest

from shared.config.desk_file import TicketSource
from shared.tickets.event import delivery_of, event_of, own_doing
from shared.tickets.issue_forms import Misread, read_form

OURS = "it is a comment of the desk itself"
OUR_USER = "it is an act of the desk's own user"
MARK = "delivered (restore-desk 01JC.3) to you"
ENTRA = {
    "auth": "entra",
    "tenant": "11111111-2222-3333-4444-555555555555",
    "audience": "a",
    "clients": ["c"],
}


def source(kind: str = "generic", **more: Any) -> TicketSource:
    said = {"kind": kind, **ENTRA, "when": "`true`", "request": "body", "bots": ["Desk-Bot", "712020:ab"]}
    return TicketSource.model_validate(said | more)


def why(body: dict[str, Any]) -> str | None:
    return own_doing(source(), {"body": body, "headers": {}, "form": {}})


@pytest.mark.parametrize("name", ["comment", "latest_comment", "comments", "work_notes"])
@pytest.mark.parametrize(
    "said",
    [MARK, {"body": MARK}, [{"body": {"content": [{"text": MARK}]}}], MARK.replace("(", "\\(").replace("-", "\\-")],
)
def test_our_mark_is_seen_wherever_something_is_said(name: str, said: Any) -> None:
    assert why({name: said}) == OURS


@pytest.mark.parametrize(
    "body",
    [
        {"description": MARK},
        {"comment": "restore-desk 01JC.3"},
        {"comment": "(restore-desk )"},
        {"comment": 7},
        {},
    ],
)
def test_what_others_say_of_us_is_not_ours(body: dict[str, Any]) -> None:
    assert why(body) is None


@pytest.mark.parametrize("actor", ["sender", "user", "current_user", "actor"])
@pytest.mark.parametrize("name", ["login", "accountId", "emailAddress", "email", "name", "displayName"])
def test_our_user_is_known_in_each_part_by_each_of_its_names(actor: str, name: str) -> None:
    assert why({actor: {name: "desk-bot"}}) == OUR_USER
    assert why({actor: {name: "712020:AB"}}) == OUR_USER
    assert why({actor: {name: "ada"}}) is None
    assert why({"comment": {"author": {name: "DESK-BOT"}}}) == OUR_USER
    assert why({"reporter": {name: "desk-bot"}}) is None


def test_a_person_without_a_name_is_not_our_user() -> None:
    assert why({"user": {"login": None}, "sender": "desk-bot", "comment": {"author": None}}) is None


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("github", "X-GitHub-Delivery"),
        ("jira", "X-Atlassian-Webhook-Identifier"),
        ("zendesk", "X-Zendesk-Webhook-Invocation-Id"),
        ("servicenow", "webhook-id"),
        ("generic", "webhook-id"),
    ],
)
def test_a_delivery_is_known_by_its_senders_id(kind: str, name: str) -> None:
    assert delivery_of(kind, {name: "d-1", "x-other": "no"}) == "d-1"
    assert delivery_of(kind, {name: ""}) is None
    assert delivery_of(kind, {}) is None


def test_a_header_that_holds_our_secret_is_hidden_by_whatever_name_it_has() -> None:
    mine = source(auth="header", secret={"env": "S"}, header="X-Contoso-Pass")
    event = event_of(mine, {"x-CONTOSO-pass": "s", "X-Event": "e"}, b'{"a": 1}')
    assert (event["headers"], event["body"]) == ({"x-event": "e"}, {"a": 1})
    assert len(event["digest"]) == 64


# --- an issue's form -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("### A\n```\n### B\n~~~\n### C\n```\n### D\nd", {"A": "### B\n~~~\n### C", "D": "d"}),
        ("### A\n~~~\n### B\n```\n### C\n~~~\n### D\nd", {"A": "### B\n```\n### C", "D": "d"}),
        ("### A\n````\n```\n### B\n````\n### C\nc", {"A": "```\n### B", "C": "c"}),
        ("### A\n    ```\n### B\nb", {"A": "```", "B": "b"}),
        ("### A\nNone\n### B\n_No response_\n### C\n_none_", {"A": "", "B": "", "C": "none"}),
        ("### A\n``` a`b\n### B\nb", {"A": "``` a`b", "B": "b"}),
        ("### A\n- [x] one\n- two\n\n**b** `c` [t](u) ![hidden](i)", {"A": "[x] one\n\ntwo\n\nb c t"}),
        ("### A\n[pg-2]: /u 'hidden'\npg-1", {"A": "pg-1"}),
        ("###A\n x", {}),
        ("no field", {}),
    ],
)
def test_a_field_ends_where_its_reader_saw_it_end(text: str, fields: dict[str, Any]) -> None:
    assert read_form(text) == fields


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("### A\n<!-->\n### B\n-->", "holds HTML"),
        ("### A\n<!-- x\n### B\nnever closed", "holds HTML"),
        ("### A\na <b>b</b>", "holds HTML"),
        ("### A\n<details>\n\n### B\n\nb\n\n</details>", "holds HTML"),
        ("> - <br/>\n### A", "before its first field"),
        ("### A\n> - a<br/>", "holds HTML"),
        ("### <i>A</i>", "holds HTML"),
        ("hello\n### A\n1", "before its first field"),
        ("# Form\n### A\n1", "before its first field"),
        ("***\n### A\n1", "before its first field"),
        ("### A\n1\n### A\n2", "stands twice"),
        ("### A\n1\n### *a*\n2", "stands twice"),
        ("### \nx", "heading of it is empty"),
        ("### A\n" + "> " * 40 + "x", "nested too deeply"),
        ("### A\n" + "x" * 33_000, "16000 are read"),
        ("".join(f"### {n}\n" for n in range(101)), "more than 100 fields"),
    ],
)
def test_a_form_that_may_be_read_otherwise_than_it_is_shown_is_refused(text: str, why: str) -> None:
    with pytest.raises(Misread, match=why):
        read_form(text)
