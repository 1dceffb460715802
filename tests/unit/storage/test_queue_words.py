"""Messages of the queue: each is a wake, a request, our own copy or unreadable; a copy says all that it stands for."""

import base64
import json
from html import escape
from typing import Any
from xml.etree import ElementTree

import pytest

from shared.domain.problems import Problem
from shared.domain.request import BODY_LIMIT
from shared.storage.queue_messages import Asked, Unreadable, Wake, again, copy_of, decoded, read_message

ID = "yoeytdsl-01m3vnbwg00000000000000000"


def read(value: Any) -> Wake | Asked | Unreadable:
    return read_message(json.dumps(value, separators=(",", ":")).encode(), "m1")


def padded(size: int) -> dict[str, str]:
    return {"instance": "x" * (size - len('{"instance":""}'))}


@pytest.mark.parametrize(
    ("value", "due"),
    [
        ({"restore": ID, "wake": 0}, Wake(ID, 0)),
        ({"restore": "not an id", "wake": 0}, Asked({"restore": "not an id", "wake": 0}, "m1", False)),
        ({"restore": ID, "wake": "0"}, Asked({"restore": ID, "wake": "0"}, "m1", False)),
        ({"restore": ID, "wake": 0, "x": 1}, Asked({"restore": ID, "wake": 0, "x": 1}, "m1", False)),
        ({"a": 1, "idempotencyKey": "k"}, Asked({"a": 1, "idempotencyKey": "k"}, "k", True)),
        ({"a": 1, "idempotencyKey": ""}, Asked({"a": 1, "idempotencyKey": ""}, "m1", False)),
        ({"a": 1, "idempotencyKey": 7}, Asked({"a": 1, "idempotencyKey": 7}, "m1", False)),
        ({"copyOf": "m0", "request": {"a": 1}}, Asked({"a": 1}, "m0", True, False)),
        ({"copyOf": "m0", "request": {"a": 1}, "poisoned": True}, Asked({"a": 1}, "m0", False, True)),
        ({"copyOf": "m0", "request": "a"}, Asked({"copyOf": "m0", "request": "a"}, "m1", False)),
        ({"copyOf": "m0", "request": {}, "x": 1}, Asked({"copyOf": "m0", "request": {}, "x": 1}, "m1", False)),
        ({"copyOf": 7, "refused": "no"}, Asked({"copyOf": 7, "refused": "no"}, "m1", False)),
    ],
)
def test_a_message_is_known_by_its_whole_shape(value: Any, due: Wake | Asked) -> None:
    assert read(value) == due


def test_a_copy_of_what_could_not_be_read_keeps_its_reason_and_its_key() -> None:
    found = read({"copyOf": "m0", "refused": "why" + "y" * 3000})
    assert isinstance(found, Unreadable)
    assert (found.key, found.problem.status, len(found.problem.detail)) == ("m0", 400, 2000)
    again = read_message(copy_of(found).encode(), "m2")
    assert isinstance(again, Unreadable)
    assert (again.key, again.problem.detail.startswith(str(found.problem)[:100])) == ("m0", True)


@pytest.mark.parametrize("poisoned", [True, False])
def test_a_copy_of_a_request_is_that_request(poisoned: bool) -> None:
    asked = Asked({"instance": "päper"}, "m0", False, poisoned)
    assert "päper" in copy_of(asked)
    assert ("poisoned" in copy_of(asked)) is poisoned
    assert read_message(copy_of(asked).encode(), "m9") == Asked({"instance": "päper"}, "m0", not poisoned, poisoned)


def test_a_request_has_a_limit_and_its_copy_finds_room_above_it() -> None:
    assert isinstance(read(padded(BODY_LIMIT)), Asked)
    large = read(padded(BODY_LIMIT + 1))
    assert isinstance(large, Unreadable)
    assert (large.problem.status, large.key) == (413, "m1")
    assert str(BODY_LIMIT) in large.problem.detail
    largest = Asked(padded(BODY_LIMIT), "m1", False)
    assert read_message(copy_of(largest).encode(), "m2") == Asked(largest.value, "m1", True)
    beyond = read(padded(2 * BODY_LIMIT + 1))
    assert isinstance(beyond, Unreadable)


def test_base64_is_taken_once_with_or_without_the_ends_of_its_lines() -> None:
    raw = json.dumps({"a": "x" * 100}).encode()
    lines = base64.encodebytes(raw)
    assert lines.count(b"\n") > 1
    for sent in (base64.b64encode(raw), lines, b"\xef\xbb\xbf" + raw, b" \n" + raw):
        assert read_message(sent, "m1") == Asked({"a": "x" * 100}, "m1", False)
    twice = read_message(base64.b64encode(base64.b64encode(raw)), "m1")
    assert isinstance(twice, Unreadable)
    assert "base64 of base64" in twice.problem.detail


@pytest.mark.parametrize("raw", [b"", b"  ", b"no base64!", b"{}", b"[1]", b"\xff"])
def test_what_is_no_base64_stays_as_it_is(raw: bytes) -> None:
    assert decoded(raw) is raw


def test_a_problem_says_what_was_wrong() -> None:
    for raw in (b"", b"no base64!", b"[1]", b"{", b"7"):
        found = read_message(raw, "m1")
        assert isinstance(found, Unreadable)
        assert isinstance(found.problem, Problem)
        assert found.key == "m1"


@pytest.mark.parametrize("character", ["\\ufffe", "\\uffff", "\\u0001", "\\u007f", "]]>", "&<", "é", "\\ud83d\\ude00"])
def test_a_message_that_is_sent_again_can_be_written_as_xml_and_is_the_same(character: str) -> None:
    raw = f'{{"instance": "pg-a", "reason": "a{character}b"}}'.encode()
    sent = again(raw, "m1")
    assert ElementTree.fromstring(f"<text>{escape(sent, quote=False)}</text>").text == sent  # noqa: S314 - our own
    found = read_message(sent.encode(), "m2")
    assert isinstance(found, Asked)
    assert (found.value, found.key) == (json.loads(raw), "m1")
