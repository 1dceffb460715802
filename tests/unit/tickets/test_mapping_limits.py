"""A mapping at its limits: depth, empty values, near misses, and times as people write them."""

from typing import Any

import pytest

from shared.domain.problems import Problem
from shared.tickets.expressions import saw, shown, value_of
from shared.tickets.near_misses import near_misses
from tests.unit.tickets.test_mapping import made


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
