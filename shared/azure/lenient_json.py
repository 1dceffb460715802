"""Reading JSON as Azure sends it: names in any casing, missing, null and extra fields, times and durations. Pure."""

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from shared.domain.values import utc

_DURATION = re.compile(r"(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)")
_ISO_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
LONGEST_JOB = 60 * 86400  # seconds; the list of jobs itself reaches back 14 days
_MOMENT: TypeAdapter[datetime] = TypeAdapter(datetime)


class Loose(Mapping[str, Any]):
    """A JSON object that finds names in upper or lower case; a value that is absent, null or of another kind is read
    as empty."""

    def __init__(self, value: object) -> None:
        pairs = value.items() if isinstance(value, dict) else ()
        self._fields = {str(name).lower(): part for name, part in pairs}

    def __getitem__(self, name: str) -> Any:
        return self._fields.get(name.lower())

    def __iter__(self) -> Any:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def part(self, name: str) -> "Loose":
        """The object under a name."""
        return Loose(self[name])

    def parts(self, name: str) -> list["Loose"]:
        """The objects of the list under a name."""
        found = self[name]
        return [Loose(item) for item in found] if isinstance(found, list) else []

    def text(self, name: str) -> str | None:
        """The text under a name; a number is taken as its digits."""
        found = self[name]
        return (
            str(found) if isinstance(found, str | int | float) and not isinstance(found, bool) and found != "" else None
        )

    def says(self, name: str, wanted: str) -> bool:
        """Whether the text under a name is `wanted` (lower case), in any casing."""
        return (self.text(name) or "").lower() == wanted

    def moment(self, name: str) -> datetime | None:
        """The time under a name; `0001-01-01` means that it is not set."""
        try:
            found = utc(_MOMENT.validate_python(self[name])) if self[name] else None
        except (ValidationError, OverflowError, ValueError):
            return None
        return found if found and found.year > 1 else None


def number(value: object) -> float | None:
    """A number, however it is written; None if there is none."""
    try:
        found = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        return None
    return found if found is not None and math.isfinite(found) else None


def read_duration(text: str | None) -> float | None:
    """Seconds of `PT1M46.1333816S` (GET) or `00:01:46.1333816` (LIST, Resource Graph); None if nothing ran yet, or
    if it cannot be true: a job without an end is sometimes listed with .NET's longest time, 10675199.02:48:05."""
    match = _ISO_DURATION.fullmatch(text or "") or _DURATION.fullmatch(text or "")
    if not text or not match:
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    found = days * 86400 + hours * 3600 + minutes * 60 + seconds
    return found if 0 < found <= LONGEST_JOB else None
