"""A signed event that cannot be read still reaches its ticket, and what nearly was an approval says so."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from shared.domain.problems import Problem
from shared.domain.request import parse_json
from shared.storage.queue_messages import Asked, Unreadable, read_message
from shared.tickets.kind import first_value, text_at
from tests.kits.ticket_door import SYSTEMS, Door
from tests.kits.ticket_samples import saved

REFS = {
    "jira": "OPS-12",
    "servicenow": "sc_req_item/0123456789abcdef0123456789abcdef",
    "zendesk": "35436",
    "github": "contoso/restores/issues/42",
}


def broken(system: str) -> bytes:
    """The event with a quote that ends a text too early, at its very end."""
    return json.dumps(saved(system)["body"]).encode()[:-1] + b', "note": "he said "now""}'


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_broken_event_is_refused_on_its_ticket_once_a_day(system: str) -> None:
    door = Door()
    answers = [door.send(system, broken(system)) for _ in range(3)]
    assert {answer["status"] for answer in answers} == {"refused"}
    assert len({answer["restore"] for answer in answers}) == 1
    refused = door.restore(answers[0])
    assert refused.ticket
    if system != "portal":
        assert refused.ticket["ref"] == REFS[system]
        assert refused.channels
        notices = door.process.parts.outbox.of_restore(refused.id)
        assert [n.event for n in notices if n.channel in refused.channels] == ["refused"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_broken_event_with_our_own_comment_in_it_is_left_alone(system: str) -> None:
    door = Door()
    raw = broken(system)[:-2] + b' (restore-desk 01JC0000000000000000SAMPLE.4)"}'
    assert door.send(system, raw)["status"] == "ignored"
    too_long = raw[:-1] + b'"' + b"x" * 1_100_000
    assert door.send(system, too_long)["status"] == "ignored"


FORM = {**saved("zendesk")["body"], "dry_run": "true", "title": 'He said "restore"\nand\tso on, 100 % & more'}


def test_zendesks_form_keeps_quotes_and_newlines() -> None:
    door = Door()
    answer = door.send("zendesk", urlencode(FORM).encode())
    assert answer["status"] == "accepted", answer
    assert door.restore(answer).reason == 'He said "restore" and so on, 100 % & more'
    assert door.restore(answer).dry_run is True
    twice = urlencode([*FORM.items(), ("dry_run", "false")]).encode()
    refused = Door().send("zendesk", twice)
    assert (refused["status"], "stands twice" in refused["reason"]) == ("refused", True)


@pytest.mark.parametrize(("system", "path", "value", "words"), [
    ("jira", ("changelog", "items", 0, "toString"), "approved", 'is "approved", expected "Approved"'),
    ("jira", ("changelog", "items", 0, "toString"), " Approved", 'expected "Approved"'),
    ("servicenow", ("ticket", "approval"), "Approved", 'body.ticket.approval is "Approved", expected "approved"'),
    ("servicenow", ("event",), "restore.requested ", "body.event is"),
    ("zendesk", ("event",), "Restore.Requested", 'expected "restore.requested"'),
    ("github", ("label", "name"), "Approved", 'body.label.name is "Approved", expected "approved"'),
    ("portal", ("type",), "RESTORE.REQUESTED", "body.type is"),
])  # fmt: skip
def test_a_near_miss_is_said(system: str, path: Any, value: str, words: str) -> None:
    body = saved(system)["body"]
    place = body
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    answer = Door().send(system, body)
    assert answer["status"] == "ignored"
    assert "A near miss: " in answer["reason"]
    assert words in answer["reason"]


def test_what_is_far_off_is_no_near_miss() -> None:
    body = saved("servicenow")["body"]
    body["ticket"]["approval"] = "requested"
    assert "near miss" not in Door().send("servicenow", body)["reason"]


BOM = b"\xef\xbb\xbf"


def test_a_byte_order_mark_is_accepted_everywhere() -> None:
    assert parse_json(BOM + b'{"a": 1}') == {"a": 1}
    assert isinstance(read_message(BOM + b'{"instance": "i"}', "m"), Asked)
    for system in SYSTEMS:
        assert Door().send(system, BOM + json.dumps(saved(system)["body"]).encode())["status"] == "accepted"


@pytest.mark.parametrize(("raw", "words"), [
    (b"", "an empty body was sent"), (b"  \n", "an empty body"), (b"<html>", "HTML or XML"),
    (b"instance=pg&target=x", "a form"), ('{"a":1}'.encode("utf-16"), "UTF-16"),
    (b"eyJhIjogMX0=", "base64 of JSON"), (b"[1]", "a list was sent"), (b"7", "a number was sent"),
    (b'{"a": NaN}', "NaN is no JSON value"), (b'{"a": 1', "could not be read"),
])  # fmt: skip
def test_what_was_found_is_said(raw: bytes, words: str) -> None:
    with pytest.raises(Problem, match=words):
        parse_json(raw)


def test_base64_of_base64_is_called_so() -> None:
    import base64

    twice = base64.b64encode(base64.b64encode(b'{"instance": "i"}'))
    read = read_message(twice, "m")
    assert isinstance(read, Unreadable)
    assert "base64 of base64 was sent" in read.problem.detail
    empty = read_message(b"", "m")
    assert isinstance(empty, Unreadable)
    assert "an empty body" in empty.problem.detail


def test_json_under_the_content_type_of_a_form_is_json() -> None:
    """`curl -d` says it is a form; the signed bytes decide."""
    for system in SYSTEMS:
        answer = Door().send(system, saved(system)["body"], {"Content-Type": "application/x-www-form-urlencoded"})
        assert answer["status"] == "accepted"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": "x"}', "x"),
        ('{"a" :  "x\\"y"}', 'x"y'),
        ('{"b": "x"}', ""),
        ('{"a": 5}', ""),
        ('{"a": ""}', ""),
        ('{"a": "\\x"}', ""),
        ('{"a": "' + "y" * 301 + '"}', ""),
        ('{"a": "' + "y" * 300 + '"}', "y" * 300),
    ],
)
def test_a_string_is_found_in_text_that_is_not_whole_json(text: str, found: str) -> None:
    assert first_value("a", text) == found


@pytest.mark.parametrize(
    ("value", "path", "text"),
    [
        ({"a": {"b": "x"}}, ("a", "b"), "x"),
        ({"a": {"b": 5}}, ("a", "b"), "5"),
        ({"a": {"b": True}}, ("a", "b"), ""),
        ({"a": {"b": 1.5}}, ("a", "b"), ""),
        ({"a": "x"}, ("a", "b"), ""),
        ({}, ("a",), ""),
        (None, ("a",), ""),
    ],
)
def test_a_text_at_a_path(value: Any, path: tuple[str, ...], text: str) -> None:
    assert text_at(value, *path) == text
