"""A round's decisions: whose turn is given back, how starts are dealt, and that a good round has no fault."""

import pytest

from shared.domain.restore import Phase
from shared.storage import row_keys
from shared.storage.store import Change
from shared.sweep.call_budget import STARTS, UNKNOWN
from tests.kits.fakes import OTHER_VAULT, VAULT
from tests.kits.stories import now_is, up_to
from tests.kits.world import World, running


def turn_of(world: World, restore_id: str) -> str:
    row = world.store.get(row_keys.partition(restore_id), row_keys.turn(now_is(world, restore_id).instance))
    return row.text("restore") if row else ""


def forget_open_row(world: World, restore_id: str) -> None:
    """The row is not among those that the round read: the scan tore, or it was put back from an old copy."""
    row = next(row for row in world.live("open") if row.text("restore") == restore_id)
    world.store.commit(row_keys.partition(restore_id), [Change("delete", row.key)])


@pytest.mark.parametrize("closed", [True, False])
def test_a_turn_is_given_back_only_where_its_holder_is_closed(closed: bool) -> None:
    world = World()
    one, two = (running(world, world.process(), key=key) for key in "ab")
    up_to(world, one, Phase.RESTORING)
    forget_open_row(world, one)
    holder = now_is(world, one)
    if closed:
        changed = holder.model_copy(update={"phase": Phase.FAILED, "closed_at": world.clock.now()})
        world.process().parts.ledger.save(holder, changed)
        place = row_keys.partition(one)
        if not turn_of(world, one):
            world.store.commit(place, [Change("insert", row_keys.turn(holder.instance), {"restore": one})])
    world.clock.advance(60)
    this = world.process().sweep.run()
    assert this.faults == 0
    world.clock.advance(60)
    world.process().sweep.run()
    assert (turn_of(world, two) == two) is closed
    assert (now_is(world, two).turn_at is not None) is closed
    if not closed:
        assert turn_of(world, one) == one


def test_starts_are_dealt_to_the_vaults_that_waited() -> None:
    """Each process deals anew: what waited in the last round is served first in this one."""
    world = World()
    near = [running(world, world.process(), "pg-a", key=f"a{n}", dryRun=True) for n in range(STARTS)]
    far = [running(world, world.process(), "pg-far", key=f"f{n}", dryRun=True) for n in range(STARTS)]
    world.queue.clear()
    world.clock.advance(10)
    process = world.process()

    def begun(ids: list[str]) -> int:
        return sum(now_is(world, one).phase is not Phase.ACCEPTED for one in ids)

    process.sweep.run()
    first = begun(near) + begun(far)
    assert 0 < first <= STARTS
    world.clock.advance(world.pace.budget_window)
    process.sweep.run()
    second = begun(near) + begun(far) - first
    assert second > STARTS - STARTS // UNKNOWN, "all that is left is dealt to those that waited"
    assert min(begun(near), begun(far)) > 0
    assert {VAULT, OTHER_VAULT} == set(world.process().parts.ledger.vaults())


def test_a_good_round_has_no_fault_whatever_phase_its_restores_are_in() -> None:
    world = World()
    for name in ("pg-a", "pg-b", "pg-far"):
        running(world, world.process(), name, key=name)
    process = world.process()
    for _ in range(40):
        world.deliver(process)
        assert process.sweep.run().faults == 0
        if world.quiet():
            break
        world.clock.advance(world.next_due())
    assert world.quiet()
    assert {restore.phase for restore in world.restores()} == {Phase.SUCCEEDED}
