"""A channel that fails now and then loses the turn of one message; one that wants rest is left alone for the round."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.problems import Ours, Trouble
from shared.notices.delivery_round import FAILS_IN_A_ROW, DeliveryRound
from shared.notices.messages import Delivered, Message, Stop, TryAgain
from shared.notices.outbox import Outbox
from tests.kits.desk_kit import DESK_MODEL
from tests.kits.fakes import START
from tests.kits.world import EVENTS_URL, World, running
from tests.unit.notices.delivery_kit import a_notice, notifier


@pytest.mark.parametrize(("failing", "posts"), [(1, 5), (2, 5), (9, 3)])
def test_a_channel_that_fails_now_and_then_gets_the_other_messages(failing: int, posts: int) -> None:
    world = World()
    ids = [running(world, world.process(), key=f"k{n}", dryRun=True) for n in range(5)]
    world.posts.answers[EVENTS_URL] = [500] * failing
    tried = len(world.posts.tried)
    world.process().sweep.run()
    assert world.posts.tried[tried:].count(EVENTS_URL) == posts
    world.settle(world.process(), 200)
    assert world.faults(set(ids)) == []


@pytest.mark.parametrize("answer", [429, Trouble("not reached")])
def test_a_channel_that_wants_rest_or_is_not_reached_is_left_alone_for_the_round(answer: int | Trouble) -> None:
    world = World()
    for n in range(5):
        running(world, world.process(), key=f"k{n}", dryRun=True)
    world.posts.answers[EVENTS_URL] = [answer]
    world.process().sweep.run()
    assert world.posts.tried.count(EVENTS_URL) == 1


@pytest.mark.parametrize(
    ("error", "rest"), [(Trouble("not reached"), True), (Ours("no secret"), True), (KeyError("bug"), False)]
)
def test_what_goes_wrong_with_a_call_postpones_it(error: Exception, rest: bool) -> None:
    made, _ = notifier(DESK_MODEL.channels["events"], error)
    found = made.tell("events", DESK_MODEL.channels["events"], replace(a_notice(), channel="events"))
    assert isinstance(found, TryAgain)
    assert found.rest is rest


# --- rounds -----------------------------------------------------------------------------------------------------------
def test_a_channel_rests_when_it_wants_to_or_fails_three_times_in_a_row() -> None:
    told = DeliveryRound()
    for _ in range(FAILS_IN_A_ROW - 1):
        told.answered("a", TryAgain("no"))
    assert not told.resting("a", "webhook")
    told.answered("a", Delivered())
    for _ in range(FAILS_IN_A_ROW - 1):
        told.answered("a", TryAgain("no"))
    assert not told.resting("a", "webhook")
    told.answered("a", Stop("never"))
    told.answered("a", TryAgain("no"))
    assert not told.resting("a", "webhook")
    for answer in (TryAgain("no", rest=True), TryAgain("no", 0.0)):
        other = DeliveryRound()
        other.answered("b", answer)
        assert other.resting("b", "webhook")
    assert not told.resting("b", "webhook")
    told.sent["s"] = 9
    assert not told.resting("s", "slack")
    told.sent["s"] = 10
    assert told.resting("s", "slack")


@pytest.mark.parametrize(
    ("attempts", "jitter", "seconds"),
    [(1, 0.5, 5), (2, 0.5, 300), (9, 0.5, 86400), (10, 0.5, 86400), (1, 0, 4.5), (1, 1, 5.5)],
)
def test_a_notice_waits_longer_each_time(attempts: int, jitter: float, seconds: float) -> None:
    made, _ = notifier(DESK_MODEL.channels["events"])
    assert replace(made, jitter=lambda: jitter)._wait(attempts) == pytest.approx(seconds)


def test_a_notice_is_given_up_after_its_tenth_attempt() -> None:
    world = World()
    world.posts.answers[EVENTS_URL] = [500] * 10
    one = running(world, world.process(), dryRun=True)
    tries = []
    for _ in range(60):
        world.process().sweep.run()
        (first, *_rest) = [n for n in Outbox(world.store).of_restore(one) if n.channel == "events"]
        tries.append((first.attempts, first.state))
        world.clock.advance(8 * 3600)
    assert tries[-1] == (10, "given up")
    assert (9, "owed") in tries


def test_a_channel_that_asks_for_more_time_gets_it() -> None:
    for seconds, wait in ((2.0, 5), (100_000.0, 86400)):
        world = World()
        one = running(world, world.process(), dryRun=True)
        heads = {"retry-after": str(seconds)}

        def post(message: Message, heads: dict[str, str] = heads) -> Any:
            return 429, b"", heads

        process = world.process()
        process.posts = post
        process.sweep.run()
        (notice,) = [n for n in Outbox(world.store).of_restore(one) if n.channel == "events" and n.sequence == 1]
        assert notice.due == START + timedelta(seconds=wait)
