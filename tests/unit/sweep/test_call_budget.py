"""Azure's budgets, shared out: never more than they hold, nobody forgotten, and a rest before they are used up."""

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.stack.answers import arm_over
from shared.azure.arm_calls import ArmCalls
from shared.sweep.call_budget import DETAILS, READS, STARTS, Allowance, Shares
from tests.kits.world import World, body

WINDOW = 60.0
SUB, OTHER = "/subscriptions/one/resourceGroups/rg", "/subscriptions/two/resourceGroups/rg"


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(1, 40)), max_size=60))
def test_in_no_window_is_more_taken_than_allowed(steps: list[tuple[float, int]]) -> None:
    allowance, now, taken = Allowance(90, WINDOW), 0.0, list[tuple[float, int]]()
    for wait, count in steps:
        now += wait
        if allowance.take(now, count):
            taken.append((now, count))
    for start, _ in taken:
        assert sum(count for at, count in taken if start <= at < start + WINDOW) <= 90


def started(shares: Shares, waiting: dict[str, int], now: float) -> dict[str, int]:
    """One round: what each vault may start of what waits in it."""
    order = shares.order(waiting)
    shares.deal(order, now)
    found = {vault: shares.may_start(vault, waiting[vault], now) for vault in order}
    for vault in order:
        shares.visited(vault)
        waiting[vault] -= found[vault]
    return found


def test_vaults_that_wait_share_what_a_subscription_may_start() -> None:
    shares, waiting = Shares(WINDOW), {f"{SUB}/v{n}": 400 for n in range(5)}
    rounds = [started(shares, waiting, n * WINDOW) for n in range(4)]
    assert all(sum(each.values()) <= STARTS for each in rounds)
    assert all(set(each.values()) == {STARTS // 5} for each in rounds[1:])


def test_no_vault_is_forgotten_where_there_are_more_of_them_than_starts() -> None:
    shares, waiting = Shares(WINDOW), {f"{SUB}/v{n:03d}": 3 for n in range(200)}
    for n in range(5):
        started(shares, waiting, n * WINDOW)
    assert all(left < 3 for left in waiting.values())


def test_a_subscription_takes_nothing_from_another() -> None:
    shares = Shares(WINDOW)
    while shares.may_read(f"{SUB}/v", 0.0):
        pass
    assert sum(shares.may_read(f"{OTHER}/v", 0.0) for _ in range(READS + 5)) == READS


def test_of_more_vaults_than_readings_each_is_read_in_its_turn() -> None:
    shares, vaults, read = Shares(WINDOW), [f"{SUB}/v{n:03d}" for n in range(300)], list[str]()
    for now in (n * WINDOW / 2 for n in range(8)):
        for vault in shares.order(vaults):
            read += [vault] if shares.may_list(vault, 1, now) else []
            shares.visited(vault)
    assert len(read) == 4 * READS
    assert {read.count(vault) for vault in vaults} == {2, 3}


def test_a_long_list_of_jobs_counts_for_its_pages() -> None:
    shares = Shares(WINDOW)
    assert shares.may_list(f"{SUB}/v", 51, 0.0)
    assert sum(shares.may_read(f"{SUB}/v", 1.0) for _ in range(READS)) == READS - 51


def test_details_are_asked_for_only_while_most_of_the_readings_are_left() -> None:
    shares = Shares(WINDOW)
    assert sum(shares.may_ask_details(f"{SUB}/v", 0.0) for _ in range(READS)) == DETAILS
    busy = Shares(WINDOW)
    assert busy.may_list(f"{SUB}/v", READS * 3 // 4, 0.0)
    assert not busy.may_ask_details(f"{SUB}/v", 0.0)
    assert busy.order([f"{SUB}/w", f"{SUB}/v"]) == [f"{SUB}/w", f"{SUB}/v"]


@pytest.mark.parametrize(("left", "rests"), [("4", []), ("3", ["one"]), ("0", ["one"]), ("many", [])])
def test_a_budget_near_its_end_is_left_alone_before_it_is_refused(left: str, rests: list[str]) -> None:
    rested: list[str] = []
    headers = {"x-ms-ratelimit-remaining-subscription-resource-requests": left}
    arm = arm_over(lambda request: httpx.Response(200, json={"value": []}, headers=headers))
    list(ArmCalls(arm, "2024-04-01", 60, rested.append).pages("GET", f"{SUB}/vault/backupJobs"))
    assert rested == rests


def test_a_request_costs_the_table_four_calls_and_no_more() -> None:
    """Its key is looked for and claimed, its vault is entered, then all of it is written at once."""
    calls: list[str] = []

    def counted(name: str, act: object, args: object) -> object:
        calls.append(name)
        return act()  # type: ignore[operator]

    process = World().process(counted)
    assert process.post(body("pg-a"), "first").status == 202
    calls.clear()
    answer = process.post(body("pg-b"), "second")
    assert answer.status == 202
    assert json.loads(answer.body)["phase"] == "accepted"
    assert [name for name in calls if name.startswith("store.")] == ["store.get", *["store.commit"] * 3]


def test_a_burst_is_held_and_none_of_it_refused() -> None:
    world = World()
    process = world.process()
    assert {process.post(body("pg-a"), f"key-{n}").status for n in range(300)} == {202}
    assert len(world.live("open")) == 300
