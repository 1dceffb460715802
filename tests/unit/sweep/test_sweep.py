"""The timer's round: what it reads and calls, where it stops and goes on, and what it never trips over."""

from dataclasses import replace

import pytest

from shared.domain.problems import Trouble
from shared.domain.restore import Phase
from shared.storage import row_keys
from shared.storage.shared_state import Board
from shared.storage.store import Change
from shared.sweep.call_budget import STARTS
from shared.sweep.open_work import damage
from shared.sweep.sweep import Sweep
from tests.kits.fakes import OTHER_VAULT, START, VAULT
from tests.kits.stories import no, now_is, up_to
from tests.kits.world import World, faster, running


def restoring(world: World) -> list[str]:
    """Two running jobs of one vault."""
    ids = [running(world, world.process(), name, key=name) for name in ("pg-a", "pg-b")]
    for one in ids:
        up_to(world, one, Phase.RESTORING)
    return ids


def test_two_running_jobs_are_told_by_one_list() -> None:
    world = World()
    world.azure.job_seconds = 4000
    Board(world.store).watch(VAULT, START, {"pages": 1})
    restoring(world)
    for _ in range(3):  # the first looks
        world.clock.advance(200)
        world.process().sweep.run()
    lists, gets = world.azure.count("jobs"), world.azure.count("job")
    world.clock.advance(400)
    world.process().sweep.run()
    assert (world.azure.count("jobs") - lists, world.azure.count("job") - gets) == (1, 0)


def test_a_list_that_is_forbidden_is_made_up_for_by_gets() -> None:
    world = World()
    restoring(world)
    world.azure.script["jobs"] = [no("AuthorizationFailed", 403)] * 50
    world.settle(world.process())
    assert {r.phase for r in world.restores()} == {Phase.SUCCEEDED}


def test_a_vault_in_trouble_holds_up_no_other() -> None:
    world = World()
    one, far = running(world, world.process()), running(world, world.process(), "pg-far", key="far")
    place = row_keys.vault_partition(VAULT)

    def broken(name: str, act: object, args: tuple[object, ...]) -> object:
        if name == "store.scan" and args[0] == place:
            raise Trouble("the ledger's table could not be used (500)")
        return act()  # type: ignore[operator]

    world.queue.clear()
    process = world.process(broken)
    for _ in range(30):
        assert process.sweep.run().faults >= 1
        world.clock.advance(60)
    assert (now_is(world, one).phase, now_is(world, far).phase) == (Phase.ACCEPTED, Phase.SUCCEEDED)


def test_a_round_that_ran_out_of_time_says_so_and_the_next_begins_there() -> None:
    world = World()
    running(world, world.process())
    running(world, world.process(), "pg-far", key="far")
    world.queue.clear()
    faster(world, sweep_budget=-1.0)
    this = world.process().sweep.run()
    assert (this.unfinished, world.azure.calls) == (2, [])
    row = world.store.get(row_keys.DESK, "pulse-sweep")
    assert row is not None
    assert row.text("stoppedAt") == min(VAULT, OTHER_VAULT)
    faster(world, sweep_budget=240.0)
    world.settle(world.process())
    assert {r.phase for r in world.restores()} == {Phase.SUCCEEDED}


def test_an_orphaned_turn_is_given_back_and_the_next_runs() -> None:
    world = World()
    one, two = (running(world, world.process(), key=key) for key in "ab")
    place = row_keys.partition(one)
    ghost = one[:-1] + "9"
    world.store.commit(place, [Change("insert", row_keys.turn(now_is(world, one).instance), {"restore": ghost})])
    world.settle(world.process())
    assert [restore for restore, _ in world.azure.posted] == [one, two]
    assert world.faults() == []


def test_starts_are_limited_per_subscription_and_round() -> None:
    world = World()
    for n in range(100):
        running(world, world.process(), key=f"k{n}", dryRun=True)
    world.queue.clear()
    world.clock.advance(30)
    process = world.process()
    process.sweep.run()
    began = world.azure.count("validate")
    assert 0 < began <= STARTS
    for _ in range(40):
        world.clock.advance(60)
        process.sweep.run()
    assert {r.phase for r in world.restores()} == {Phase.CHECKED}
    assert world.azure.count("validate") == 100


@pytest.mark.parametrize("name", ["instances", "jobs"])
def test_a_list_that_fails_is_made_up_for_too(name: str) -> None:
    world = World()
    restoring(world) if name == "jobs" else [running(world, world.process(), n, key=n) for n in ("pg-a", "pg-b")]
    world.queue.clear()
    world.azure.script[name] = [Trouble("Azure's answer is no list")] * 99
    world.settle(world.process())
    assert {r.phase for r in world.restores()} == {Phase.SUCCEEDED}
    assert world.faults() == []


def test_a_holder_that_cannot_be_read_holds_up_its_own_line_only() -> None:
    world = World()
    one, two = running(world, world.process()), running(world, world.process(), "pg-b", key="b")
    ghost = running(world, world.process(), key="ghost", dryRun=True)
    place = row_keys.partition(one)
    opened = next(row for row in world.live("open") if row.text("restore") == ghost)
    ghostly = [Change("delete", opened.key), Change("update", row_keys.restore(ghost), {"phase": "dancing"})]
    turn = Change("insert", row_keys.turn(now_is(world, one).instance), {"restore": ghost})
    world.store.commit(place, [*ghostly, turn])
    world.queue.clear()
    process = world.process()
    for _ in range(30):
        assert process.sweep.run().faults >= (1 if world.clock.elapsed() > 60 else 0)
        world.clock.advance(60)
    assert (now_is(world, one).phase, now_is(world, two).phase) == (Phase.ACCEPTED, Phase.SUCCEEDED)


@pytest.mark.parametrize(
    "change",
    [{"phase": "dancing"}, {"schemaVersion": 9}, {"due": "soon"}, {"instance": "pg-a"}, {"restore": "x"}],
    ids=str,
)
def test_a_damaged_open_row_is_told_apart(change: dict[str, str | int]) -> None:
    world = World()
    running(world, world.process())
    row = world.live("open")[0]
    assert damage(row) == ""
    assert damage(replace(row, fields={**row.fields, **change}))


def test_eight_workers_sweep_many_vaults_as_one_does() -> None:
    world = World()
    ids = {running(world, world.process(), name, key=name) for name in ("pg-a", "pg-b", "pg-far")}
    process = world.process(workers=8)
    assert isinstance(process.sweep, Sweep)
    world.settle(process)
    assert world.faults(ids) == []
