"""Alerts and workbook ask for what the app logs, and silence is an alert of its own."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.domain.pace import Pace
from tests.kits.snapshots import deployment

ROOT = Path(__file__).parents[2]
ALERTS = {
    one["name"].removeprefix("desk-"): one["properties"]
    for one in deployment("one-vault").of("Microsoft.Insights/scheduledQueryRules")
}
WORKBOOK = json.loads((ROOT / "infra/workbook.json").read_text())
QUERIES = {name: one["criteria"]["allOf"][0]["query"] for name, one in ALERTS.items()} | {
    item["name"]: item["content"]["query"] for item in WORKBOOK["items"] if item["type"] == 3
}


def trees() -> Iterator[ast.Module]:
    return (ast.parse(path.read_text()) for path in (ROOT / "shared").rglob("*.py"))


def told() -> tuple[set[str], set[str]]:
    """The events that the code tells, and the names of what it says with them."""
    events, fields = set(), {"correlation", "restore"}
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("tell", "telemetry.tell"):
                events.add(ast.literal_eval(node.args[0]))
                fields |= {word.arg for word in node.keywords if word.arg}
            if isinstance(node, ast.Dict):
                fields |= {
                    key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)
                }
    return events, fields


@pytest.mark.parametrize(("name", "query"), QUERIES.items(), ids=QUERIES)
def test_a_query_asks_for_what_is_told(name: str, query: str) -> None:
    events, fields = told()
    asked = re.findall(r'"desk\.(\w+) "', query)
    assert set(asked) <= events, name
    assert asked or '"desk."' in query, name
    assert set(re.findall(r"\bd\.(\w+)", query)) <= fields, name
    starts = {len(f"desk.{event} ") for event in asked}
    assert set(map(int, re.findall(r"substring\(message, (\d+)\)", query))) <= starts, "the JSON begins behind the name"


def test_silence_is_an_alert() -> None:
    (silent,) = [one for one in ALERTS.values() if one["criteria"]["allOf"][0]["operator"] == "LessThan"]
    assert '"desk.sweep "' in silent["criteria"]["allOf"][0]["query"]
    assert silent["severity"] == 0


# Microsoft's timer lock: a lease of 60 s, looked for every 60 s (WebJobs SDK), so that much after an instance died
LOCK_SECONDS = 60 + 60


def test_what_is_said_of_silence_allows_for_the_death_of_an_instance() -> None:
    (silent,) = [one for one in ALERTS.values() if one["criteria"]["allOf"][0]["operator"] == "LessThan"]
    minutes = int(re.fullmatch(r"PT(\d+)M", silent["windowSize"])[1])  # type: ignore[index]
    for seconds in (Pace().sweep_silent, minutes * 60):
        assert seconds >= 2 * LOCK_SECONDS
    limits = (ROOT / "docs/limits.md").read_text()
    assert f"no sweep runs for up to {['', 'one minute', 'two minutes'][LOCK_SECONDS // 60]}" in limits
    assert f"{Pace().sweep_silent / 60:.0f} and {minutes} minutes" in limits
    assert "gone after seven days" in limits
    assert "seven days" in ALERTS["poison-queue"]["description"]


def test_each_alert_names_its_section_of_the_runbook() -> None:
    sections = set(re.findall(r"^## (.+)$", (ROOT / "docs/runbook.md").read_text("utf-8"), re.M))
    for name, one in ALERTS.items():
        (said,) = re.findall(r'Runbook: "([^"]+)"\.$', one["description"])
        assert said in sections, name


def test_alerts_are_sent_and_wait_for_no_table() -> None:
    for one in ALERTS.values():
        assert one["skipQueryValidation"], "the tables come with the app's first line"
        assert len(one["actions"]["actionGroups"]) == 1


def test_each_thing_that_somebody_must_see_has_its_alert() -> None:
    assert set(ALERTS) >= {
        "no-sweep-finished", "restore-lost", "restore-overdue", "outbox-late", "poison-queue", "token-failing",
    }  # fmt: skip


def test_the_workbook_shows_the_figures() -> None:
    titles = " ".join(QUERIES)
    for figure in ("Restores by end", "Seconds in each phase", "Calls to Azure", "Age of outbox and queue", "Sweep"):
        assert figure in titles
    assert WORKBOOK["version"] == "Notebook/1.0"
