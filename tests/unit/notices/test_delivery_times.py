"""When a notice is tried again, how much a round may send, and what is kept of each attempt."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from shared.azure.bounded_http import bounded
from shared.config.desk_file import Channel
from shared.domain.problems import Ours, Trouble
from shared.domain.restore import Phase
from shared.notices.messages import Message
from shared.notices.notifier import DeliveryRound, HttpPost
from shared.notices.outbox import UNDER_WAY, UNROUTED, Notice, Outbox
from shared.storage import row_keys
from shared.storage.store import Change
from tests.kits.desk_kit import Process
from tests.kits.stories import up_to
from tests.kits.world import DBA_URL, DESK_MODEL, EVENTS_URL, World, desk_with, running

DELAYS = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)


def notices(world: World, restore_id: str, channel: str = "events") -> list[Notice]:
    """As they stand; what is owed as its lines say it."""
    told = [n for n in Outbox(world.store).of_restore(restore_id) if (n.channel, n.state == "owed") == (channel, False)]
    return sorted([*told, *world.owed(restore_id, channel)], key=lambda n: n.sequence)


def owed(world: World) -> list[Notice]:
    return world.owed(channel="events")


def deliver(world: World, process: Process) -> DeliveryRound:
    told = DeliveryRound()
    process.notifier.deliver(owed(world), told)
    return told


def until(notice: Notice, world: World) -> float:
    return (notice.due - world.clock.now()).total_seconds()


def answering(world: World, status: int, headers: Mapping[str, str]) -> Process:
    """A process whose channels all answer so."""
    made = world.process()

    def post(message: Message) -> tuple[int, bytes, Mapping[str, str]]:
        world.posts.tried.append(message.url)
        return status, b"", headers

    return Process(made.parts, post)


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


def two_owed(world: World) -> tuple[Notice, Notice]:
    """Two notices of one line, both due."""
    one = running(world, world.process())
    up_to(world, one, Phase.RESTORING)
    for told in notices(world, one):
        if told.state != "owed":
            Outbox(world.store).resend(told, world.clock.now())
    world.posts.told.clear()
    first, second = notices(world, one)
    return first, second


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


def test_a_notice_keeps_all_it_holds_over_its_rows() -> None:
    world = World()
    world.posts.answers[DBA_URL] = [410]
    one = running(world, world.process())
    world.settle(world.process())
    box, late = Outbox(world.store), world.clock.now() + timedelta(hours=1)
    gone = box.with_facts(notices(world, one, "dba")[0])
    assert (gone.state, gone.restore, gone.event, gone.sequence) == ("given up", one, "succeeded", 3)
    assert gone.dead
    assert gone.owed_since < late
    assert gone.read_facts().event_id == gone.event_id == f"{one}.3"
    box.resend(notices(world, one, "dba")[0], late)
    again = notices(world, one, "dba")[0]
    assert (again.state, again.due, again.owed_since, again.attempts) == ("owed", late, late, 0)
    assert (again.answer, again.dead, box.with_facts(again).facts) == ("", "", gone.facts)
    assert len(notices(world, one, "dba")) == 1


def test_what_an_event_says_is_kept_once_for_all_channels_and_not_in_their_rows() -> None:
    world = World()
    one = running(world, world.process())
    world.settle(world.process())
    place = row_keys.partition(one)
    said = [row.key for row in world.store.scan(place, "said-", row_keys.until("said-"))]
    assert said == [row_keys.said(one, sequence) for sequence in (1, 2, 3)]
    told = list(world.store.scan(place, "told-", row_keys.until("told-")))
    assert len(told) == 4
    assert not any("packed" in row.fields or "json0" in row.fields for row in told)


def test_a_notice_that_release_0_1_0_told_is_sent_again_as_it_was() -> None:
    """It kept what a notice says in the notice's own row."""
    world = World()
    one = running(world, world.process())
    world.settle(world.process())
    box, place = Outbox(world.store), row_keys.partition(one)
    told = box.with_facts(notices(world, one)[0])
    old = Change("put", told.key, {**told.fields(), "chunks": 1, "json0": told.facts})
    world.store.commit(place, [old, Change("delete", row_keys.said(one, told.sequence))])
    world.posts.told.clear()
    box.resend(notices(world, one)[0], world.clock.now())
    world.posts.answers[EVENTS_URL] = [503]
    deliver(world, world.process())
    world.clock.advance(60)
    deliver(world, world.process())
    assert world.posts.events(EVENTS_URL) == [told.event_id]


def test_a_routed_event_is_owed_to_each_channel_as_it_was() -> None:
    world = World()
    one = running(world, world.process())
    first, box = notices(world, one)[0], Outbox(world.store)
    unrouted = replace(first, channel=UNROUTED)
    world.store.commit(row_keys.partition(one), unrouted.owed())
    box.route(notices(world, one, UNROUTED)[0], ["a", "b"])
    found = [*notices(world, one, "a"), *notices(world, one, "b")]
    assert [(n.channel, n.event_id, n.due, box.with_facts(n).facts, n.state) for n in found] == [
        (name, first.event_id, first.due, first.facts, "owed") for name in ("a", "b")
    ]


# --- the call itself --------------------------------------------------------------------------------------------
def test_a_message_goes_out_whole_and_its_answer_comes_back() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        request.read()
        seen.append(request)
        return httpx.Response(202, headers={"Retry-After": "3"}, content=b"taken")

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        post = HttpPost(http, lambda scope: f"token-for-{scope}", bounded)
        plain = Message("PATCH", "https://channel.example/a", {"x-one": "1"}, b'{"a":1}')
        status, body, headers = post(plain)
        scoped = Message("POST", "https://channel.example/b", {"authorization": "none"}, b"2", "scope")
        post(scoped)
    assert (status, body, headers["retry-after"]) == (202, b"taken", "3")
    assert (seen[0].method, str(seen[0].url), seen[0].content) == ("PATCH", "https://channel.example/a", b'{"a":1}')
    assert (seen[0].headers["x-one"], "authorization" in seen[0].headers) == ("1", False)
    assert (seen[1].headers["authorization"], scoped.headers) == ("Bearer token-for-scope", {"authorization": "none"})


def test_of_an_answer_the_first_64_kib_are_read() -> None:
    with httpx.Client(
        transport=httpx.MockTransport(lambda request: httpx.Response(200, content=b"x" * 100_000))
    ) as http:
        _, body, _ = HttpPost(http, str, bounded)(Message("GET", "https://channel.example/", {}, b""))
    assert len(body) == 64 * 1024


def test_what_keeps_a_message_from_being_sent_is_trouble_that_names_no_secret() -> None:
    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("https://channel.example/secret")

    def no_token(scope: str) -> str:
        raise RuntimeError("secret")

    with httpx.Client(transport=httpx.MockTransport(down)) as http:
        said = []
        for headers, url, scope in (
            ({}, "https://channel.example/secret", None),
            ({}, "https://channel.example:secret/", None),
            ({"authorization": "sécret"}, "https://channel.example/secret", None),
            ({}, "https://channel.example/secret", "scope"),
        ):
            with pytest.raises(Trouble) as caught:
                HttpPost(http, no_token, bounded)(Message("POST", url, headers, b"", scope))
            said.append(str(caught.value))
    assert not any("secret" in words or "sécret" in words for words in said)
    assert [words.split("(")[0].strip() for words in said] == [
        "the channel was not reached, or did not answer in time",
        "the channel's URL cannot be used",
        "a header of the message cannot be sent: it is not ASCII",
        "no token for scope",
    ]


def test_a_notice_is_due_at_the_very_moment() -> None:
    world = World()
    one = running(world, world.process())
    found = notices(world, one)[0]
    assert found.due == found.owed_since == world.clock.now()
    assert isinstance(found.due, datetime)
    deliver(world, world.process())
    assert world.posts.events(EVENTS_URL) == [f"{one}.1"]
