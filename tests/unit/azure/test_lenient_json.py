"""JSON of Azure's is read tolerantly: any casing, numbers and times however they are written."""

from typing import Any

import pytest

from shared.azure.lenient_json import LONGEST_JOB, Loose, number, read_duration


def test_an_object_is_read_in_any_casing() -> None:
    found = Loose({"Name": "a", "list": [{"x": 1}, 2], "no": None, "zero": 0, "empty": "", "yes": True})
    assert (len(found), sorted(found)) == (6, ["empty", "list", "name", "no", "yes", "zero"])
    assert (found.text("NAME"), found.text("zero"), found.text("empty"), found.text("yes")) == ("a", "0", None, None)
    assert [dict(part) for part in found.parts("LIST")] == [{"x": 1}, {}]
    assert (found.parts("no"), dict(found.part("no")), dict(Loose(5))) == ([], {}, {})
    assert (found.says("name", "a"), found.says("name", "b"), found.says("no", "")) == (True, False, True)


@pytest.mark.parametrize(
    ("value", "found"),
    [(0, 0), ("7.5", 7.5), (True, None), (None, None), ("x", None), ("inf", None), ("nan", None), (10**400, None)],
)
def test_a_number_however_it_is_written(value: object, found: float | None) -> None:
    assert number(value) == found


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT0S", None),
        ("PT0.5S", 0.5),
        ("P1DT2H3M4S", 86400 + 7200 + 180 + 4),
        ("00:00:01", 1),
        ("1.02:03:04.5", 86400 + 7200 + 180 + 4.5),
        ("60.00:00:00", LONGEST_JOB),
        ("60.00:00:01", None),
        ("10675199.02:48:05", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_how_long_a_job_ran(text: str | None, seconds: float | None) -> None:
    assert read_duration(text) == seconds


@pytest.mark.parametrize(
    ("said", "year"),
    [("2026-10-01T00:00:00Z", 2026), ("0001-01-01T00:00:00Z", None), ("0002-01-01T00:00:00Z", 2), ("soon", None),
     ("", None), (None, None), ("9999-12-31T23:59:59-10:00", None)],
)  # fmt: skip
def test_a_moment(said: Any, year: int | None) -> None:
    found = Loose({"at": said}).moment("at")
    assert (found.year if found else None) == year
