"""How long a restore took, in all and in each phase, by its own timeline. Pure."""

from collections.abc import Iterator
from datetime import datetime

from shared.domain.restore import CLOSED, Phase, Restore

NAMES = frozenset(phase.value for phase in Phase)
ENDS = frozenset(phase.value for phase in CLOSED)


def total_seconds(restore: Restore, now: datetime) -> float:
    """From its acceptance to its end; to `now` while it is open."""
    return max(((restore.closed_at or now) - restore.accepted_at).total_seconds(), 0.0)


def phase_seconds(restore: Restore, now: datetime) -> dict[str, float]:
    """Seconds in each phase, summed where it came back to one; the phase it is in counts up to `now`."""
    entered = [(Phase.ACCEPTED.value, restore.accepted_at), *_entered(restore)]
    left = [at for _, at in entered[1:]] + [restore.closed_at or now]
    found: dict[str, float] = {}
    for (phase, began), ended in zip(entered, left, strict=True):
        if phase not in ENDS:
            found[phase] = found.get(phase, 0.0) + max((ended - began).total_seconds(), 0.0)
    return found


def _entered(restore: Restore) -> Iterator[tuple[str, datetime]]:
    return ((entry.what, entry.at) for entry in restore.timeline if entry.what in NAMES)
