"""The making and the deletion of a container, broken at each call; two sweeps at once delete it once."""

from collections.abc import Callable
from functools import partial

import pytest

from shared.domain.problems import Trouble
from shared.domain.restore import Phase
from tests.kits.aftercare_kit import KEEP_HOURS, asked, delivered, hours, names, row_of, vaulted_world
from tests.kits.breaker import CRASHES, Break, Breaker, Crash, at_call
from tests.kits.stories import up_to

BREAKS = (*CRASHES, Break.TROUBLE_BEFORE, Break.TROUBLE_AFTER)


@pytest.mark.parametrize("how", BREAKS)
def test_every_call_of_the_clean_up_broken(how: Break) -> None:
    """Nothing is deleted early, nothing is left for ever, whichever call breaks."""
    for point in range(1, 60):
        world = vaulted_world()
        one = delivered(world)
        hours(world, KEEP_HOURS - 1)
        breaker = Breaker({point: how})
        process = world.process(breaker)
        for _ in range(2):
            _crashing(process.cleanup.run)
            if world.clock.elapsed() < KEEP_HOURS * 3600:
                assert names(world) == [f"rd-{one}-1"]
            hours(world, 2)
        for _ in range(3):
            world.process().cleanup.run()
            hours(world, 1)
        assert (names(world), row_of(world, one).state) == ([], "gone"), (point, how, breaker.names)
        if breaker.count < point:
            return
    raise AssertionError("more calls than were tried")


@pytest.mark.parametrize("how", BREAKS)
def test_every_call_of_the_making_broken(how: Break) -> None:
    for point in range(1, 200):
        world = vaulted_world()
        one = asked(world)
        breaker = Breaker({point: how})
        process = world.process(breaker)
        for _ in range(6):
            _crashing(partial(world.deliver, process))
            _crashing(process.sweep.run)
            world.clock.advance(world.next_due())
        up_to(world, one, Phase.SUCCEEDED)
        assert len(world.azure.posted) == 1, (point, how)
        plan = world.azure.bodies[0].plan
        assert plan is not None
        assert [plan.container] == [f"https://drillstore.blob.core.windows.net/{name}" for name in names(world)], point
        if breaker.count < point:
            return
    raise AssertionError("more calls than were tried")


def _crashing(go: Callable[[], object]) -> None:
    try:
        go()
    except (Crash, Trouble):
        return


def two_sweeps(point: int) -> tuple[int, list[int], int]:
    world, other = vaulted_world(), list[int]()
    delivered(world)
    hours(world, KEEP_HOURS + 1)
    between = at_call(point, lambda: other.append(world.process().cleanup.run()))
    first = world.process(between).cleanup.run()
    return first, other, world.azure.count("delete_container")


def test_two_sweeps_at_once_delete_once() -> None:
    for point in range(1, 40):
        first, other, deletes = two_sweeps(point)
        if not other:
            assert point > 5
            return
        assert (first + other[0], deletes) == (1, 1), point
    raise AssertionError("the clean-up makes more calls than were tried")
