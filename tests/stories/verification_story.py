"""A verification disturbed at any call of desk and loader, and random orders of all that can happen to one; what must
hold at the end. Many of them: `python -m tests.stories.verification_story --pairs 3000 --seeds 3000`."""

import argparse
import itertools
import logging
import random
import sys
from collections.abc import Iterator

from shared.notices.outbox import Outbox
from tests.kits.breaker import Break, Breaker
from tests.kits.verification_kit import delivered, verification, verifying_world
from tests.kits.world import World
from tests.stories.verification_disorder import orders
from tests.stories.verification_faults import ENDED, ROUNDS, common_faults, crashing


def play(plan: dict[int, Break]) -> tuple[World, str, Breaker]:
    """One verification to its end, with desk and loader behind one breaker."""
    world, breaker = verifying_world(), Breaker(plan)
    one = delivered(world)
    for _ in range(ROUNDS):
        process = world.process(breaker)
        crashing(breaker, process.verify.run)
        crashing(breaker, lambda: world.loads.work(breaker))
        crashing(breaker, lambda process=process: world.loads.deliver(process.verdicts))  # type: ignore[misc]
        crashing(breaker, process.sweep.run)
        if verification(world, one).state in ENDED and not world.loads.loads and not world.loads.verdicts:
            break
        world.clock.advance(130)
        world.clock.advance(world.pace.verify_look if not world.loads.loads else 0)
    world.settle(world.process())
    return world, one, breaker


def faults_of(world: World, one: str) -> list[str]:
    """What does not hold at the end; an undisturbed loader passes."""
    row, found = verification(world, one), world.faults()
    if row.state != "passed":
        found.append(f"it ended {row.state}: {row.why}")
    told = [n.event for n in Outbox(world.store).of_restore(one) if n.channel == "events"]
    if told.count("verified") != 1:
        found.append(f"told {told}")
    return found + common_faults(world, one, row)


def singles() -> Iterator[dict[int, Break]]:
    """Every call of the undisturbed story, broken in each way."""
    calls = play({})[2].count
    return ({n: how} for n in range(1, calls + 1) for how in Break)


def pairs(count: int) -> Iterator[dict[int, Break]]:
    dice, calls = random.Random(20261126), play({})[2].count  # noqa: S311 - a fixed seed
    for _ in range(count):
        yield {n: dice.choice(list(Break)) for n in dice.sample(range(1, calls * 2), 2)}


def broken(plans: Iterator[dict[int, Break]]) -> tuple[int, list[str]]:
    """How many plans were tried, and the violations."""
    count, found = 0, []
    for plan in plans:
        world, one, breaker = play(plan)
        hit = [breaker.names[n - 1] for n in plan if n <= len(breaker.names)]
        found += [f"[{plan} {hit}] {fault}" for fault in faults_of(world, one)]
        count += 1
    return count, found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=3000)
    parser.add_argument("--seeds", type=int, default=3000)
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    alone, found = broken(singles())
    both, more = broken(pairs(given.pairs))
    found += [*more, *orders(range(given.seeds))]
    print(f"{alone} calls broken alone, {both} pairs, {given.seeds} random orders: {len(found)} violations")
    print(*itertools.islice(found, 20), sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
