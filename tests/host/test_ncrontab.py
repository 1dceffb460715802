"""NCRONTAB against values worked out by hand and by NCrontab's own documentation."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from local.host.bindings import ncrontab


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# 2026-10-21 is a Wednesday.
@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("0 */5 * * * *", "2026-10-21 10:02:31", "2026-10-21 10:05:00"),
        ("0 */5 * * * *", "2026-10-21 10:05:00", "2026-10-21 10:10:00"),
        ("0 */5 * * * *", "2026-10-21 23:55:00", "2026-10-22 00:00:00"),
        ("*/5 * * * *", "2026-10-21 10:02:31", "2026-10-21 10:05:00"),
        ("* * * * * *", "2026-10-21 10:02:31", "2026-10-21 10:02:32"),
        ("*/10 * * * * *", "2026-10-21 10:02:59.999999", "2026-10-21 10:03:00"),
        ("30 15 10 * * *", "2026-10-21 10:15:29", "2026-10-21 10:15:30"),
        ("30 15 10 * * *", "2026-10-21 10:15:30", "2026-10-22 10:15:30"),
        ("0 30 9-17 * * *", "2026-10-21 17:30:00", "2026-10-22 09:30:00"),
        ("0 0 9-17/4 * * *", "2026-10-21 13:00:00", "2026-10-21 17:00:00"),
        ("0 0 17-9 * * *", "2026-10-21 17:00:00", "2026-10-22 09:00:00"),
        ("0 5,35 * * * *", "2026-10-21 10:05:00", "2026-10-21 10:35:00"),
        ("0 5/20 * * * *", "2026-10-21 10:45:00", "2026-10-21 11:05:00"),
        ("0 0 0 * * MON-FRI", "2026-10-23 12:00:00", "2026-10-26 00:00:00"),
        ("0 0 0 * * 0", "2026-10-21 00:00:00", "2026-10-25 00:00:00"),
        ("0 0 0 * * sun,Wednesday", "2026-10-21 00:00:00", "2026-10-25 00:00:00"),
        ("0 0 0 1 jan *", "2026-10-21 00:00:00", "2027-01-01 00:00:00"),
        ("0 0 12 31 * *", "2026-10-31 12:00:00", "2026-12-31 12:00:00"),
        ("0 0 0 15,31 * *", "2026-11-15 00:00:00", "2026-12-15 00:00:00"),
        ("0 0 0 29 2 *", "2026-10-21 00:00:00", "2028-02-29 00:00:00"),
        ("0 0 0 29 2 *", "2096-03-01 00:00:00", "2104-02-29 00:00:00"),
        # Both day fields must match: Friday the 13th, not every Friday and every 13th.
        ("0 0 0 13 * FRI", "2026-10-21 00:00:00", "2026-11-13 00:00:00"),
        ("0 0 0 29 2 MON", "2026-10-21 00:00:00", "2044-02-29 00:00:00"),
        ("59 59 23 31 12 *", "2026-12-31 23:59:58", "2026-12-31 23:59:59"),
        # A name may be cut short: the first one that begins so is meant.
        ("0 0 0 * J *", "2026-10-21 00:00:00", "2027-01-01 00:00:00"),
        ("0 0 0 * M *", "2026-10-21 00:00:00", "2027-03-01 00:00:00"),
        ("0 0 0 * * S", "2026-10-21 00:00:00", "2026-10-25 00:00:00"),
        ("0 0 0 * * T", "2026-10-21 00:00:00", "2026-10-27 00:00:00"),
        # A step after one value counts on to the field's end; a range that runs backwards is turned round.
        ("0 0 0 * * MON/2", "2026-10-21 00:00:00", "2026-10-23 00:00:00"),
        ("0 0 0 20/5 * *", "2026-10-21 00:00:00", "2026-10-25 00:00:00"),
        ("0 0 17-9/3 * * *", "2026-10-21 12:00:00", "2026-10-21 15:00:00"),
        ("0 30-23/5 7-6 15 11-7/2 *", "2026-10-21 00:00:00", "2026-11-15 06:23:00"),
        ("*,5 * * * * *", "2026-10-21 10:02:31", "2026-10-21 10:02:32"),
        ("1,7-9,*/30 * * * * *", "2026-10-21 10:02:09", "2026-10-21 10:02:30"),
        ("0 0 0 1,1,3 * *", "2026-10-21 00:00:00", "2026-11-01 00:00:00"),
        ("  0  0 8 * * *  ", "2026-10-21 07:00:00", "2026-10-21 08:00:00"),
    ],
)
def test_next(expression: str, after: str, expected: str) -> None:
    assert ncrontab.parse(expression).next(at(after)) == at(expected)


def test_next_is_told_in_utc_whatever_the_zone_of_the_question() -> None:
    cest = datetime(2026, 10, 21, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert ncrontab.parse("0 0 0 * * *").next(cest) == at("2026-10-21 00:00:00")


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("", "6 fields"),
        ("* * * *", "6 fields"),
        ("0 * * * * * *", "6 fields"),
        ("00:05:00", "6 fields"),
        ("60 * * * * *", "second"),
        ("0 60 * * * *", "minute"),
        ("0 0 24 * * *", "hour"),
        ("0 0 0 0 * *", "day"),
        ("0 0 0 32 * *", "day"),
        ("0 0 0 * 13 *", "month"),
        ("0 0 0 * * 7", "weekday"),
        ("0 0 0 * * ?", "weekday"),
        ("0 0 0 L * *", "day"),
        ("0 0 0 * Foo *", "month"),
        ("0 */0 * * * *", "step"),
        ("0 */x * * * *", "step"),
        ("0 1,,2 * * * *", "minute"),
        ("0 -5 * * * *", "minute"),
        ("0 1- * * * *", "minute"),
        ("0 ² * * * *", "minute"),
        ("０ * * * * *", "second"),
        ("+5 * * * * *", "second"),
        ("a * * * * *", "second"),
        ("H * * * * *", "second"),
        (",1 * * * * *", "second"),
        ("1, * * * * *", "second"),
        ("1-2-3 * * * * *", "second"),
        ("*-5 * * * * *", "second"),
        ("/5 * * * * *", "second"),
        ("*/ * * * * *", "step"),
        ("1/2/3 * * * * *", "step"),
        ("0 0 0 ** * *", "day"),
        ("0 0 0 1.5 * *", "day"),
        ("0 0 0 15W * *", "day"),
        ("0 0 0 * * 5L", "weekday"),
        ("0 0 0 * * MON,", "weekday"),
        ("0 0 0 * * MON#2", "weekday"),
        ("0 0 8 * * * # c", "6 fields"),
        ("@daily", "6 fields"),
        ("   ", "6 fields"),
        # NCrontab takes these: a step of 0 or below is 1 there, and a date that never comes never fires.
        ("*/-1 * * * * *", "the step after '/' must be a number above 0"),
        ("0 0 0 30 FEB *", "no day of the calendar"),
        ("0 0 0 31 4,6,9,11 *", "no day of the calendar"),
    ],
)
def test_what_cannot_be_read_is_refused_by_field(expression: str, words: str) -> None:
    with pytest.raises(ncrontab.InvalidSchedule, match=words):
        ncrontab.parse(expression)


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("0 * * * * *", 60),
        ("*/20 * * * * *", 20),
        ("0 0 * * * *", 3600),
        ("0 0,10 * * * *", 600),
        ("5,50 * * * * *", 15),
    ],
)
def test_shortest_gap(expression: str, seconds: int) -> None:
    assert ncrontab.parse(expression).shortest_gap(at("2026-10-21 10:02:31")) == timedelta(seconds=seconds)


@pytest.mark.parametrize("blank", ["\t", "\n", "\u00a0", "\x85", "\u2003"])
def test_only_plain_spaces_part_fields(blank: str) -> None:
    with pytest.raises(ncrontab.InvalidSchedule, match="plain spaces"):
        ncrontab.parse(f"0 */5{blank}* * * *")
