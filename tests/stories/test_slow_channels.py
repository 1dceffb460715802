"""A channel that does not answer: restores end, other channels get theirs, and it is not posted to again meanwhile."""

import threading
from collections.abc import Mapping
from typing import Any

import pytest

from shared.domain.restore import Phase
from shared.notices.messages import Message
from shared.sweep.lanes import LANES
from shared.sweep.sweep import Sweep
from shared.telemetry import Pool, about
from tests.kits.desk_kit import AtOnce
from tests.kits.fakes import Posts
from tests.kits.stories import now_is
from tests.kits.world import DBA_URL, EVENTS_URL, World, faster, running


def test_while_a_channel_holds_a_post_restores_end_and_the_others_hear_of_it() -> None:
    world, held, let_go = World(), threading.Event(), threading.Event()
    faster(world, delivery_wait=0.2)

    class Holding(Posts):
        def __call__(self, message: Message) -> tuple[int, bytes, Mapping[str, str]]:
            if message.url == EVENTS_URL:
                held.set()
                let_go.wait(60)
            return super().__call__(message)

    world.posts = Holding()
    one = running(world, world.process())
    process = world.process()
    with Pool(LANES) as lanes:
        sweep = Sweep(process.parts, process.workflow, process.notifier, 1, lanes)
        for _ in range(40):
            sweep.run()
            if now_is(world, one).closed:
                break
            world.clock.advance(world.next_due())
        sweep.run()
        assert held.is_set()
        assert not let_go.is_set()
        assert now_is(world, one).phase is Phase.SUCCEEDED
        assert world.posts.events(DBA_URL) == [f"{one}.3"], "the other channel has its notice"
        assert world.posts.tried.count(EVENTS_URL) == 0, "one post is held; no second one is begun"
        let_go.set()
    world.settle(world.process())
    assert world.posts.events(EVENTS_URL) == [f"{one}.{n}" for n in (1, 2, 3)]
    assert world.faults({one}) == []


def test_an_attempt_is_on_the_books_before_its_call() -> None:
    world = World()
    one = running(world, world.process())
    seen: list[Any] = []

    class Looking(Posts):
        def __call__(self, message: Message) -> tuple[int, bytes, Mapping[str, str]]:
            seen.extend(world.owed(one, "events"))
            return super().__call__(message)

    world.posts = Looking()
    world.process().sweep.run()
    assert [(n.attempts, n.state, n.due > world.clock.now()) for n in seen] == [(1, "owed", True)]
    assert "nothing more was heard" in seen[0].answer


@pytest.mark.parametrize("error", [KeyError("x"), UnicodeEncodeError("ascii", "é", 0, 1, "no"), RecursionError()])
def test_any_error_of_one_post_postpones_that_notice_alone(error: Exception) -> None:
    world = World()

    class Breaking(Posts):
        def __call__(self, message: Message) -> tuple[int, bytes, Mapping[str, str]]:
            if message.url == EVENTS_URL and len(self.told) == 0:
                self.told.append(("", ""))
                raise error
            return super().__call__(message)

    world.posts = Breaking()
    one = running(world, world.process())
    two = running(world, world.process(), "pg-far", key="other", dryRun=True)
    world.settle(world.process())
    assert set(world.posts.events(DBA_URL)) == {f"{one}.3"}
    assert set(world.posts.events(EVENTS_URL)) == {f"{one}.{n}" for n in (1, 2, 3)} | {f"{two}.1", f"{two}.2"}


def test_every_pool_works_in_its_callers_context() -> None:
    with Pool(2) as pool, about("a-restore"):
        from shared.telemetry import _about

        assert pool.submit(_about.get).result() == "a-restore"
        assert list(pool.map(lambda _: _about.get(), range(3))) == ["a-restore"] * 3
    assert AtOnce().submit(len, "abc").result() == 3
