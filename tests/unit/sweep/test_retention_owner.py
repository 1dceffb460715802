"""Retention takes a row only where it is the old restore's own: a job or a key may be another's by now."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.restore import Job, Phase
from shared.notices.outbox import Outbox
from shared.storage import row_keys
from shared.storage.ledger import Ledger
from shared.storage.store import Change, Row
from shared.sweep.retention import MOST, Retention
from tests.kits.fakes import OTHER_VAULT, START, VAULT
from tests.kits.stories import now_is, up_to
from tests.kits.world import World, running

DAYS = 30
PLACE = row_keys.vault_partition(VAULT)


def old_and_done(world: World, key: str = "k") -> str:
    restore_id = running(world, world.process(), key=key)
    world.settle(world.process())
    world.clock.advance((DAYS + 1) * 86400)
    return restore_id


def removed(world: World, days: int = DAYS) -> int:
    return Retention(Ledger(world.store), Outbox(world.store), days).remove_old(world.clock.now())


def put(world: World, place: str, row: Row, **changes: str) -> None:
    world.store.commit(place, [Change("put", row.key, {**row.fields, **changes})])


def test_a_job_that_is_another_restores_by_now_stays() -> None:
    world = World()
    restore_id = old_and_done(world)
    job = now_is(world, restore_id).job
    assert job
    row = world.store.get(PLACE, row_keys.job(job.id))
    assert row
    put(world, PLACE, row, restore="another")
    assert removed(world) == 1
    assert world.store.get(PLACE, row_keys.job(job.id)) is not None
    assert Ledger(world.store).load(restore_id) is None


def test_its_own_job_goes() -> None:
    world = World()
    job = now_is(world, old_and_done(world)).job
    assert isinstance(job, Job)
    assert removed(world) == 1
    assert world.store.get(PLACE, row_keys.job(job.id)) is None


@pytest.mark.parametrize(("holder", "marked"), [(None, True), ("another", False)])
def test_a_key_says_that_its_restore_was_removed_where_it_is_still_its_own(holder: str | None, marked: bool) -> None:
    world = World()
    old_and_done(world)
    place = row_keys.key_partition("http", "k")
    row = world.store.get(place, "key")
    assert row
    if holder:
        put(world, place, row, restore=holder)
    assert removed(world) == 1
    after = world.store.get(place, "key")
    assert after
    assert bool(after.text("removedAt")) is marked


def test_what_still_owes_a_notice_stays_until_it_is_told() -> None:
    world = World()
    restore_id = old_and_done(world)
    box = Outbox(world.store)
    last = box.of_restore(restore_id)[-1]
    box.resend(last, world.clock.now())
    assert removed(world) == 0
    box.settle(world.owed(restore_id)[-1], "delivered", "")
    assert removed(world) == 1


def test_a_refused_request_goes_with_its_dead_letter_and_every_vault_is_looked_through() -> None:
    world = World()
    world.put(b'{"instance": "no-such", "target": "drills"}')
    far = running(world, world.process(), "pg-far", key="far")
    world.settle(world.process())
    refused = next(restore for restore in world.restores() if restore.phase is Phase.REFUSED)
    none = row_keys.vault_partition(None)
    dead = row_keys.dead(refused.accepted_at, refused.id, "request")
    assert world.store.get(none, dead)
    world.clock.advance((DAYS + 1) * 86400)
    assert removed(world) == 2
    assert world.store.get(none, dead) is None
    assert [Ledger(world.store).load(one) for one in (far, refused.id)] == [None, None]
    assert {VAULT, OTHER_VAULT, ""} >= set(Ledger(world.store).vaults())


def test_a_given_up_notices_dead_letter_goes_too() -> None:
    world = World()
    world.posts.answers["https://hooks.example.net/dba"] = [410]
    restore_id = old_and_done(world)
    dead = [notice.dead for notice in Outbox(world.store).of_restore(restore_id) if notice.dead]
    assert len(dead) == 1
    assert world.store.get(PLACE, dead[0])
    assert removed(world) == 1
    assert world.store.get(PLACE, dead[0]) is None
    assert [row for row in world.store.scan(PLACE, " ", "~") if restore_id in row.key] == []


@pytest.mark.parametrize(("seconds", "gone"), [(-1, 0), (1, 1)])
def test_the_last_day_is_a_whole_one(seconds: float, gone: int) -> None:
    world = World()
    restore_id = running(world, world.process())
    world.settle(world.process())
    closed = now_is(world, restore_id).closed_at
    assert closed
    world.clock.at = closed + timedelta(days=DAYS, seconds=seconds)
    assert removed(world) == gone


def test_what_was_cut_off_is_taken_up_again_and_one_round_has_its_limit() -> None:
    world = World()
    done = f"done-2026-10-01T12:00:00Z-{row_keys.short(VAULT)}"
    for n in range(MOST + 5):
        restore_id = f"{row_keys.short(VAULT)}-{n:026d}"
        world.store.commit(PLACE, [Change("put", f"{done}-{n:06d}", {"restore": restore_id})])
    running(world, world.process())
    world.clock.at = START + timedelta(days=DAYS + 1)
    assert removed(world) == MOST
    assert removed(world) == 5
    assert removed(world) == 0


def test_what_somebody_touched_while_it_was_removed_stays() -> None:
    world = World()
    restore_id = old_and_done(world)
    real = world.store

    class Touched(Ledger):
        """Somebody writes the done row again while its restore is removed."""

        def load(self, restore_id: str) -> Any:
            found = super().load(restore_id)
            (row,) = real.scan(PLACE, "done-", "done.")
            real.commit(PLACE, [Change("put", row.key, row.fields)])
            return found

    assert Retention(Touched(real), Outbox(real), DAYS).remove_old(world.clock.now()) == 0
    assert Ledger(real).load(restore_id) is not None
    assert removed(world) == 1


def test_one_that_still_runs_stays_though_the_history_calls_it_old_and_done() -> None:
    world = World()
    restore_id = running(world, world.process())
    up_to(world, restore_id, Phase.RESTORING)
    assert world.owed(restore_id) == [], "a notice would keep it too"
    world.store.commit(PLACE, [Change("put", row_keys.done(world.clock.now(), restore_id), {"restore": restore_id})])
    world.clock.advance((DAYS + 1) * 86400)
    assert removed(world) == 0
    world.settle(world.process())
    assert now_is(world, restore_id).phase is Phase.SUCCEEDED
