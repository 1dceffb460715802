"""What somebody else saves between a reading of the sweep and its own delete is not deleted."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from shared.domain.restore import Phase
from shared.notices.outbox import Outbox
from shared.storage import row_keys
from shared.storage.ledger import Ledger
from shared.storage.store import Change
from shared.storage.vault_directory import entries
from shared.sweep.retention import Retention
from shared.sweep.round import Round
from tests.kits.fakes import OTHER_VAULT, VAULT, Seam
from tests.kits.stories import now_is
from tests.kits.world import World, running
from tests.unit.sweep.test_retention_owner import DAYS, PLACE, old_and_done, removed


def before_delete(world: World, key: str, **fields: str) -> Callable[[str, Callable[[], Any], Any], Any]:
    """Before the first delete of that row somebody else saves it."""
    left = [fields]

    def call(name: str, act: Callable[[], Any], args: Any) -> Any:
        if name == "store.commit" and left and any((c.verb, c.key) == ("delete", key) for c in args[1]):
            world.store.commit(args[0], [Change("update", key, left.pop())])
        return act()

    return call


@pytest.mark.parametrize("row", ["restore", "job", "done"])
def test_a_row_that_somebody_saved_while_its_restore_was_removed_stays_till_the_next_hour(row: str) -> None:
    world = World()
    one = old_and_done(world)
    restore = now_is(world, one)
    assert restore.job
    assert restore.closed_at
    keys = {"restore": row_keys.restore(one), "job": row_keys.job(restore.job.id)}
    key = keys.get(row) or row_keys.done(restore.closed_at, one)
    store: Any = Seam(world.store, "store", before_delete(world, key, touched="yes"))
    assert Retention(Ledger(store), Outbox(store), DAYS).remove_old(world.clock.now()) == 0
    left = world.store.get(PLACE, key)
    assert left
    assert left.text("touched") == "yes"
    assert removed(world) == 1
    assert world.store.get(PLACE, key) is None


def test_a_turn_that_was_handed_on_while_it_was_given_back_stays_with_its_new_holder() -> None:
    world = World()
    one = running(world, world.process())
    turn = row_keys.turn(now_is(world, one).instance)
    place = row_keys.vault_partition(VAULT)
    world.store.commit(place, [Change("insert", turn, {"restore": "missing00-1", "at": "2026-10-01T12:00:00Z"})])
    world.queue.clear()
    world.clock.advance(30)
    this = world.process(before_delete(world, turn, restore="the next one")).sweep.run()
    row = world.store.get(place, turn)
    assert row
    assert (row.text("restore"), this.faults) == ("the next one", 0)
    assert now_is(world, one).turn_at is None


@pytest.mark.parametrize("in_time", [True, False])
def test_a_vault_for_which_the_time_was_too_short_keeps_its_place_in_line(in_time: bool) -> None:
    world = World()
    one = running(world, world.process())
    world.clock.advance(30)

    def call(name: str, act: Callable[[], Any], args: Any) -> Any:
        if name == "store.scan" and not in_time:
            this.ends = float("-inf")
        return act()

    sweep = world.process(call).sweep
    with ThreadPoolExecutor(1) as pool:
        this = Round(float("inf"), pool, {entry.vault: entry for entry in entries(world.store)})
        assert sweep._vault(VAULT, this) is in_time
    assert sweep._shares.order([VAULT, OTHER_VAULT]) == ([OTHER_VAULT, VAULT] if in_time else [VAULT, OTHER_VAULT])
    assert (now_is(world, one).phase is Phase.ACCEPTED) is not in_time
