"""JMESPath as mappings use it: what an expression makes, what it read, and what is said where it does not work."""

from typing import Any

import pytest

from shared.tickets.expressions import (
    Unusable,
    compiled,
    named_fields,
    nodes,
    point,
    saw,
    shown,
    value_of,
    visited,
)

EVENT: dict[str, Any] = {
    "body": {"issue": {"key": "OPS-1", "labels": [{"name": "Restore"}, {"name": "x"}]}, "status": "Approved"},
    "headers": {"x-event": "made"},
    "form": {"Target": "drills"},
}


@pytest.mark.parametrize(
    ("said", "due"),
    [
        ("latest", "latest"),
        (" Latest ", "latest"),
        ("at-or-before: 2026-10-01T12:00:00Z", {"atOrBefore": "2026-10-01T12:00:00Z"}),
        ("AtOrBefore:2026-10-01T12:00:00Z", {"atOrBefore": "2026-10-01T12:00:00Z"}),
        ("ID: abc", {"id": "abc"}),
        ("2026-10-01T12:00:00Z", {"atOrBefore": "2026-10-01T12:00:00Z"}),
        ("2026-10-01", {"atOrBefore": "2026-10-01"}),
        ("2026-13-01", "2026-13-01"),
        ("yesterday", "yesterday"),
        ("", None),
        ("  ", None),
        (None, None),
        ({"id": "abc"}, {"id": "abc"}),
    ],
)
def test_a_point_is_read_as_people_write_it(said: Any, due: Any) -> None:
    assert point(said) == due
    assert value_of("point(body)", {"body": said}) == due


def test_our_functions_take_what_is_missing() -> None:
    assert value_of("lower(body.status)", EVENT) == "approved"
    assert value_of("lower(body.none)", EVENT) is None
    with pytest.raises(Unusable):
        value_of("lower(body.issue)", EVENT)
    with pytest.raises(Unusable):
        value_of("point(body.issue.labels)", EVENT)


@pytest.mark.parametrize("expression", ["", "body.", "body[", "a b"])
def test_what_is_no_expression_says_so_in_one_line(expression: str) -> None:
    with pytest.raises(Unusable) as caught:
        compiled(expression)
    assert str(caught.value)
    assert "\n" not in str(caught.value)


def test_functions_that_do_not_exist_are_named_before_any_event() -> None:
    with pytest.raises(Unusable, match=r"there is no function lowre, upper$"):
        compiled("upper(body) || lowre(body)")
    assert compiled("lower(body) || point(body) || join(',', keys(body))")


def test_an_infinite_number_is_no_fault_of_ours() -> None:
    with pytest.raises(Unusable, match=r"does not work on this event \(OverflowError\)"):
        value_of("ceil(body)", {"body": float("inf")})


def test_what_an_expression_read_is_shown_each_once() -> None:
    seen = saw("body.issue.key == 'x' && form.Target || headers.\"x-event\" && body.issue.key || body.none.deep", EVENT)
    assert seen == 'body.issue.key = "OPS-1"; form.Target = "drills"; headers.x-event = "made"; body.none.deep = null'
    assert saw("`true` && other.place", EVENT) == ""
    many = " || ".join(f"body.f{n}" for n in range(12))
    assert saw(many, EVENT).count("=") == 8


def test_the_fields_that_an_expression_makes_are_known() -> None:
    assert named_fields("{instance: body.a, ticket: {id: body.b}}") == {"instance", "ticket", "id"}
    assert named_fields("body.a") == set()


def test_a_value_is_shown_in_one_short_line() -> None:
    assert shown({"ä": "one\ntwo"}) == '{"ä": "one\\ntwo"}'
    assert len(shown("x" * 500)) == 80
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert shown(deep) == "something nested too deeply to show"


def test_every_part_of_an_expression_is_reached_and_can_be_tried_on_a_value() -> None:
    tree = compiled("body.issue.labels[?lower(name) == 'restore']").parsed
    kinds = [node["type"] for node in nodes(tree)]
    assert kinds[0] == "filter_projection"
    assert {"comparator", "function_expression", "literal"} <= set(kinds)
    call = next(node for node in nodes(tree) if node["type"] == "function_expression")
    assert visited(call, {"name": "Restore"}) == "restore"
    assert visited(call, {"name": 7}) is None


def test_of_a_field_that_is_read_from_a_choice_the_choices_are_shown() -> None:
    seen = saw("(form.Target || body.status).name", EVENT)
    assert seen == 'form.Target = "drills"; body.status = "Approved"'
