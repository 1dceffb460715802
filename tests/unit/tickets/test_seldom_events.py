"""What seldom comes from a ticket system: times that are none, text cut in a string, objects without an end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.config.desk_file import TicketSource
from shared.domain.problems import Ours, Problem
from shared.notices.standard_webhooks import key
from shared.tickets.expressions import saw, shown, value_of
from shared.tickets.issue_forms import MOST, MOST_FIELDS, Misread, read_form
from shared.tickets.kind import first_value, text_at
from shared.tickets.mapping import map_event
from shared.tickets.near_misses import near_misses
from shared.tickets.safety import read_safety
from shared.tickets.sender import verify
from shared.tickets.signatures import Unverified, fresh
from tests.unit.tickets.test_mapping import made

NOW = datetime(2026, 7, 14, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "taken"), [(0, True), (300, True), (301, False), (-300, True), (-300.5, False), (-301, False)]
)
def test_a_signature_is_fresh_for_five_minutes_either_way(seconds: float, taken: bool) -> None:
    at = NOW - timedelta(seconds=seconds)
    if taken:
        fresh(at, NOW)
        return
    with pytest.raises(Unverified, match="signed over 5 minutes ago"):
        fresh(at, NOW)


@pytest.mark.parametrize(("size", "taken"), [(15, False), (16, True)])
def test_a_key_has_sixteen_bytes_at_the_least(size: int, taken: bool) -> None:
    import base64

    text = base64.b64encode(b"k" * size).decode()
    for secret in (text, f"whsec_{text}", text.rstrip("=")):
        if taken:
            assert key("x", secret) == b"k" * size
            continue
        with pytest.raises(Ours, match="must be whsec_"):
            key("x", secret)
    with pytest.raises(Ours):
        key("x", "no base64!" * 4)


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


# --- mappings ---------------------------------------------------------------------------------------------------------
def nested(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = {"a": value}
    return value


def test_what_a_mapping_makes_is_nested_so_deep_and_no_deeper() -> None:
    assert made({"instance": "pg", "target": nested(11)}).request["target"] == nested(11)
    with pytest.raises(Problem, match="what it made is nested too deeply") as caught:
        made({"instance": "pg", "target": nested(12)})
    assert caught.value.where == "tickets.x.request"


def test_what_is_empty_is_left_out_of_a_request_at_every_level() -> None:
    body: Any = {
        "instance": " pg ",
        "target": {"a": None, "b": "", "c": {}, "d": {"e": None}},
        "list": ["", None, " x ", {}],
    }
    assert made(body).request == {"instance": "pg", "list": ["x"]}


@pytest.mark.parametrize(
    ("expression", "event", "near"),
    [
        ("body.a == 'x'", {"a": "X"}, 'body.a is "X", expected "x"'),
        ("'x' == body.a", {"a": " x"}, 'body.a is " x", expected "x"'),
        ("body.a == `5`", {"a": "5"}, 'body.a is "5", expected 5'),
        ("body.a == 'x'", {"a": "x"}, ""),
        ("body.a == 'x'", {"a": "y"}, ""),
        ("body.a == 'x'", {"a": None}, ""),
        ("body.a == 'x'", {"a": ["X"]}, ""),
        ("body.a != 'x'", {"a": "X"}, ""),
        ('body.a == `["x"]`', {"a": "['X']"}, ""),
        ("body.a == body.b", {"a": "X", "b": "x"}, ""),
        ("'x' == 'X'", {}, ""),
        ("body.l[?k == 'x']", {"l": [{"k": "X"}, {"k": "y"}]}, 'body.l[].k is "X", expected "x"'),
        ("body.l[?k == 'x']", {"l": {"k": "X"}}, ""),
        ("body.a == 'x' && body.b == 'y'", {"a": "X", "b": "Y"},
         'body.a is "X", expected "x"; body.b is "Y", expected "y"'),
        ("body.a == 'x' || body.a == 'x'", {"a": "X"}, 'body.a is "X", expected "x"'),
        ("body.(", {"a": "X"}, ""),
    ],
)  # fmt: skip
def test_a_near_miss_is_named(expression: str, event: dict[str, Any], near: str) -> None:
    assert near_misses(expression, {"body": event, "headers": {}, "form": {}}) == near


def test_three_near_misses_are_named_and_no_more() -> None:
    names = "abcd"
    said = " || ".join(f"body.{name} == 'x'" for name in names)
    assert near_misses(said, {"body": dict.fromkeys(names, "X")}).count("expected") == 3


def test_eight_fields_that_an_expression_reads_are_shown_cut() -> None:
    names = [f"f{n}" for n in range(10)]
    event = {"body": dict.fromkeys(names, "v" * 200)}
    said = saw(" || ".join(f"body.{name}" for name in names), event)
    assert said.count(" = ") == 8
    assert len(shown("v" * 200)) == 80
    assert saw("body.a || other.b || headers.c", {"body": {}, "headers": {"c": 1}}) == "body.a = null; headers.c = 1"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("latest", "latest"),
        (" LATEST ", "latest"),
        ("", None),
        ("id: p-1", {"id": "p-1"}),
        ("ID:p-1", {"id": "p-1"}),
        ("at-or-before: 2026-10-01T00:00:00Z", {"atOrBefore": "2026-10-01T00:00:00Z"}),
        ("atOrBefore:2026-10-01", {"atOrBefore": "2026-10-01"}),
        ("2026-10-01T00:00:00Z", {"atOrBefore": "2026-10-01T00:00:00Z"}),
        ({"id": "p"}, {"id": "p"}),
        (None, None),
    ],
)
def test_a_recovery_point_as_people_write_it(said: Any, found: Any) -> None:
    assert value_of("point(body.p)", {"body": {"p": said}}) == found


def test_lower_takes_texts_and_nothing() -> None:
    assert value_of("lower(body.a)", {"body": {"a": "AbC"}}) == "abc"
    assert value_of("lower(body.a)", {"body": {}}) is None


# --- safety fields ----------------------------------------------------------------------------------------------------
WHERE = "tickets.x.request"


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("dryRun", True, True),
        ("dryRun", " TRUE ", True),
        ("dryRun", "false", False),
        ("crossRegion", False, False),
        ("maxAgeHours", 48, 48),
        ("maxAgeHours", " 48 ", 48),
        ("maxAgeHours", "999999", 999999),
    ],
)
def test_a_safety_field_is_read_as_its_kind(name: str, value: Any, read: Any) -> None:
    found = read_safety({name: value}, set(), {}, WHERE)
    assert found == {name: read}
    assert type(found[name]) is type(read)


@pytest.mark.parametrize(
    ("name", "value", "seen"),
    [
        ("dryRun", None, "missing"),
        ("dryRun", " ", "blank"),
        ("dryRun", "yes", '"yes"'),
        ("dryRun", 1, "1"),
        ("crossRegion", [], "[]"),
        ("maxAgeHours", True, "true"),
        ("maxAgeHours", "48h", '"48h"'),
        ("maxAgeHours", "1000000", '"1000000"'),
        ("maxAgeHours", 1.5, "1.5"),
    ],
)
def test_a_safety_field_that_cannot_be_read_refuses(name: str, value: Any, seen: str) -> None:
    for made_, named in (({name: value}, set[str]()), ({}, {name})):
        with pytest.raises(Problem) as caught:
            read_safety(made_, named, {}, WHERE)
        assert (caught.value.status, caught.value.where) == (422, name)
        assert f"but its value is {seen if made_ else 'missing'};" in caught.value.detail


@pytest.mark.parametrize(
    ("event", "place"),
    [
        ({"form": {"Dry run": "yes"}}, 'form."Dry run" says "yes"'),
        ({"body": {"dry_run": True}}, 'body."dry_run" says true'),
        ({"body": {"request": {"DRY-RUN": None}}}, 'body.request."DRY-RUN" says null'),
    ],
)
def test_a_safety_field_of_the_event_that_no_mapping_reads_refuses(event: Any, place: str) -> None:
    with pytest.raises(Problem) as caught:
        read_safety({}, set(), event, WHERE)
    assert caught.value.detail.startswith(f"{place}, but {WHERE} does not read it")
    assert read_safety({"dryRun": True}, set(), event, WHERE) == {"dryRun": True}


def test_an_event_without_safety_fields_needs_none() -> None:
    events: list[Any] = [{}, {"form": {"Reason": "x"}}, {"body": []}, {"body": {"request": []}, "form": None}]
    for event in events:
        assert read_safety({}, set(), event, WHERE) == {}


# --- forms ------------------------------------------------------------------------------------------------------------
def fields(count: int) -> str:
    return "".join(f"### F{n}\n\nv{n}\n\n" for n in range(count))


def test_a_form_has_a_hundred_fields_and_sixteen_thousand_characters_at_the_most() -> None:
    assert len(read_form(fields(MOST_FIELDS))) == MOST_FIELDS == 100
    with pytest.raises(Misread, match="more than 100 fields"):
        read_form(fields(MOST_FIELDS + 1))
    head = "### A\n\n"
    assert read_form(head + "x" * (MOST - len(head)))["A"].count("x") == MOST - len(head)
    with pytest.raises(Misread, match="has 16001 characters; 16000 are read"):
        read_form(head + "x" * (MOST + 1 - len(head)))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("no heading", {}),
        ("#### A\n\n###x", {}),
        ("### A\n\n_No response_", {"A": ""}),
        ("### A\n\nNone", {"A": ""}),
        ("### A\n\nx\n\n\n\ny", {"A": "x\n\ny"}),
        ("### A\n\n> ### B\n> x", {"A": "B\n\nx"}),
        ("### A\n### B\n\ny", {"A": "", "B": "y"}),
        ("### `A` b\n\n```\ncode\n```", {"A b": "code"}),
        ("### A\n\n- x\n- y", {"A": "x\n\ny"}),
        ("### A\n\nx  \ny", {"A": "x\ny"}),
    ],
)
def test_a_field_is_what_its_approver_saw(body: str, found: dict[str, str]) -> None:
    assert read_form(body) == found


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("text\n\n### A\n\nx", "before its first field"),
        ("### A\n\nx\n\n### a\n\ny", "stands twice"),
        ("###\n\nx\n\n### A", "a heading of it is empty"),
        ("### A\n\n<!-- x -->", "it holds HTML"),
        ("### A\n\nx <b>y</b>", "it holds HTML"),
        ("### A\n\n" + "> " * 13 + "x", "nested too deeply"),
    ],
)
def test_a_form_that_may_mislead_is_not_read(body: str, words: str) -> None:
    with pytest.raises(Misread, match=words):
        read_form(body)


def test_a_source_shows_no_event_in_its_repr() -> None:
    from shared.tickets.mapping import _Mapping

    source = TicketSource.model_validate(
        {"kind": "generic", "auth": "header", "secret": {"env": "S"}, "when": "`true`", "request": "body"}
    )
    assert "topsecret" not in repr(_Mapping("x", source, {"body": {"a": "topsecret"}}))


def test_a_source_that_cannot_be_used_says_so() -> None:
    from shared.tickets.registry import kind_of

    source = TicketSource.model_construct(
        kind="servicenow", auth="signature", header="X", secret=None, when="body.(", request="body", key=None, bots=()
    )
    with pytest.raises(Unverified, match="servicenow does not sign its calls"):
        verify(source, ("s" * 16,), {}, b"{}", NOW)
    with pytest.raises(KeyError):
        kind_of("nothing")
    with pytest.raises(Problem, match=r"tickets\.x\.when: ") as caught:
        map_event("x", source, {"body": {}, "headers": {}, "form": {}})
    assert "it saw" not in caught.value.detail
