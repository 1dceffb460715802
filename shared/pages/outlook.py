"""How long a restore should take still, by how long earlier ones of its instance took. Pure."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.domain.durations import phase_seconds, total_seconds
from shared.domain.restore import Phase, Restore
from shared.frozen import frozen


@frozen
class Past:
    """An earlier restore that succeeded; all durations in seconds."""

    id: str
    closed_at: datetime
    phases: dict[str, float]
    total: float
    working: float  # from its turn to its end
    point_age: float | None  # at its end: how much was lost


def past_of(restore: Restore) -> Past:
    """The durations of a closed restore, with which later restores are compared."""
    end = restore.closed_at or restore.accepted_at
    working = (end - (restore.turn_at or restore.accepted_at)).total_seconds()
    phases = phase_seconds(restore, end)
    return Past(restore.id, end, phases, total_seconds(restore, end), working, restore.age_of_point(end))


def percentile(values: Sequence[float], part: float) -> float | None:
    """The value that `part` of all values do not exceed (nearest rank); None without values."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]


@frozen
class Outlook:
    """The progress of a running restore: percent, the likely end, and the basis of that estimate."""

    percent: int
    ends: datetime | None
    words: str


UNKNOWN = (
    "When it ends cannot be told, for no earlier restore can be compared: small ones take minutes, large ones hours"
)
STEPS = (Phase.ACCEPTED, Phase.VALIDATING, Phase.VALIDATED, Phase.SUBMITTING, Phase.SUBMITTED, Phase.RESTORING)


def outlook(restore: Restore, earlier: Sequence[Past], now: datetime) -> Outlook:
    """By the median of earlier restores if there are any; else by its phase."""
    step = STEPS.index(restore.phase) if restore.phase in STEPS else 0
    usual = percentile([past.working for past in earlier], 0.5)
    begun = restore.turn_at or (restore.accepted_at if restore.dry_run else None)
    if restore.phase is Phase.LOST:
        return Outlook(0, None, "It ends when a person resolves it, or when its own job comes to light")
    if begun is None and usual is not None:
        return Outlook(0, None, "It has not begun yet")
    if usual is None or begun is None or restore.phase not in STEPS:
        return Outlook(round(100 * step / len(STEPS)), None, UNKNOWN)
    ends = begun + timedelta(seconds=usual)
    percent = min(99, max(1, round(100 * (now - begun).total_seconds() / max(usual, 1.0))))
    counted = f"median of {len(earlier)} earlier restore{'s' if len(earlier) != 1 else ''}"
    return Outlook(percent, ends, counted if now <= ends else f"longer than the {counted}")
