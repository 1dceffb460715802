"""The stop switch, and the times in which the desk stood still, which no deadline counts. Pure."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from shared.domain.values import iso, utc
from shared.frozen import frozen
from shared.storage.store import Field, Row

MAX_SPANS = 200  # kept of each cause; the oldest go first
Span = tuple[datetime, datetime | None]  # None: it lasts


@frozen
class Pause:
    """Why nothing is submitted; `also` holds the pauses that came after the first."""

    by: str
    reason: str
    at: datetime
    also: tuple["Pause", ...] = ()

    def words(self) -> str:
        """One line: who, since when, why, and who else."""
        first = f"paused by {self.by} since {self.at:%Y-%m-%d %H:%M} UTC: {self.reason}"
        return "; ".join([first, *(f"also by {one.by}: {one.reason}" for one in self.also)])

    def view(self) -> dict[str, object]:
        """As it is shown by the API."""
        shown: dict[str, object] = {"by": self.by, "reason": self.reason, "at": iso(self.at)}
        return {**shown, "also": [one.view() for one in self.also]} if self.also else shown

    def joined(self, later: "Pause") -> "Pause":
        """Both pauses; the same one sent again changes nothing."""
        known = {(one.by, one.reason) for one in (self, *self.also)}
        return self if (later.by, later.reason) in known else replace(self, also=(*self.also, later)[-20:])


def read_pause(row: Row | None) -> Pause | None:
    """The pause in a row; None if the switch is off."""
    if row is None or not row.text("by"):
        return None
    also = tuple(Pause(one["by"], one["reason"], utc(one["at"])) for one in json.loads(row.text("also") or "[]"))
    return Pause(row.text("by"), row.text("reason"), utc(row.text("at")), also)


def pause_fields(pause: Pause | None) -> dict[str, Field]:
    """The columns of a pause, or of none."""
    if pause is None:
        return {"by": "", "reason": "", "at": "", "also": ""}
    also = json.dumps([one.view() for one in pause.also])
    return {"by": pause.by, "reason": pause.reason, "at": iso(pause.at), "also": also}


def read_spans(row: Row | None) -> list[Span]:
    """The spans of one cause, the oldest first."""
    said = json.loads(row.text("json0")) if row and row.text("json0") else []
    return [(utc(begin), utc(end) if end else None) for begin, end in said]


def span_fields(spans: list[Span]) -> dict[str, Field]:
    """The columns of the spans."""
    return {"json0": json.dumps([[iso(begin), iso(end) if end else ""] for begin, end in spans[-MAX_SPANS:]])}


def changed(spans: list[Span], still: bool, now: datetime) -> list[Span] | None:
    """The spans after the desk came to stand still, or moved again; None if nothing changed."""
    lasts = bool(spans) and spans[-1][1] is None
    if lasts == still:
        return None
    return [*spans, (now, None)] if still else [*spans[:-1], (spans[-1][0], max(now, spans[-1][0]))]


def seconds_within(spans: Iterable[Span], begin: datetime, end: datetime) -> float:
    """How many seconds between `begin` and `end` lie in any of the spans; what overlaps counts once."""
    total, reached = 0.0, begin
    for first, last in sorted(spans, key=lambda span: span[0]):
        start, stop = max(first, reached), min(last or end, end)
        if stop > start:
            total, reached = total + (stop - start).total_seconds(), stop
    return total
