"""What the bench measures in a process alone: that it is what its words say, and that it can fail to hold."""

from typing import Any

import pytest

from local.bench import limits
from local.bench.command import HOT
from local.bench.hot import run
from local.bench.shows import Show
from local.bench.storage import idle_sweep
from local.bench.sweep import sweep_once


def test_a_sweep_of_what_did_not_change_makes_one_call_a_vault_and_no_write_a_restore() -> None:
    found = sweep_once(count=3, each=40)
    assert (found["seen"], found["faults"]) == (120, 0)
    assert found["armCalls"] == 3
    assert found["writes"] == 4  # when each vault was read, and the sweep's own pulse


def test_a_list_of_several_pages_costs_its_pages() -> None:
    assert sweep_once(count=1, each=250)["armCalls"] == 3


def failing(found: list[Show]) -> list[str]:
    return [one.words for one in found if not one.holds]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"faults": 1}, "a sweep of what did not change: faults"),
        ({"seen": 119}, "restores looked at"),
        ({"armCalls": 4}, "ARM calls: at most one a vault"),
        ({"writes": 5}, "writes: at most one a vault, and the pulse"),
    ],
)
def test_a_sweep_that_does_more_or_less_does_not_hold(changes: dict[str, int], words: str) -> None:
    found = sweep_once(count=3, each=40)
    assert failing(limits.sweep(found)) == []
    assert failing(limits.sweep({**found, **changes})) == [words]
    assert "120 unchanged open restores in 3 vaults" in limits.sweep_words(found)


@pytest.mark.parametrize("over", [1, 4])
def test_each_end_reaches_the_channel(over: int) -> None:
    found = run(count=40, over=over, a_minute=10, minutes=1)
    assert (found["restores"], found["vaults"], found["ends"], found["told"]) == (40, over, 10, 10)
    assert 0 <= found["p50"] <= found["p95"] <= 90


def test_what_the_channel_did_not_take_is_not_announced() -> None:
    found = run(count=20, over=1, a_minute=5, minutes=1, answer=503)
    assert (found["ends"], found["told"], found["p95"]) == (5, 0, None)
    assert "one vault, 20 running, 90 ends a minute: ends announced" in failing(limits.hot(found, found, found))


ONE: dict[str, Any] = {
    "restores": 10_000, "vaults": 1, "ends": 720, "told": 720, "p95": 60.0, "cpuMs": 0.03, "callsAMinute": 120.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("one", "words"),
    [
        ({"told": 719}, "one vault, 10,000 running, 90 ends a minute: ends announced"),
        ({"p95": 60.1}, "how late, one vault : 200 vaults"),
        ({"callsAMinute": 201.0}, "ARM calls a minute"),
        ({"cpuMs": 0.037}, "CPU a restore and sweep, at 10,000 : at 100"),
    ],
)
def test_a_hot_vault_is_held_against_a_small_one_and_against_many(one: dict[str, float], words: str) -> None:
    few, many = {**ONE, "restores": 100, "ends": 7, "told": 7}, {**ONE, "vaults": 200, "p95": 30.0}
    assert failing(limits.hot(few, ONE, many)) == []
    assert failing(limits.hot(few, {**ONE, **one}, many)) == [words]
    assert failing(limits.hot(few, ONE, {**many, "told": 0, "p95": None})) == [
        "200 vaults, 10,000 running, 90 ends a minute: ends announced",
        "how late, one vault : 200 vaults",
    ]


def test_the_same_share_of_few_and_of_many_ends_each_minute() -> None:
    assert {round(a_minute / restores, 9) for restores, _, a_minute, _ in HOT} == {0.009}


def test_an_idle_sweep_is_all_that_the_timer_does_and_costs_no_call_a_vault() -> None:
    """The desk's pulses, the directory, the sweep's pulse, what was looked at, the one account, and both queues."""
    assert idle_sweep()["calls"] == 7
