"""The sweep's pulse: how seldom it is written, and the health that is read from it."""

import json
import re
from datetime import timedelta

import pytest

from local.stack.memory import MemoryStore
from shared.api.health import Health
from shared.api.http import Call
from shared.config.settings import Settings
from shared.domain.pace import Pace
from shared.domain.problems import Trouble
from shared.storage import row_keys
from shared.storage.store import Row
from shared.sweep.round import says_the_same
from shared.workflow.ports import Parts
from tests.kits.fakes import START
from tests.kits.world import World, running


def test_with_nothing_unfinished_a_sweep_writes_its_pulse_now_and_then_only() -> None:
    world = World()
    running(world, world.process())
    world.settle(world.process())
    world.process().sweep.run()
    assert isinstance(world.store, MemoryStore)
    writes = world.store.writes
    for _ in range(10):
        world.clock.advance(1)
        world.process().sweep.run()
    assert world.store.writes == writes
    world.clock.advance(world.pace.idle_pulse)
    world.process().sweep.run()
    assert world.store.writes == writes + 1
    assert health(world)[0] == 200
    running(world, world.process(), "pg-b", key="b")
    writes = world.store.writes
    world.process().sweep.run()
    assert world.store.get(row_keys.DESK, "pulse-sweep").fields["open"] == 1  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("changes", "seconds", "same"),
    [({}, 19, True), ({}, 20, False), ({}, -1, False), ({"faults": 1}, 1, False), ({"fullAt": "x"}, 1, False),
     ({"open": 1}, 1, False), ({"owed": 1}, 1, False)],
)  # fmt: skip
def test_a_pulse_is_kept_while_it_is_young_and_nothing_changed(
    changes: dict[str, str | int], seconds: float, same: bool
) -> None:
    pulse: dict[str, str | int] = {"stoppedAt": "", "open": 0, "owed": 0, "faults": 0, "fullAt": "y"}
    last = Row("pulse-sweep", {**pulse, "at": START.isoformat(), "seconds": 0.1})
    assert says_the_same(last, {**pulse, **changes}, START + timedelta(seconds=seconds), 20) is same
    assert not says_the_same(None, pulse, START, 20)
    busy = {**pulse, **changes, "open": 2}
    assert not says_the_same(Row("pulse-sweep", {**busy, "at": START.isoformat()}), busy, START, 20)


def health(world: World) -> tuple[int, dict[str, object]]:
    parts: Parts = world.process().parts
    answer = Health(parts, Settings(environ={"DESK_HEALTH_KEY": "k" * 16})).answer(
        Call(headers={"x-functions-key": "k" * 16})
    )
    return answer.status, json.loads(answer.body)["checks"]


def test_health_is_down_where_no_sweep_finishes_and_names_the_channel_that_takes_nothing() -> None:
    world = World()
    running(world, world.process())
    world.process().sweep.run()
    assert health(world)[0] == 200
    assert str(health(world)[1]["sweep"]).startswith("ok, the last one finished")
    world.posts.answers["https://hooks.example.net/events"] = [Trouble("down")] * 99
    running(world, world.process(), "pg-b", key="b")
    for _ in range(20):
        world.process().sweep.run()
        world.clock.advance(60)
    world.process().sweep.run()
    status, checks = health(world)
    assert status == 200
    assert str(checks["outbox"]).startswith("ok, ")
    assert re.search(r"; late: events \(\d, the oldest for 12\d\d s\)$", str(checks["outbox"]))
    world.clock.advance(Pace().sweep_silent + 1)
    assert "finished" in str(health(world)[1]["sweep"])
