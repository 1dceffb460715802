"""A round over due rows ends with its time, and one bad row holds up no other."""

import logging
from collections.abc import Iterator

import pytest

from shared.aftercare.due import run_due
from shared.domain.problems import Trouble, Unreadable
from shared.storage.store import Conflict, Row

FAULTS = {"b": Conflict("moved"), "c": Trouble("Azure is busy"), "d": Unreadable("newer")}


def due(vault: str) -> Iterator[Row]:
    return iter([Row(f"{vault}-{name}", {"restore": name}, "e") for name in "abcde"])


def look(line: Row) -> bool:
    name = line.text("restore")
    if name in FAULTS:
        raise FAULTS[name]
    return name == "e"


def test_a_bad_row_holds_up_no_other_and_only_faults_are_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert run_due("container", ["v", "w"], due, look) == 2
    said = [f"the container of {name} was not looked at: {FAULTS[name]}" for name in "cd"]
    assert caplog.messages == said * 2


def test_what_is_left_when_the_time_is_up_waits_for_the_next_round() -> None:
    assert run_due("container", ["v"], due, look, budget=-1.0) == 0
