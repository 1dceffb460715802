"""Looks at the lines of a running stack: which alerts fire since a moment, and whether all is calm."""

import time
from datetime import UTC, datetime

from local.alerts.kusto import run
from local.alerts.rules import ALERTS, SILENCE, fired
from local.stack.stack import Stack

SWEEPS = 3  # so many must end, with nothing to say, until all is calm


def now() -> datetime:
    return datetime.now(UTC)


def fired_since(stack: Stack, since: datetime) -> set[str]:
    """The alerts that fire from then on, on the clock of this stack."""
    return fired(stack.traces(), since, now(), stack.options.pace)


def settle(stack: Stack, seconds: float) -> set[str]:
    """Waits until some sweeps in a row give no alert any reason; the alerts that still fire when the time is over."""
    end, since = time.monotonic() + seconds, now()
    while time.monotonic() < end:
        time.sleep(0.5)
        if found := fired_since(stack, since):
            since = now()
        elif (
            len(run(ALERTS[SILENCE].query, [r for r in stack.traces() if r["timestamp"] >= since.isoformat()]))
            >= SWEEPS
        ):
            return set()
    return found or {SILENCE}
