"""The order of the notices of one channel and restore: which waits for which, and which is left out."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.config.desk_file import Channel
from shared.domain.problems import Ours
from shared.domain.restore import Phase
from shared.notices.delivery_round import DeliveryRound
from shared.notices.outbox import Outbox
from tests.kits.desk_kit import Process
from tests.kits.stories import up_to
from tests.kits.world import EVENTS_URL, World, desk_with, running
from tests.unit.notices.delivery_kit import deliver, notices, two_owed


@pytest.mark.parametrize(("seconds", "told"), [(0, ["told-2"]), (-60, ["told-2"]), (60, ["told-1"])])
def test_a_person_is_told_the_earlier_event_unless_the_next_is_due(seconds: float, told: list[str]) -> None:
    said = {"kind": "slack", "url": {"env": "URL"}, "default": True}
    world = World(desk=desk_with(channels={"events": Channel.model_validate(said)}))
    one = running(world, world.process())
    up_to(world, one, Phase.RESTORING)
    process = Process(world.process().parts, lambda message: (200, b"ok", {}))
    process.notifier.__dict__["environ"] = {"URL": "https://hooks.slack.com/services/T/B/x"}
    for notice in notices(world, one):
        if notice.state == "owed":
            process.parts.outbox.settle(notice, "delivered", "")
    for notice in notices(world, one):
        process.parts.outbox.resend(notice, world.clock.now())
    process.parts.outbox.postpone(notices(world, one)[1], world.clock.now() + timedelta(seconds=seconds), "later")
    if seconds < 0:
        world.clock.advance(1)
    deliver(world, process)
    assert [f"told-{n.sequence}" for n in notices(world, one) if n.state == "delivered"] == told
    assert [n.state for n in notices(world, one)] == (
        ["superseded", "delivered"] if told == ["told-2"] else ["delivered", "owed"]
    )


def test_a_notice_waits_behind_an_earlier_one_of_its_line_and_no_other_does() -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.RESTORING)
    process = world.process()
    for told in notices(world, one):
        process.parts.outbox.resend(told, world.clock.now())
    first, second = notices(world, one)
    process.parts.outbox.postpone(first, world.clock.now() + timedelta(seconds=60), "was down")
    two = running(world, world.process(), "pg-b", key="two")
    world.posts.told.clear()
    deliver(world, process)
    assert world.posts.events(EVENTS_URL) == [f"{two}.1"]
    world.clock.advance(60)
    deliver(world, process)
    assert world.posts.events(EVENTS_URL) == [f"{two}.1", first.event_id, second.event_id]


def test_a_notice_waits_behind_an_earlier_one_that_the_round_did_not_read() -> None:
    world = World()
    first, second = two_owed(world)
    box = Outbox(world.store)
    box.postpone(first, world.clock.now() + timedelta(seconds=60), "was down")
    unread = [replace(one, unsure=True) for one in world.owed(channel="events") if one.sequence == second.sequence]
    world.process().notifier.deliver(unread, DeliveryRound())
    assert world.posts.told == []
    box.settle(world.owed(channel="events")[0], "delivered", "")
    world.process().notifier.deliver(unread, DeliveryRound())
    assert world.posts.events(EVENTS_URL) == [second.event_id]


def test_whatever_holds_up_a_notice_holds_up_the_rest_of_its_line() -> None:
    held: list[dict[str, Any]] = [{"facts": "{"}, {"etag": "old"}]
    for changes in held:
        world = World()
        first, second = two_owed(world)
        world.process().notifier.deliver([second, replace(first, **changes)], DeliveryRound())
        assert world.posts.told == []
    world = World()
    first, second = two_owed(world)
    world.desk = Ours("desk.toml is broken")
    world.process().notifier.deliver([first, second], DeliveryRound())
    assert world.posts.told == []
    world.desk = desk_with(channels={})
    world.process().notifier.deliver([first, second], DeliveryRound())
    assert [n.attempts for n in notices(world, first.restore)] == [1, 0]
