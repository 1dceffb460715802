"""Every crash point: the world is stopped at the n-th I/O call, for every n, and must come right by itself.

The calls are counted at the seams (table, queue, Azure, channels), so a call that is new tomorrow is tried too.
"""

import random
from collections.abc import Callable

import pytest

from shared.domain.restore import Phase
from tests.kits.breaker import CRASHES, TROUBLES, Break
from tests.kits.crash_story import Story, broken, every, short, whole


def test_the_undisturbed_stories_end_well() -> None:
    for make in (short, whole):
        story = make({}).run()
        assert story.faults() == []
        assert {r.phase for r in story.world.restores()} <= {Phase.SUCCEEDED, Phase.CHECKED, Phase.REFUSED}


@pytest.mark.parametrize(("make", "ways"), [(whole, CRASHES), (short, TROUBLES)], ids=["crashes", "errors"])
def test_every_call_broken_alone(
    make: Callable[[dict[int, Break]], Story],
    ways: tuple[Break, ...],
    quiet_log: None,
    tried: Callable[[str], None],
) -> None:
    plans = every(make, ways)
    found = broken(make, plans)
    tried(f"{len(plans)} tried alone ({make.__name__}: {', '.join(ways)}), {len(found)} violations")
    assert found == []


def test_pairs_of_calls_broken(quiet_log: None, tried: Callable[[str], None]) -> None:
    calls, dice = short({}).run().breaker.count, random.Random(20261001)  # noqa: S311 - a fixed seed
    plans = [{n: dice.choice(list(Break)) for n in dice.sample(range(1, calls * 2), 2)} for _ in range(150)]
    found = broken(short, plans)
    tried(f"{len(plans)} pairs tried (sampled, fixed seed), {len(found)} violations")
    assert found == []


def test_a_vault_that_does_not_echo_ids_parks_what_is_in_doubt_and_never_submits_twice(quiet_log: None) -> None:
    def silent(plan: dict[int, Break]) -> Story:
        story = short(plan)
        story.world.azure.echoes = False
        return story

    names = silent({}).run().breaker.names
    submits = [n for n, name in enumerate(names, 1) if name == "azure.submit"]
    plans = [{n + shift: how} for n in submits for shift in (-1, 0, 1) for how in (*CRASHES, *TROUBLES)]
    assert broken(silent, plans) == []
    alone = silent({submits[0]: Break.CRASH_AFTER})
    alone.persons = False
    parked = alone.run().world.restores()[0]
    assert parked.phase is Phase.LOST
    assert "may be its own" in (parked.trouble or "")


def test_a_job_that_is_listed_late_is_found_within_the_grace(quiet_log: None) -> None:
    def late(plan: dict[int, Break]) -> Story:
        story = short(plan)
        story.world.azure.listed_after = 800.0
        return story

    names = late({}).run().breaker.names
    submit = names.index("azure.submit") + 1
    story = late({submit: Break.CRASH_AFTER}).run()
    assert story.faults() == []
    assert [r.phase for r in story.world.restores()] == [Phase.SUCCEEDED]
