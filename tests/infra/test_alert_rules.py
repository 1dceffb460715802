"""Which alerts fire in a span of a run: by their own queries and windows, on a clock that may be faster."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from local.alerts.kusto import Row
from local.alerts.rules import ALERTS, SHORTEST, SILENCE, WINDOW, fired, on_clock
from tests.kits.snapshots import deployment

BEGAN = datetime(2026, 10, 1, tzinfo=UTC)


def sweep(at: float, **figures: Any) -> Row:
    when = (BEGAN + timedelta(seconds=at)).isoformat()
    return {"timestamp": when, "message": "desk.sweep " + json.dumps(figures), "severityLevel": 1, "operation_Id": "1"}


def within(seconds: float, *rows: Row, pace: float = 1) -> set[str]:
    return fired(rows, BEGAN, BEGAN + timedelta(seconds=seconds), pace)


def test_the_rules_are_those_that_a_deployment_makes() -> None:
    made = deployment("one-vault").of("Microsoft.Insights/scheduledQueryRules")
    rules = {one["name"].removeprefix("desk-"): one["properties"] for one in made}
    assert {name: rule["criteria"]["allOf"][0]["query"] for name, rule in rules.items()} == {
        alert.name: alert.query for alert in ALERTS.values()
    }
    assert {name for name, rule in rules.items() if rule["criteria"]["allOf"][0]["operator"] == "LessThan"} == {SILENCE}
    assert {rule["windowSize"] for rule in rules.values()} == {f"PT{WINDOW / 60:.0f}M"}


def test_silence_fires_where_a_whole_window_has_no_sweep() -> None:
    assert within(899) == set()
    assert within(900) == {SILENCE}
    assert within(1800, sweep(899), sweep(1790)) == set()
    assert within(1800, sweep(899)) == {SILENCE}
    assert within(1800, sweep(1), sweep(1000)) == {SILENCE}


def test_a_late_notice_is_late_by_the_clock_of_the_run() -> None:
    assert within(10, sweep(1, outbox_age=899)) == set()
    assert within(10, sweep(1, outbox_age=901)) == {"outbox-late"}
    assert on_clock(900, 60) == 15
    assert on_clock(900, 1440) == SHORTEST
    assert within(10, sweep(1, outbox_age=16), pace=60) == {"outbox-late"}
    assert within(10, sweep(1, outbox_age=14, queue_age=9.9), pace=60) == set()
    assert within(10, sweep(1, queue_age=10.1), pace=60) == {"queue-late"}


def test_a_line_of_another_span_counts_for_nothing() -> None:
    assert within(10, sweep(11, lost=1), sweep(-1, faults=1)) == set()
    assert within(10, sweep(9, lost=1, faults=1)) == {"restore-lost", "sweep-faults"}
