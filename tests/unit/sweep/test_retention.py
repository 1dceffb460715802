"""Retention: what is closed and old goes, with all its rows; keys stay, and say so; what is open stays."""

import json
from datetime import timedelta

import pytest

from local.stack.memory import MemoryStore
from shared.domain.restore import Phase
from shared.notices.outbox import Outbox
from shared.storage import row_keys
from shared.storage.ledger import Ledger
from shared.storage.store import Change, Row
from shared.storage.wake_queue import QueueState
from shared.sweep.points_look import PointsLook
from shared.sweep.retention import Retention
from shared.sweep.timer import Upkeep
from tests.kits.fakes import VAULT
from tests.kits.world import Process, World, body, running

DAYS = 30
PLACE = row_keys.vault_partition(VAULT)


def old_and_done(world: World) -> tuple[Process, str]:
    """A restore that succeeded, and whose time is over."""
    process = world.process()
    restore_id = running(world, process)
    world.settle(process)
    world.clock.advance((DAYS + 1) * 86400)
    return process, restore_id


def retention(world: World, days: int = DAYS) -> Retention:
    return Retention(Ledger(world.store), Outbox(world.store), days)


def rows_of(world: World, restore_id: str) -> list[Row]:
    return [row for row in world.store.scan(PLACE, " ", "~") if restore_id in (row.text("restore"), row.key[-35:])]


def test_a_closed_restore_goes_with_all_its_rows() -> None:
    world = World()
    _, restore_id = old_and_done(world)
    assert len(rows_of(world, restore_id)) > 5
    assert retention(world).remove_old(world.clock.now()) == 1
    assert rows_of(world, restore_id) == []
    assert Ledger(world.store).vaults() == [VAULT]
    assert retention(world).remove_old(world.clock.now()) == 0


def test_its_key_stays_and_nothing_is_restored_a_second_time() -> None:
    world = World()
    process, restore_id = old_and_done(world)
    retention(world).remove_old(world.clock.now())
    answer = process.post(body(), "k")
    assert answer.status == 410
    assert restore_id in json.loads(answer.body)["detail"]
    world.settle(process)
    assert len(world.azure.posted) == 1
    assert process.post(body(dryRun=True), "k").status == 422, "another request under it is still told apart"


@pytest.mark.parametrize("days", [0, DAYS + 2])
def test_nothing_goes_before_its_time_and_never_with_zero(days: int) -> None:
    world = World()
    _, restore_id = old_and_done(world)
    assert retention(world, days).remove_old(world.clock.now()) == 0
    assert Ledger(world.store).load(restore_id)


def test_an_open_restore_stays_however_old() -> None:
    world = World()
    process = world.process()
    restore_id = running(world, process)
    world.clock.advance(1000 * 86400)
    assert retention(world).remove_old(world.clock.now()) == 0
    found = Ledger(world.store).load(restore_id)
    assert found
    assert found.phase is Phase.ACCEPTED


def test_one_that_still_owes_a_notice_stays() -> None:
    world = World()
    process, restore_id = old_and_done(world)
    notice = process.parts.outbox.of_restore(restore_id)[0]
    process.parts.outbox.resend(notice, world.clock.now())
    assert retention(world).remove_old(world.clock.now()) == 0


def test_a_newer_releases_row_stays() -> None:
    world = World()
    _, restore_id = old_and_done(world)
    world.store.commit(PLACE, [Change("update", row_keys.restore(restore_id), {"schemaVersion": 99})])
    assert retention(world).remove_old(world.clock.now()) == 0
    assert rows_of(world, restore_id)


def test_what_was_cut_off_is_taken_up_again() -> None:
    world = World()
    _, restore_id = old_and_done(world)
    for cut in range(1, 40):
        halting = Halting(world.store, cut)
        try:
            Retention(Ledger(halting), Outbox(halting), DAYS).remove_old(world.clock.now())
        except ConnectionError:
            continue
        break
    assert rows_of(world, restore_id) == []


class Halting(MemoryStore):
    """The world's table, until the process ends in the middle of its work."""

    def __init__(self, store: object, left: int) -> None:
        assert isinstance(store, MemoryStore)
        self.__dict__ = {**store.__dict__, "left": left}

    def commit(self, partition: str, changes: object) -> dict[str, str]:
        self.left: int = self.left - 1
        if self.left < 0:
            raise ConnectionError
        return super().commit(partition, changes)  # type: ignore[arg-type]


def test_the_timer_does_it_once_an_hour() -> None:
    world = World()
    process, restore_id = old_and_done(world)
    upkeep = Upkeep(
        process.sweep, process.parts.board, retention(world), PointsLook(process.parts), QueueState, world.clock.now
    )
    process.parts.board.beat("retention", world.clock.now() - timedelta(minutes=59))
    upkeep.run()
    assert rows_of(world, restore_id)
    world.clock.advance(120)
    upkeep.run()
    assert rows_of(world, restore_id) == []
    assert process.parts.board.pulse("retention") == world.clock.now()
