"""A safety field is read as its kind; one that is unreadable, or that no mapping reads, refuses the event."""

from typing import Any

import pytest

from shared.domain.problems import Problem
from shared.tickets.safety import read_safety

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
