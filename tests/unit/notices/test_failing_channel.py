"""A channel that fails now and then loses the turn of one message; one that wants rest is left alone for the round."""

import pytest

from shared.domain.problems import Trouble
from tests.kits.world import EVENTS_URL, World, running


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
