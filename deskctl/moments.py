"""Recovery points as people type them: `latest`, `yesterday`, `2026-11-20`, a time, an id. Pure.

Times without a zone are in the given zone (on the terminal: the machine's); all are sent in UTC.
"""

import re
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any

WORDS = {"today": 0, "yesterday": 1}
DATE = re.compile(r"\d{4}-\d\d-\d\d")


def point(said: str, now: datetime, zone: tzinfo) -> str | dict[str, Any]:
    """The request's `recoveryPoint`; a day means its end, so that the newest point of that day is found."""
    text = said.strip()
    if text.lower() == "latest":
        return "latest"
    today = now.astimezone(zone).date()
    if text.lower() in WORDS:
        return _end_of(today - timedelta(days=WORDS[text.lower()]), now, zone)
    try:
        if DATE.fullmatch(text):
            return _end_of(datetime.fromisoformat(text).date(), now, zone)
        if DATE.match(text):
            moment = datetime.fromisoformat(text)
            return {"atOrBefore": iso(moment if moment.tzinfo else moment.replace(tzinfo=zone))}
    except ValueError:
        return {"atOrBefore": text}  # the desk says what is wrong with it
    return {"id": text}


def _end_of(day: Any, now: datetime, zone: tzinfo) -> dict[str, str]:
    end = datetime.combine(day, time(23, 59, 59), zone)
    return {"atOrBefore": iso(now if day == now.astimezone(zone).date() else end)}


def iso(moment: datetime) -> str:
    """A moment in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def minute(text: str) -> str:
    """A time of the desk, to the minute: `2026-11-20 03:14 UTC`."""
    return f"{text[:16].replace('T', ' ')} UTC"


def clock(text: str) -> str:
    """A time of the desk, to read: `2026-11-20 03:14:07 UTC`."""
    return f"{text[:19].replace('T', ' ')} UTC"
