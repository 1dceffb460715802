"""NCRONTAB, the timer trigger's schedule language, as the NCrontab library reads it. Pure.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions

Two kinds that NCrontab takes are refused on purpose, because they are probably mistakes: a step of 0 or below (NCrontab
counts it as 1), and a date that never comes, such as 30 February (NCrontab never fires).
"""

import datetime
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
# The calendar repeats after 400 years; 29 February on a given weekday needs at most 40 of them.
_HORIZON = datetime.timedelta(days=366 * 41)


class InvalidSchedule(ValueError):
    """A schedule that the host could not read."""


@dataclass(frozen=True)
class _Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def parse(self, text: str) -> tuple[int, ...]:
        found: set[int] = set()
        for part in text.split(","):
            found.update(self._part(part))
        return tuple(sorted(found))

    def _part(self, part: str) -> range:
        span, slash, step_text = part.partition("/")
        if slash and not (step_text.isascii() and step_text.isdigit() and int(step_text) > 0):
            raise InvalidSchedule(f"'{part}' in the {self.name} field: the step after '/' must be a number above 0")
        step = int(step_text) if slash else 1
        if span == "*":
            return range(self.low, self.high + 1, step)
        first, dash, last = span.partition("-")
        if dash:
            start, end = sorted((self._value(first), self._value(last)))
            return range(start, end + 1, step)
        value = self._value(first)
        return range(value, self.high + 1, step) if slash else range(value, value + 1)

    def _value(self, text: str) -> int:
        value = int(text) if text.isascii() and text.isdigit() else self._named(text)
        if not self.low <= value <= self.high:
            raise InvalidSchedule(f"{value} in the {self.name} field must be between {self.low} and {self.high}")
        return value

    def _named(self, text: str) -> int:
        for number, name in enumerate(self.names, self.low):
            if text and name.lower().startswith(text.lower()):
                return number
        raise InvalidSchedule(f"'{text}' in the {self.name} field is not a value it can have")


_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("weekday", 0, 6, _WEEKDAYS),
)


@dataclass(frozen=True)
class Schedule:
    """Moments in UTC. A day must match both the day and the weekday field: NCrontab has no 'or' of the two."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]

    def next(self, after: datetime.datetime) -> datetime.datetime:
        """The first moment of the schedule strictly after `after` (whole seconds, as NCrontab counts)."""
        start = after.astimezone(datetime.UTC).replace(microsecond=0) + datetime.timedelta(seconds=1)
        if self._covers(start.date()):
            for hour, minute, second in self._times(start.time()):
                return start.replace(hour=hour, minute=minute, second=second)
        day, end = start.date(), start.date() + _HORIZON
        while day < end:
            day += datetime.timedelta(days=1)
            if self._covers(day):
                clock = datetime.time(self.hours[0], self.minutes[0], self.seconds[0])
                return datetime.datetime.combine(day, clock, datetime.UTC)
        raise InvalidSchedule("no day of the calendar matches its day, month and weekday fields together")

    def shortest_gap(self, after: datetime.datetime, occurrences: int = 10) -> datetime.timedelta:
        moments = [self.next(after)]
        for _ in range(occurrences):
            moments.append(self.next(moments[-1]))
        return min(later - earlier for earlier, later in itertools.pairwise(moments))

    def _covers(self, day: datetime.date) -> bool:
        return day.month in self.months and day.day in self.days and day.isoweekday() % 7 in self.weekdays

    def _times(self, start: datetime.time) -> Iterator[tuple[int, int, int]]:
        first = (start.hour, start.minute, start.second)
        for hour in (value for value in self.hours if value >= start.hour):
            for minute in self.minutes:
                if (hour, minute, 59) >= first:
                    yield from ((hour, minute, second) for second in self.seconds if (hour, minute, second) >= first)


def parse(expression: str) -> Schedule:
    """Six fields {second minute hour day month weekday}, or five (then the second is 0)."""
    odd = next((letter for letter in expression if letter.isspace() and letter != " "), None)
    if odd:
        raise InvalidSchedule(f"'{expression}' holds the white space {odd!r}; only plain spaces part its fields")
    parts = expression.split()
    if len(parts) == len(_FIELDS) - 1:
        parts = ["0", *parts]
    if len(parts) != len(_FIELDS):
        raise InvalidSchedule(f"'{expression}' must have the 6 fields second, minute, hour, day, month and weekday")
    schedule = Schedule(*(field.parse(part) for field, part in zip(_FIELDS, parts, strict=True)))
    schedule.next(datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC))
    return schedule
