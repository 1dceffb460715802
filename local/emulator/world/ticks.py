"""Time as the service writes it: .NET ticks (100 ns) since the Unix epoch, in five spellings. Pure but for `now`."""

import re
import time
from datetime import UTC, datetime
from typing import Final

SECOND: Final = 10_000_000
DAY: Final = 86_400 * SECOND
NEVER: Final = "0001-01-01T00:00:00Z"

_WRITTEN = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{7})Z")


def now() -> int:
    return time.time_ns() // 100


def full(ticks: int) -> str:
    """Always seven fraction digits, as recovery points have them."""
    return f"{datetime.fromtimestamp(ticks // SECOND, UTC):%Y-%m-%dT%H:%M:%S}.{ticks % SECOND:07d}Z"


def trimmed(ticks: int) -> str:
    """Up to seven fraction digits without trailing zeros, as jobs and operations have them."""
    return full(ticks)[:-1].rstrip("0").rstrip(".") + "Z"


def whole(ticks: int) -> str:
    """Whole seconds, rounded up so that an operation never ends before it began."""
    return f"{datetime.fromtimestamp(-(-ticks // SECOND), UTC):%Y-%m-%dT%H:%M:%SZ}"


def parse(text: str) -> int | None:
    """The one spelling that a recovery point filter takes: seven fraction digits and Z."""
    match = _WRITTEN.fullmatch(text)
    if match is None:
        return None
    try:
        moment = datetime.fromisoformat(match[1] + "+00:00")
    except ValueError:
        return None
    return int(moment.timestamp()) * SECOND + int(match[2])


def iso_duration(ticks: int) -> str:
    """A job's duration in a GET: PT1M46.1333816S."""
    days, rest = divmod(max(ticks, 0), DAY)
    hours, rest = divmod(rest, 3600 * SECOND)
    minutes, rest = divmod(rest, 60 * SECOND)
    seconds = f"{rest / SECOND:.7f}".rstrip("0").rstrip(".")
    clock = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M")) if n)
    if rest or not (clock or days):
        clock += f"{seconds}S"
    return "P" + (f"{days}D" if days else "") + (f"T{clock}" if clock else "")


def timespan(ticks: int) -> str:
    """A job's duration in a list: 00:03:12.7189058."""
    days, rest = divmod(max(ticks, 0), DAY)
    seconds, fraction = divmod(rest, SECOND)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return (f"{days}." if days else "") + clock + (f".{fraction:07d}" if fraction else "")


def etag(ticks: int) -> str:
    return f"W/\"datetime'{trimmed(ticks).replace(':', '%3A')}'\""
