"""Rows that contradict each other, or that a newer release wrote, are left alone and named in the log."""

import json
import logging
from typing import Any

import pytest

from shared.domain.problems import Trouble
from shared.domain.restore import Phase
from shared.notices.outbox import Outbox
from shared.storage import row_keys
from shared.storage.ledger import Ledger
from shared.storage.store import Change, Conflict
from shared.sweep.retention import Retention
from tests.kits.aftercare_kit import asked, vaulted_world
from tests.kits.stories import now_is, up_to
from tests.kits.world import World, body, running


def put(world: World, restore_id: str, key: str, **changes: Any) -> None:
    """A row of the restore's partition as it must not be."""
    place = row_keys.partition(restore_id)
    row = world.store.get(place, key)
    assert row
    world.store.commit(place, [Change("put", key, {**row.fields, **changes})])


def newer(world: World, restore_id: str) -> None:
    put(world, restore_id, row_keys.restore(restore_id), schemaVersion=99)


# --- rows -------------------------------------------------------------------------------------------------------------
def test_rows_that_contradict_each_other_are_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.VALIDATING)
    world.store.commit(row_keys.partition(one), [Change("delete", row_keys.turn(now_is(world, one).instance))])
    world.clock.advance(2 * 86400)
    with caplog.at_level(logging.ERROR, "desk"):
        world.process().workflow.advance(one)  # too late: it would give a turn back that is not there
    assert f"restore {one} cannot be saved: its rows contradict each other" in caplog.text
    assert now_is(world, one).phase is Phase.VALIDATING


def test_a_row_of_a_newer_release_is_left_alone_by_the_queue(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    one = running(world, world.process(), key="k")
    newer(world, one)
    queue = world.process().queue_in
    with caplog.at_level(logging.ERROR, "desk"):
        queue.message(json.dumps({"restore": one, "wake": 0}).encode(), "m1")
    assert "row left alone" in caplog.text
    caplog.clear()
    keyed = json.dumps(body(idempotencyKey="q")).encode()
    queue.message(keyed, "m2")
    two = next(row.text("restore") for row in world.live("open") if row.text("restore") != one)
    newer(world, two)
    with caplog.at_level(logging.ERROR, "desk"):
        queue.message(keyed, "m3")
    assert "row left alone" in caplog.text
    assert len(world.live("open")) == 2


@pytest.mark.parametrize("error", [Trouble("down"), Conflict("x")])
def test_a_refusal_that_cannot_be_saved_now_is_sent_again(error: Exception) -> None:
    world = World()

    def down(name: str, act: Any, args: Any) -> Any:
        if name == "store.commit" and any(change.key.startswith("restore-") for change in args[1]):
            raise error
        return act()

    world.process(down).queue_in.message(json.dumps(body("nobody")).encode(), "m1")
    (copy,) = world.queue
    assert (json.loads(copy.body)["copyOf"], copy.at) == ("m1", world.pace.hold_message)
    assert world.restores() == []
    world.clock.advance(61)
    world.settle(world.process())
    assert [restore.phase for restore in world.restores()] == [Phase.REFUSED]


def test_retention_leaves_what_a_loader_is_reading_and_what_has_no_key() -> None:
    world_days = 30
    world = vaulted_world()
    one = asked(world)
    up_to(world, one, Phase.SUCCEEDED)
    world.settle(world.process())
    place = row_keys.partition(one)
    world.store.commit(
        place,
        [
            Change("put", row_keys.container(one), {"state": "gone", "restore": one}),
            Change("put", row_keys.verification(one), {"state": "running", "restore": one}),
        ],
    )
    world.clock.advance((world_days + 1) * 86400)
    retention = Retention(Ledger(world.store), Outbox(world.store), world_days)
    assert retention.remove_old(world.clock.now()) == 0
    world.store.commit(place, [Change("put", row_keys.verification(one), {"state": "passed", "restore": one})])
    assert retention.remove_old(world.clock.now()) == 1

    keyless = World()
    answer = keyless.process().post(body())
    keyless.settle(keyless.process())
    keyless.clock.advance((world_days + 1) * 86400)
    assert Retention(Ledger(keyless.store), Outbox(keyless.store), world_days).remove_old(keyless.clock.now()) == 1
    assert Ledger(keyless.store).load(json.loads(answer.body)["id"]) is None
