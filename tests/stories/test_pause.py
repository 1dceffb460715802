"""The stop switch: whenever it is thrown, nothing is POSTed after it; no deadline runs while the desk stands still."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from shared.api.desk import DeskApi
from shared.api.http import Call, answered
from shared.domain.problems import Ours
from shared.domain.restore import Phase
from shared.storage.shared_state import Board, Pause
from tests.kits.stories import now_is, up_to
from tests.kits.world import DESK_MODEL, Process, World, running

HOUR = 3600


def pause(world: World, by: str = "dba", reason: str = "storage incident") -> None:
    """As an operator does it, by a process of its own."""
    answer = desk_call(world, "pause", by, reason)
    assert answer[0] == 200


def desk_call(world: World, act: str, by: str = "dba", reason: str = "over") -> tuple[int, dict[str, Any]]:
    process = world.process()
    api = DeskApi(process.api, process.notifier)
    answer = answered(getattr(api, act), Call(body=json.dumps({"by": by, "reason": reason}).encode()))
    return answer.status, json.loads(answer.body)


def calls_on_the_way_to_the_post() -> list[str]:
    """What a sweep calls that takes a validated restore up to its POST."""
    names: list[str] = []

    def note(name: str, act: Callable[[], Any], args: Any) -> Any:
        names.append(name)
        return act()

    world = World()
    up_to(world, running(world, world.process()), Phase.VALIDATING)
    world.clock.advance(60)
    world.process(note).sweep.run()
    return names[: names.index("azure.submit") + 1]


WAY = calls_on_the_way_to_the_post()


@pytest.mark.parametrize("slow", range(1, len(WAY)), ids=lambda n: f"{n}-{WAY[n - 1]}")
@pytest.mark.parametrize("seconds", [15, 300])
def test_paused_during_any_call_before_the_post_nothing_is_posted(slow: int, seconds: int) -> None:
    world, count = World(), 0

    def slowly(name: str, act: Callable[[], Any], args: Any) -> Any:
        nonlocal count
        count += 1
        found = act()
        if count == slow:
            pause(world)
            world.clock.advance(seconds)
        return found

    one = running(world, world.process())
    up_to(world, one, Phase.VALIDATING)
    world.clock.advance(60)
    world.process(slowly).sweep.run()
    assert world.azure.posted == []
    assert not now_is(world, one).closed
    world.clock.advance(700)
    world.process().sweep.run()
    assert world.azure.posted == [], "nor after a while"
    desk_call(world, "resume")
    world.settle(world.process())
    assert now_is(world, one).phase is Phase.SUCCEEDED
    assert world.faults({one}) == []


def test_a_slow_token_is_fetched_before_the_pause_is_read() -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.VALIDATING)
    world.clock.advance(60)

    def slow_token() -> None:
        world.clock.advance(150)
        pause(world)
        world.clock.advance(150)

    world.azure.script["ready"] = [slow_token]
    world.process().sweep.run()
    assert world.azure.count("submit") == 0
    assert now_is(world, one).attempts == (), "not even an attempt was begun"


def pass_time(world: World, process: Process, hours: int) -> None:
    for _ in range(hours):
        world.deliver(process)
        process.sweep.run()
        world.clock.advance(HOUR)


def broken(world: World) -> None:
    world.desk = Ours("desk.toml is not TOML")


def mended(world: World) -> None:
    world.desk = DESK_MODEL


def resumed(world: World) -> None:
    desk_call(world, "resume")


@pytest.mark.parametrize(("hold", "let_go"), [(pause, resumed), (broken, mended)], ids=["pause", "broken desk.toml"])
def test_a_deadline_stands_still_while_the_desk_does(
    hold: Callable[[World], None], let_go: Callable[[World], None]
) -> None:
    world = World()
    ids = [running(world, world.process(), name, key=name) for name in ("pg-a", "pg-b")]
    up_to(world, ids[0], Phase.VALIDATING)
    hold(world)
    pass_time(world, world.process(), 50)
    assert not any(now_is(world, one).closed for one in ids[:2])
    let_go(world)
    world.settle(world.process())
    assert {now_is(world, one).phase for one in ids} <= {Phase.SUCCEEDED, Phase.CHECKED}


def test_how_long_the_desk_stood_still() -> None:
    world = World()
    board = Board(world.store)
    start = world.clock.now()
    board.set_paused(Pause("dba", "x", start), start)
    world.clock.advance(20 * HOUR)
    board.set_paused(None, world.clock.now())
    assert board.stood_still(start, world.clock.now()) == 20 * HOUR
    world.clock.advance(5 * HOUR)
    assert board.stood_still(start, world.clock.now()) == 20 * HOUR
    board.stand_still("desk", True, world.clock.now())
    again = world.clock.now()
    board.set_paused(Pause("dba", "y", again), again)
    world.clock.advance(HOUR)
    assert board.stood_still(start, world.clock.now()) == 21 * HOUR, "what overlaps counts once"
    assert board.stood_still(again, world.clock.now()) == HOUR


def test_a_second_pause_hides_no_first_and_all_who_ask_hear_of_it() -> None:
    world = World()
    pause(world, "ada", "storage incident")
    since = world.clock.now()
    world.clock.advance(60)
    status, answer = desk_call(world, "pause", "bob", "maintenance")
    assert status == 200
    assert (answer["by"], answer["reason"], [one["by"] for one in answer["also"]]) == (
        "ada",
        "storage incident",
        ["bob"],
    )
    desk_call(world, "pause", "bob", "maintenance")
    found = Board(world.store).paused()
    assert found is not None
    assert (found.by, found.at, len(found.also)) == ("ada", since, 1)
    listed = json.loads(answered(world.process().api.list_restores, Call()).body)
    assert listed["paused"]["by"] == "ada"
    assert listed["paused"]["also"][0]["reason"] == "maintenance"
    assert desk_call(world, "resume")[1] == {"paused": False}
    assert "paused" not in json.loads(answered(world.process().api.list_restores, Call()).body)
