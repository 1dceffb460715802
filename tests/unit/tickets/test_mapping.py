"""From a ticket's event to a request: the ready mappings, and what is done with odd events."""

import json
from typing import Any

import pytest

from local.stack.processes import ROOT
from shared.config.desk_file import Desk, parse_desk
from shared.domain.problems import Problem
from shared.domain.request import parse_request
from shared.tickets.event import event_of
from shared.tickets.mapping import Ignored, Mapped, check_mappings, map_event
from tests.kits.ticket_samples import DESK, mapped, saved


def with_mapping(**parts: str) -> Desk:
    """A desk whose only source is `x`, generic, with these expressions."""
    text = "".join(
        f"{name} = {json.dumps(part)}\n" for name, part in {"when": "`true`", "request": "body", **parts}.items()
    )
    return parse_desk(f'[tickets.x]\nkind = "generic"\nauth = "header"\nsecret = {{ env = "S" }}\n{text}')


def made(body: Any, **parts: str) -> Mapped:
    found = mapped("x", {"headers": {}, "body": body}, with_mapping(**parts))
    assert isinstance(found, Mapped)
    return found


@pytest.mark.parametrize(
    ("name", "key", "ref"),
    [
        ("jira", "OPS-12", "OPS-12"),
        ("servicenow", "RITM0012345:1", "sc_req_item/0123456789abcdef0123456789abcdef"),
        ("zendesk", "35436", "35436"),
        ("github", "contoso/restores#42", "contoso/restores/issues/42"),
        ("portal", "REQ-7", None),
    ],
)
def test_a_ready_mapping_makes_a_request_that_its_model_takes(name: str, key: str, ref: str | None) -> None:
    found = mapped(name, saved(name))
    assert isinstance(found, Mapped)
    request = parse_request(found.request)
    assert (request.instance, request.target, found.key) == ("pg-prod-01", "drills", key)
    assert request.ticket is not None
    assert request.ticket.ref == ref
    assert request.requested_by


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("jira", ("changelog", "items", 0, "toString"), "Rejected"),
        ("jira", ("changelog",), None),
        ("jira", ("webhookEvent",), "jira:issue_created"),
        ("servicenow", ("ticket", "approval"), "requested"),
        ("zendesk", ("event",), "ticket.closed"),
        ("github", ("sender", "login"), "octo-asker"),
        ("github", ("label", "name"), "bug"),
        ("github", ("action",), "opened"),
        ("github", ("sender",), None),
    ],
)
def test_an_event_that_is_no_approval_is_ignored_and_says_what_it_saw(name: str, path: Any, value: Any) -> None:
    sample = saved(name)
    place = sample["body"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    found = mapped(name, sample)
    assert isinstance(found, Ignored)
    assert f"tickets.{name}.when" in found.why
    assert "body." in found.why


def test_githubs_ping_is_ignored() -> None:
    assert mapped("github", {"headers": {"X-GitHub-Event": "ping"}, "body": {"zen": "…"}}) == Ignored(
        "it is GitHub's ping"
    )


def test_approving_twice_is_one_key_and_no_header_makes_another() -> None:
    first, second = saved("jira"), saved("jira")
    second["headers"]["X-Atlassian-Webhook-Identifier"] = "another-delivery"
    assert mapped("jira", first) == mapped("jira", second)
    for sample in (first, second):
        del sample["body"]["issue"]["key"]
    found = [mapped("jira", sample) for sample in (first, second)]
    keys = [one.key for one in found if isinstance(one, Mapped)]
    assert len(keys) == 2
    assert keys[0] == keys[1]
    assert keys[0].startswith("body:")
    bare = [made({"a": 1}), made({"a": 1}), made({"a": 2})]
    assert bare[0].key == bare[1].key != bare[2].key


def test_our_own_comments_start_no_restore() -> None:
    for comment in (
        {"body": "restored (restore-desk 01JC0000000000000000SAMPLE.4)"},
        {"body": {"type": "doc", "content": [{"type": "text", "text": " (restore-desk 01JC.4)"}]}},
        "see \\(restore-desk 01JC.4\\)",
    ):
        sample = saved("jira")
        sample["body"]["comment"] = comment
        assert mapped("jira", sample) == Ignored("it is a comment of the desk itself")
    sample = saved("jira")
    sample["body"]["issue"]["fields"]["description"] = "like (restore-desk 01JC.4) before"
    assert isinstance(mapped("jira", sample), Mapped)
    sample = saved("github")
    sample["body"]["sender"]["login"] = "Contoso-Restore-Desk[bot]"
    assert mapped("github", sample) == Ignored("it is an act of the desk's own user")


def test_what_is_empty_is_left_out_and_switches_are_read() -> None:
    body = {
        "instance": " pg ",
        "target": "t",
        "reason": None,
        "location": "",
        "rehydration": {"priority": None},
        "dryRun": "True",
        "crossRegion": "false",
        "maxAgeHours": 0,
        "resourceGuardRequests": [None, ""],
    }
    assert made(body).request == {
        "instance": "pg",
        "target": "t",
        "dryRun": True,
        "crossRegion": False,
        "maxAgeHours": 0,
        "resourceGuardRequests": [],
    }


def test_what_people_typed_as_a_reason_never_refuses_a_restore() -> None:
    request = made(
        {"instance": "i", "target": "t", "reason": "a\x00b\u202ec\r\n" + "x" * 5000, "requestedBy": "\x07"}
    ).request
    assert parse_request(request).reason == request["reason"]
    assert request["reason"].startswith("a b c xxx")
    assert request["reason"].endswith("… (cut)")
    assert "requestedBy" not in request


@pytest.mark.parametrize(
    ("said", "point"),
    [
        ("latest", "latest"),
        (" Latest ", "latest"),
        ("at-or-before:2026-10-01T00:00:00Z", {"atOrBefore": "2026-10-01T00:00:00Z"}),
        ("2026-10-01T00:00:00.000+0000", {"atOrBefore": "2026-10-01T00:00:00.000+0000"}),
        ("id:0123abcd", {"id": "0123abcd"}),
        ({"id": "0123abcd"}, {"id": "0123abcd"}),
    ],
)
def test_a_recovery_point_as_people_write_it(said: Any, point: Any) -> None:
    request = made({"p": said}, request="{instance: 'i', target: 't', recoveryPoint: point(body.p)}").request
    assert request["recoveryPoint"] == point
    parse_request(request)


@pytest.mark.parametrize("said", [None, "", "  "])
def test_no_recovery_point_is_left_to_the_default(said: Any) -> None:
    assert made({"p": said}, request="{instance: 'i', recoveryPoint: point(body.p)}").request == {"instance": "i"}


@pytest.mark.parametrize(
    ("parts", "body", "where", "why"),
    [
        ({"request": "body.a"}, {"a": "x" * 200}, "request", "it must make an object, but made \"xxx"),
        ({"request": "body.a"}, {}, "request", "but made null; it saw body.a = null"),
        ({"request": "{i: lower(body.a)}"}, {"a": 5}, "request", "body.a = 5"),
        ({"request": "{i: max_by(body.a, &b)}"}, {"a": [{"b": 1}, {}]}, "request", 'body.a = [{"b": 1}, {}]'),
        ({"when": "join('', body.a.b)"}, {"a": {"b": [1]}}, "when", "body.a.b = [1]"),
        ({"key": "body.a"}, {"a": ["k"]}, "key", 'it made ["k"]'),
    ],
)  # fmt: skip
def test_an_error_names_the_expression_and_shows_what_it_saw(parts: Any, body: Any, where: str, why: str) -> None:
    with pytest.raises(Problem) as caught:
        made(body, **parts)
    assert caught.value.where == f"tickets.x.{where}"
    assert why in caught.value.detail
    assert len(caught.value.detail) < 400


def test_numbers_without_end_are_no_fault_of_ours() -> None:
    event = event_of(with_mapping().tickets["x"], {}, b'{"a": 1e999}')
    with pytest.raises(Problem, match="OverflowError"):
        map_event("x", with_mapping(request="{i: ceil(body.a)}").tickets["x"], event)


def test_a_key_may_be_a_number_and_is_never_too_long() -> None:
    assert made({"n": 7}, key="body.n").key == "7"
    assert made({"n": None, "ticket": {"id": "T-1"}}, key="body.n").key == "T-1"
    assert len(made({"n": "x" * 999}, key="body.n").key) < 100


def test_expressions_are_checked_when_the_file_is_loaded() -> None:
    assert check_mappings(DESK) == []
    (fault,) = check_mappings(with_mapping(when="body.["))
    assert fault.startswith("tickets.x.when: ")
    assert check_mappings(with_mapping(key="shell('x')")) == ["tickets.x.key: there is no function shell"]


def test_a_mapping_may_say_the_ticket_itself() -> None:
    body = {"ticket": {"id": "A-1", "ref": "x/1"}, "other": {"id": "B-2"}}
    assert made(body, request="{instance: 'i', ticket: body.other}").request["ticket"] == {
        "system": "generic",
        "id": "B-2",
        "ref": "x/1",
    }


def test_jiras_automation_sends_the_issue_alone_and_its_mapping_reads_it() -> None:
    text = (ROOT / "docs" / "tickets.md").read_text(encoding="utf-8")
    lines = text.partition("without the change log, so the mapping is:")[2].split("```")[1].removeprefix("text\n")
    source = f'[tickets.jira]\nkind = "jira"\nauth = "header"\nsecret = {{ env = "S" }}\n{lines}'
    fields = {"status": {"name": "Approved"}, "customfield_10101": {"value": "pg"}, "customfield_10102": {"value": "t"}}
    sample = {"headers": {}, "body": {"key": "OPS-12", "fields": fields}}
    found = mapped("jira", sample, parse_desk(source))
    assert isinstance(found, Mapped)
    assert found.request == {
        "instance": "pg",
        "target": "t",
        "ticket": {"system": "jira", "id": "OPS-12", "ref": "OPS-12"},
    }
    fields["status"] = {"name": "approved"}
    assert "A near miss" in getattr(mapped("jira", sample, parse_desk(source)), "why", "")
