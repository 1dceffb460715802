"""Whatever puts off a notice puts off the later ones of its restore and channel: they are read in order."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.problems import Trouble
from shared.notices.delivery_round import DeliveryRound
from shared.notices.outbox import Notice
from shared.storage import row_keys
from shared.storage.store import Change, Conflict
from shared.workflow.operator_acts import Act
from tests.kits.stories import now_is
from tests.kits.world import EVENTS_URL, World, running


def two_owed(world: World) -> list[Notice]:
    """The restore was accepted and withdrawn, and `events` has heard of neither."""
    process = world.process()
    one = running(world, process)
    process.acts.withdraw(now_is(world, one), Act(by="dba", reason="not needed"))
    notices = [process.parts.outbox.with_facts(notice) for notice in world.owed(one, "events")]
    assert [notice.event for notice in notices] == ["accepted", "withdrawn"]
    return notices


@pytest.mark.parametrize(
    "put_off",
    [
        pytest.param({"facts": '{"newer": 1}'}, id="its facts cannot be read"),
        pytest.param({"etag": "older"}, id="another sweep was here first"),
        pytest.param({"due": timedelta(seconds=1)}, id="it is not due"),
        pytest.param({"facts": ""}, id="storage is away"),
        pytest.param({"unsure": True, "sequence": 2, "event": "submitted"}, id="an earlier one is owed"),
    ],
)
def test_what_is_put_off_is_not_overtaken(put_off: dict[str, Any]) -> None:
    world = World()
    first, last = two_owed(world)
    if "due" in put_off:
        put_off = {"due": world.clock.now() + put_off["due"]}

    def away(name: str, act: Callable[[], Any], args: Any) -> Any:
        if name == "store.get":
            raise Trouble("storage is away")
        return act()

    owed = [replace(first, **put_off), replace(last, sequence=3)]
    world.process(away).notifier.deliver(owed, DeliveryRound())
    assert world.posts.tried == []


def test_what_is_due_is_posted_in_the_order_of_events_whatever_order_it_was_read_in() -> None:
    world = World()
    owed = two_owed(world)
    world.process().notifier.deliver(reversed(owed), DeliveryRound())
    assert world.posts.events(EVENTS_URL) == [notice.event_id for notice in owed]


def test_a_notice_of_release_0_1_that_another_sweep_took_over_stays_as_that_one_left_it() -> None:
    world = World()
    first, _ = two_owed(world)
    place, key = row_keys.partition(first.restore), "live-owed-of-0.1.0"
    world.store.commit(place, [Change("put", key, {**first.fields(), "facts": first.facts})])
    row = world.store.get(place, key)
    assert row
    world.store.commit(place, [Change("update", key, {"attempts": 7})])
    with pytest.raises(Conflict):
        world.process().parts.outbox.take_over(row)
    assert world.store.get(place, key)


@pytest.mark.parametrize("how", ["settle", "give up", "postpone", "postpone to the time it has"])
def test_a_notice_that_somebody_else_is_at_is_left_to_them(how: str) -> None:
    world = World()
    first, _ = two_owed(world)
    outbox, now = world.process().parts.outbox, world.clock.now()
    begun = outbox.begin(first, now)
    acts: dict[str, Callable[[], None]] = {
        "settle": lambda: outbox.settle(first, "delivered", ""),
        "give up": lambda: outbox.give_up(first, "no", now),
        "postpone": lambda: outbox.postpone(first, now + timedelta(minutes=1), "later"),
        "postpone to the time it has": lambda: outbox.postpone(first, first.due, "later"),
    }
    with pytest.raises(Conflict):
        acts[how]()
    assert [n.attempts for n in world.owed(first.restore, "events") if n.event == "accepted"] == [begun.attempts]
