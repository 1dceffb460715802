"""The alert rules of infra/alerts.bicep, and which of them fire on the lines of a run whose clock is faster."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from local.alerts.kusto import Row, run
from local.stack.processes import ROOT

FILE = ROOT / "infra" / "alerts.bicep"
RULE = re.compile(r"name: '([\w-]+)'(?:(?!name:).)*?few: (true|false)\s+query: '((?:[^'\\]|\\.)*)'", re.DOTALL)
SHORTEST = 8.0  # seconds: a process, a sweep and a post take real time, however fast the clock is


@dataclass(frozen=True)
class Alert:
    """One rule: it fires on any row of its query, or (`few`) where its window has none."""

    name: str
    query: str
    few: bool


def read_alerts(text: str) -> dict[str, Alert]:
    """The rules of alerts.bicep, by name."""
    found = [Alert(name, query.replace("\\'", "'"), few == "true") for name, few, query in RULE.findall(text)]
    return {alert.name: alert for alert in found}


ALERTS = read_alerts(FILE.read_text("utf-8"))
(SILENCE,) = (alert.name for alert in ALERTS.values() if alert.few)
WINDOW = 60.0 * int(re.findall(r"windowSize: 'PT(\d+)M'", FILE.read_text("utf-8"))[0])


def on_clock(seconds: float, pace: float) -> float:
    """Seconds of Azure's clock, on one that is `pace` times as fast."""
    return max(seconds / pace, SHORTEST) if pace > 1 else seconds


def fired(rows: Sequence[Row], since: datetime, until: datetime, pace: float = 1) -> set[str]:
    """The alerts that fire in a span of a run, of which `rows` are the lines that arrived."""
    within = [row for row in rows if since <= _at(row) <= until]
    return {alert.name for alert in ALERTS.values() if _fires(alert, within, since, until, pace)}


def _fires(alert: Alert, rows: Sequence[Row], since: datetime, until: datetime, pace: float) -> bool:
    found = run(re.sub(r"> (\d{2,})\b", lambda m: f"> {on_clock(float(m[1]), pace)}", alert.query), rows)
    if not alert.few:
        return bool(found)
    window = timedelta(seconds=on_clock(WINDOW, pace))
    return any(after - before >= window for before, after in pairwise([since, *sorted(map(_at, found)), until]))


def _at(row: Row) -> datetime:
    return datetime.fromisoformat(row["timestamp"])
