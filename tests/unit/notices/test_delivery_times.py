"""When a notice is tried again, how much a round may send, and what is kept of each attempt."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from shared.config.desk_file import Channel
from shared.notices.delivery_round import DeliveryRound
from shared.notices.messages import Message
from shared.notices.outbox import UNDER_WAY, UNROUTED, Outbox
from shared.storage import row_keys
from tests.kits.desk_kit import Process
from tests.kits.world import DESK_MODEL, EVENTS_URL, World, desk_with, running
from tests.unit.notices.delivery_kit import answering, deliver, notices, owed, two_owed, until

DELAYS = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)


def test_each_wait_is_longer_than_the_one_before_until_the_notice_is_given_up() -> None:
    world = World()
    one = running(world, world.process())
    waits: list[float] = []
    while not waits or waits[-1] > 0:
        world.posts.answers[EVENTS_URL] = [503]
        before = len(world.posts.tried)
        deliver(world, world.process())
        assert len(world.posts.tried) == before + 1
        found = notices(world, one)[0]
        waits.append(until(found, world) if found.state == "owed" else 0)
        world.clock.advance(waits[-1] - 1)
        deliver(world, world.process())
        assert len(world.posts.tried) == before + 1, "a second too early"
        world.clock.advance(1)
    assert waits == [*DELAYS, 0]
    assert (found.state, found.attempts, found.answer) == ("given up", 10, "answered 503: ok")


@pytest.mark.parametrize(("said", "seconds"), [("200", 200), ("2", 5), ("999999999", 86400)])
def test_a_channel_that_names_a_time_is_left_alone_so_long(said: str, seconds: float) -> None:
    world = World()
    one = running(world, world.process())
    deliver(world, answering(world, 429, {"Retry-After": said}))
    found = notices(world, one)[0]
    assert (until(found, world), found.attempts, found.answer) == (seconds, 1, "answered 429")


def test_the_waits_of_a_crowd_are_spread() -> None:
    for jitter, seconds in ((0.0, 4.5), (1.0, 5.5)):
        world = World()
        one = running(world, world.process())
        process = answering(world, 503, {})
        process.notifier.__dict__["jitter"] = lambda jitter=jitter: jitter
        deliver(world, process)
        assert until(notices(world, one)[0], world) == pytest.approx(seconds)


def test_an_attempt_is_on_the_books_before_its_call() -> None:
    world = World()
    one = running(world, world.process())
    seen = []

    def post(message: Message) -> tuple[int, bytes, Mapping[str, str]]:
        seen.extend(notices(world, one))
        return 200, b"ok", {}

    deliver(world, Process(world.process().parts, post))
    assert [(n.attempts, n.state, n.answer, until(n, world)) for n in seen] == [(1, "owed", UNDER_WAY, 5)]
    told = notices(world, one)[0]
    assert (told.state, told.attempts, told.answer) == ("delivered", 1, "")


@pytest.mark.parametrize(
    ("kind", "url", "ok", "most"),
    [
        ("slack", "https://hooks.slack.com/services/T/B/x", (200, b"ok"), 10),
        ("teams", "https://flow.example.net/x", (202, b""), 40),
        ("webhook", EVENTS_URL, (200, b""), 45),
    ],
)
def test_a_round_sends_a_channel_no_more_than_it_takes(kind: str, url: str, ok: tuple[int, bytes], most: int) -> None:
    said: dict[str, Any] = {"kind": kind, "url": {"env": "URL"}, "secret": {"env": "EVENTS_SECRET"}, "default": True}
    world = World(desk=desk_with(channels={"events": Channel.model_validate(said)}))
    for n in range(45):
        running(world, world.process(), key=f"k{n}", dryRun=True)
    posted = []

    def post(message: Message) -> tuple[int, bytes, Mapping[str, str]]:
        posted.append(message.url)
        return (*ok, {})

    process = Process(world.process().parts, post)
    process.notifier.__dict__["environ"] = {**process.notifier.environ, "URL": url}
    told = deliver(world, process)
    assert (len(posted), told.sent["events"], len(owed(world))) == (most, most, 45 - most)


def test_a_channel_rests_once_it_asked_for_it_or_had_its_share() -> None:
    for kind, most in (("slack", 10), ("teams", 40), ("pagerduty", 50), ("webhook", 1_000_000)):
        told = DeliveryRound()
        told.sent["c"] = most - 1
        assert not told.resting("c", kind)
        told.sent["c"] = most
        assert told.resting("c", kind)
        assert not told.resting("other", kind)
        told.quiet.add("other")
        assert told.resting("other", kind)


def test_a_round_that_is_over_posts_no_more() -> None:
    world = World()
    first, second = two_owed(world)
    rounds = iter([False, True])
    world.process().notifier.deliver([first, second], DeliveryRound(), lambda: next(rounds))
    assert world.posts.events(EVENTS_URL) == [first.event_id]


def test_an_event_without_a_route_gets_its_channels_once_desk_toml_is_mended() -> None:
    world = World()
    one = running(world, world.process())
    first = notices(world, one)[0]
    unrouted = replace(first, channel=UNROUTED)
    world.store.commit(row_keys.partition(one), unrouted.owed())
    process = world.process()
    process.notifier.deliver(notices(world, one, UNROUTED), DeliveryRound())
    assert [(n.channel, n.state) for n in Outbox(world.store).of_restore(one)] == [("events", "owed")]
    assert world.posts.told == []


def test_a_channel_that_is_missing_waits_for_its_time_too() -> None:
    world = World(desk=desk_with(channels=DESK_MODEL.channels))
    one = running(world, world.process())
    world.desk = desk_with(channels={})
    deliver(world, world.process())
    deliver(world, world.process())
    found = notices(world, one)[0]
    assert (found.attempts, found.answer) == (1, "desk.toml has no such channel")
    assert until(found, world) == 5


def test_only_whoever_had_the_notice_last_posts_it() -> None:
    world = World()
    one = running(world, world.process())
    stale = notices(world, one)
    deliver(world, world.process())
    world.process().notifier.deliver(stale, DeliveryRound())
    assert world.posts.events(EVENTS_URL) == [f"{one}.1"]


def test_a_notice_is_due_at_the_very_moment() -> None:
    world = World()
    one = running(world, world.process())
    found = notices(world, one)[0]
    assert found.due == found.owed_since == world.clock.now()
    assert isinstance(found.due, datetime)
    deliver(world, world.process())
    assert world.posts.events(EVENTS_URL) == [f"{one}.1"]
