"""The bench counts right and says what it counted; how long anything takes is not for a test to say."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from local.bench.calls import cases_of, drawn, measure, show_table, shows
from local.bench.capacity import capacity
from local.bench.cold import CALLS as COLD_CALLS
from local.bench.cold import VALIDATIONS, WARM, First, check, document
from local.bench.cold import shows as cold_shows
from local.bench.command import PARTS
from local.bench.deployed import linked, packages, required
from local.bench.document import DOCUMENT, replaced
from local.bench.intake import SAMPLES, Intake, NoHistory, base, once
from local.bench.intake import shows as intake_shows
from local.bench.intake import words as intake_words
from local.bench.result import KINDS, Result, result
from local.bench.shows import Show, show
from local.bench.world import Case
from local.stack.processes import ROOT

WRITTEN = ("calls", "sweep", "storage", "hot", "cold", "intake")
CASE = Case(restores=2, vaults=1, speed=10.0)
JOBS = [{"id": "a", "ends": "2026-10-01T12:00:00.0000000Z"}, {"id": "b", "ends": "2026-10-01T12:00:00.5000000Z"}]
ENDED = 1_790_856_000.0  # the moment of the first
SCORE: dict[str, Any] = {
    "seconds": 4.0, "cpu": 0.5, "memory": 3.0, "peak": 60.0, "failed": [], "acceptMs": [2.0, 4.0],
    "noticed": {"a": ENDED + 1.0, "b": ENDED + 3.5},
}  # fmt: skip
CALLS: list[dict[str, Any]] = [
    *(
        {"verb": verb, "status": 200}
        for verb in ("recoveryPoints", "operationStatus", "operationResults", "job", "jobs")
    ),
    {"verb": "vault", "status": 200},
    {"verb": "job", "status": 429},
]


def counted(name: str = "ours", **changes: Any) -> Result:
    return replace(result(name, CASE, SCORE, CALLS, JOBS), **changes)


def test_calls_are_counted_per_restore_by_kind_and_refused_ones_too() -> None:
    found = counted()
    assert found.calls == 3.5
    assert found.by_kind == {
        "points": 0.5, "validate": 0, "restore": 0, "operations": 1.0, "job by GET": 1.0, "jobs by list": 0.5,
        "containers": 0, "vault and instance facts": 0.5,
    }  # fmt: skip
    assert tuple(found.by_kind) == KINDS
    assert found.throttled == 1


def test_delays_are_in_azures_seconds() -> None:
    found = counted()
    assert (found.delay_median, found.delay_p95) == (20.0, 30.0)
    assert (found.cpu_ms, found.per_second, found.accept_ms) == (250.0, 0.5, 3.0)


def test_each_case_of_ours_is_held_against_the_peer_of_the_same_jobs() -> None:
    ours = [counted(restores=50, calls=5.0, succeeded=50), counted(restores=50, words="1 h jobs", calls=30.0)]
    peers = [counted("peer", restores=50, calls=10.0), counted("peer", restores=50, calls=20.0, words="16 threads")]
    found = {
        one.words: one for one in shows([*ours, *peers, counted("peer", restores=50, words="1 h jobs", calls=20.0)])
    }
    assert found["50 at once: calls, ours : peer's"].figure == 0.5
    assert found["50 at once: calls, ours : peer's"].holds
    assert not found["50 at once, 1 h jobs: calls, ours : peer's"].holds
    assert not found["50 at once, 1 h jobs: 429s"].holds
    assert not found["50 at once, 1 h jobs: ended well"].holds


def test_without_a_peer_of_the_same_jobs_nothing_holds_against_it() -> None:
    hourly = counted("peer", restores=50, calls=20.0, words="1 h jobs")
    found = {one.words: one for one in shows([counted(restores=50, succeeded=50), hourly])}
    assert not found["50 at once: calls, ours : peer's (which was not measured)"].holds
    large = {one.words: one for one in shows([counted(restores=500), counted("peer", restores=500, throttled=9)])}
    assert not large["500 at once: calls, ours : peer's (which was not measured)"].holds  # throttled, it calls less


def held(**changes: Any) -> dict[str, bool]:
    """What holds of ours at 10, by its words."""
    ours = counted(**{"restores": 10, "succeeded": 10, **changes})
    return {one.words.partition(": ")[2]: one.holds for one in shows([ours, counted("peer", restores=10, calls=90.0)])}


def test_jobs_of_ten_minutes_are_announced_in_time() -> None:
    words = "how late, 95 of 100 (s)"
    assert held(delay_p95=150.0)[words]
    assert not held(delay_p95=150.1)[words]
    assert not held(delay_p95=None)[words]
    assert words not in held(words="1 h jobs")


def test_a_spin_of_polls_does_not_hold() -> None:
    kinds = dict.fromkeys(KINDS, 0.0)
    assert held(by_kind={**kinds, "operations": 3.0})["operations a restore"]
    assert not held(by_kind={**kinds, "operations": 3.1})["operations a restore"]


def test_a_fault_of_ours_does_not_hold_though_every_restore_ended() -> None:
    assert held()["faults"]
    assert not held(failures=("the handler of message 3 raised KeyError: 'a'",))["faults"]


def test_a_cold_call_that_did_not_do_its_work_is_no_measurement() -> None:
    for name, calls in VALIDATIONS.items():
        for call, begun in calls.items():
            check(name, call, begun)
    with pytest.raises(RuntimeError, match="first message: 0 validations"):
        check("ours", "first message", 0)


def test_intake_is_held_against_the_release_before() -> None:
    found = {"0.1.0": Intake(100, 10), "this": Intake(124, 11)}
    assert [one.holds for one in intake_shows(found)] == [False, False]
    assert all(one.holds for one in intake_shows({**found, "this": Intake(125, 10)}))
    assert "0.1.0: 100 a second, 10.0 CPU ms each; this: 124 a second" in intake_words(found)


def test_release_0_1_0_is_in_the_history_and_takes_posts(tmp_path: Path) -> None:
    try:
        before = base(tmp_path / "before")
    except NoHistory as error:
        pytest.skip(f"{error}")
    for name, tree in {"0.1.0": before, "this": ROOT}.items():
        assert once(tree, SAMPLES[name], tmp_path, 4)["perSecond"] > 0


def test_a_figure_that_does_not_hold_fails_the_part() -> None:
    console = Console(quiet=True)
    assert show(console, "", [Show("a", 1.0, most=1.0), Show("b", 2.0, least=2.0)])
    assert not show(console, "", [Show("a", 1.0, most=1.0), Show("b", 1.9, least=2.0)])


def test_what_is_measured_has_its_place_in_the_document() -> None:
    text = DOCUMENT.read_text()
    for part in WRITTEN:
        assert part in PARTS
        assert "new figures" in replaced(text, part, "new figures")
    with pytest.raises(ValueError, match="no part"):
        replaced(text, "other", "new figures")


def test_the_chart_is_an_svg_with_both_lines() -> None:
    results = [counted(name, restores=n) for n in (1, 50) for name in ("ours", "peer")]
    text = "".join(ET.fromstring(drawn(results)).itertext())  # noqa: S314 - our own text
    assert "Restore Desk" in text
    assert "SDK pollers" in text


def test_the_table_shows_every_row() -> None:
    console = Console(width=300)
    with console.capture() as shown:
        show_table(console, [counted(), counted("peer", words="never refused")])
    assert "never refused" in shown.get()


def test_a_cold_start_is_held_against_the_peers_and_against_its_own_limit() -> None:
    found = {(call, name): First(300.0, 100.0, 50.0) for call in COLD_CALLS for name in ("ours", "peer")}
    found[WARM, "ours"] = First(400.0, 60.0, 50.0)
    assert all(one.holds for one in cold_shows(found))
    found["first tick", "ours"] = First(321.0, 100.0, 51.0)
    found[WARM, "ours"] = First(400.0, 61.0, 50.0)
    assert [one.words for one in cold_shows(found) if not one.holds] == [
        "first tick: CPU, ours : peer's", "first tick: CPU ms", "first tick: peak MiB, ours : peer's",
        "first 202 of a worker that was left to get warm: CPU ms",
    ]  # fmt: skip
    assert "| first tick | SDK peer | 300 | 100 | 50 |" in document(found)


def test_a_deployment_has_its_packages_and_what_they_need_and_no_others(tmp_path: Path) -> None:
    found = packages(required())
    assert {"azure-functions", "azure-core", "httpx", "msal", "pydantic-core"} <= set(found)
    assert set(found).isdisjoint({"rich", "pytest", "click", "azure-mgmt-dataprotection"})
    folder = linked(tmp_path, ["httpx"])
    assert (folder / "httpx" / "__init__.py").is_file()
    assert not (folder / "rich").exists()


def test_each_size_has_its_case() -> None:
    assert {case.vaults for size in (2, 10) for _, case in cases_of(size)} == {1}
    assert [(name, case.words) for name, case in cases_of(50)] == [
        ("ours", ""), ("ours", "etag moves"), ("peer", ""), ("ours", "1 h jobs"), ("peer", "1 h jobs"),
        ("peer", "16 threads"), ("ours", "Azurite"),
    ]  # fmt: skip
    assert ("peer", "never refused") in [(name, case.words) for name, case in cases_of(500)]


def test_what_is_scarcest_comes_first_in_what_a_subscription_carries() -> None:
    kinds = dict.fromkeys(KINDS, 0.0) | {"points": 1.0, "validate": 1.0, "restore": 1.0, "job by GET": 1.0}
    found = capacity(counted(by_kind=kinds))
    assert [(one.budget, one.restores_a_minute) for one in found] == [
        ("lists of recovery points", 95.0),
        ("readings of jobs", 180.0),
        ("ARM writes (validate, restore)", 300.0),
        ("ARM reads", 750.0),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ours", "peer"])
def test_both_contenders_bring_every_restore_to_its_end(name: str) -> None:
    found = measure(
        Console(quiet=True), Case(restores=3, vaults=1, speed=200.0, job_seconds=120.0, days=2, held=3), name
    )
    assert (found.succeeded, found.throttled, found.failures) == (3, 0, ())
    assert found.by_kind["restore"] == 1.0
