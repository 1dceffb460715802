"""A verification disturbed at any call of desk and loader, and random orders of all that can happen to one; what must
hold at the end. Many of them: `python -m tests.stories.verification_story --pairs 3000 --seeds 3000`."""

import argparse
import itertools
import json
import logging
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from loader.messages import Load, answered, started
from loader.verdict import Level
from shared.config.desk_file import Desk, parse_desk
from shared.domain.problems import Ours, Trouble
from shared.domain.restore import Phase
from shared.domain.values import utc
from shared.domain.verification import Verification
from shared.notices.outbox import Outbox
from shared.storage.store import Conflict
from tests.kits.aftercare_kit import KEEP_HOURS, act, row_of
from tests.kits.desk_kit import Process
from tests.kits.loads import failed, passed, unsure, with_nonce
from tests.kits.stories import now_is
from tests.kits.verification_kit import ASKED, delivered, verification, verifying_world
from tests.kits.world import World

ROUNDS = 60
BREAKS = ("crash before", "crash after", "trouble before", "trouble after", "conflict after")
ENDED = {"passed", "failed", "inconclusive", "lost"}
EVENT = {"passed": "verified", "failed": "verificationFailed"}


class Crash(BaseException):
    """The process is gone: nothing of it runs on."""


@dataclass
class Breaker:
    """Stands before every call of one process, and breaks the planned ones."""

    plan: dict[int, str]
    count: int = 0
    dead: bool = False
    names: list[str] = field(default_factory=list)

    def __call__(self, name: str, go: Callable[[], Any], args: Any) -> Any:
        if self.dead:
            raise Crash
        self.count += 1
        self.names.append(name)
        how = self.plan.get(self.count, "")
        if not how or (how == "conflict after" and name != "store.commit"):
            return go()
        if how.endswith("after"):
            go()
        if how.startswith("crash"):
            self.dead = True
            raise Crash(name)
        raise Conflict("told so") if how.startswith("conflict") else Trouble(f"{name} broke")


def crashing(breaker: Breaker | None, go: Callable[[], object]) -> None:
    """A round of a process; one that is gone is started anew by the next round."""
    with suppress(Crash, Trouble, Conflict, ConnectionError):
        go()
    if breaker:
        breaker.dead = False


def play(plan: dict[int, str]) -> tuple[World, str, Breaker]:
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


def common_faults(world: World, one: str, row: Verification) -> list[str]:
    """What must hold whatever happened."""
    found = []
    loads = [load for load in world.loads.sent if load.verification == one]
    for number in {load.number for load in loads}:
        of_number = {load.model_dump_json() for load in loads if load.number == number}
        if len(of_number) != 1:
            found.append(f"number {number} was sent with {len(of_number)} different contents")
    nonces = {load.nonce: load.number for load in loads}
    if len(nonces) != len({load.number for load in loads}):
        found.append("two numbers have one nonce, or one number has two")
    if sum(load.number == row.number for load in loads) > 3:
        found.append("sent more than three times")
    said = _said(world, one, row)
    if row.state in EVENT and row.state not in said:
        found.append(f"it is {row.state}, and no loader said so of number {row.number}")
    if {"passed", "failed"} & said and row.state not in EVENT:
        found.append(f"a loader said {said}, and it is {row.state}")
    if now_is(world, one).phase is not Phase.SUCCEEDED:
        found.append("the restore itself was changed")
    if any(r.text("restore") == one for r in world.live("turn")):
        found.append("it holds a turn")
    return found


def _said(world: World, one: str, row: Verification) -> set[str]:
    """The verdicts that loaders gave of the row's number, under its nonce."""
    answers = [json.loads(text) for text in world.loads.said]
    own = [a for a in answers if (a["verification"], a["number"], a["nonce"]) == (one, row.number, row.nonce)]
    return {a["result"]["verdict"] for a in own if a.get("result")}


# --- any order of what can happen ---------------------------------------------------------------------------------
class Disorder:
    """One world and what may happen to it; each rule is a method that begins with `do_`."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - a fixed seed
        self.text = ASKED if seed % 2 else ASKED.replace('databases = ["shop"]\n', "")
        self.world = verifying_world(self.text)
        self.ones = [delivered(self.world, f"k{n}") for n in range(2)]
        self.rules = sorted(name for name in dir(self) if name.startswith("do_"))
        self.log: list[str] = []

    def run(self, steps: int) -> list[str]:
        for _ in range(steps):
            name = self.dice.choice(self.rules)
            self.log.append(name)
            getattr(self, name)()
        self._rest()
        return self._faults()

    def _breaker(self) -> Breaker | None:
        if self.dice.random() < 0.5:
            return None
        return Breaker({self.dice.randint(1, 12): self.dice.choice(BREAKS)})

    def _process(self, breaker: Breaker | None) -> Process:
        return self.world.process(breaker) if breaker else self.world.process()

    def do_sweep(self) -> None:
        breaker = self._breaker()
        process = self._process(breaker)
        crashing(breaker, process.verify.run)

    def do_notices(self) -> None:
        breaker = self._breaker()
        crashing(breaker, self._process(breaker).sweep.run)

    def do_load(self) -> None:
        one = self.dice.choice(self.ones)
        self.world.loads.found[one] = self.dice.choice([passed, passed, failed, unsure])
        breaker = self._breaker()
        crashing(breaker, lambda: self.world.loads.work(breaker))

    def do_answers(self) -> None:
        breaker = self._breaker()
        process = self._process(breaker)
        crashing(breaker, lambda: self.world.loads.deliver(process.verdicts))

    def do_again_an_old_answer(self) -> None:
        if self.world.loads.said:
            self.world.loads.put_back(self.dice.choice(self.world.loads.said), 0)

    def do_forge(self) -> None:
        load = self._some_load()
        if load is None:
            return
        text = answered(load, self.dice.choice([passed, failed, unsure])(Level(load.level)).as_json())
        forged = self.dice.choice(
            [
                with_nonce(text, "f" * 43),
                with_nonce(text, load.nonce, number=load.number + 1),
                with_nonce(text, load.nonce, verification=next(o for o in self.ones if o != load.verification)),
                with_nonce(started(load), "f" * 43),
                text[: len(text) // 2],
                "x" * 60_000,
            ]
        )
        self.world.loads.put_back(forged, 0)

    def _some_load(self) -> Load | None:
        return self.dice.choice(self.world.loads.sent) if self.world.loads.sent else None

    def do_lose_a_load(self) -> None:
        if self.world.loads.loads and self.dice.random() < 0.3:
            self.world.loads.loads.pop(self.dice.randrange(len(self.world.loads.loads)))

    def do_ask(self) -> None:
        value: dict[str, Any] = {"level": self.dice.choice(["listed", "decoded", "loaded"])}
        breaker = self._breaker()
        crashing(breaker, lambda: act(self._process(breaker), self.dice.choice(self.ones), "verify", **value))

    def do_keep(self) -> None:
        crashing(None, lambda: act(self.world.process(), self.dice.choice(self.ones), "keep", hours=KEEP_HOURS))

    def do_change_desk_toml(self) -> None:
        text = self.dice.choice(
            [self.text, self.text.replace('["shop"]', '["other"]'), self.text.replace("select true", "select false")]
        )
        broken: Desk | Ours = Ours("broken")
        self.world.desk = broken if self.dice.random() < 1 / 3 else parse_desk(text)

    def do_wait(self) -> None:
        self.world.clock.advance(self.dice.choice([30, 130, 1800, 1800, 7200]))

    def do_clean(self) -> None:
        breaker = self._breaker()
        crashing(breaker, self._process(breaker).cleanup.run)
        for one in self.ones:
            row, now = row_of(self.world, one), self.world.clock.now()
            if row.state != "kept" and now < utc(row.until):
                raise AssertionError(f"{one} was cleaned before its time")

    def _rest(self) -> None:
        """All is well again: desk.toml, loader, queues."""
        self.world.desk = parse_desk(self.text)
        for one in self.ones:
            self.world.loads.found[one] = passed
        for _ in range(ROUNDS):
            process = self.world.process()
            process.verify.run()
            while self.world.loads.work():
                pass
            self.world.loads.deliver(process.verdicts)
            if all(verification(self.world, one).state in ENDED for one in self.ones) and not self.world.loads.verdicts:
                break
            self.world.clock.advance(self.world.pace.verify_look + 130)
        self.world.settle(self.world.process())

    def _faults(self) -> list[str]:
        found = self.world.faults()
        for one in self.ones:
            row = verification(self.world, one)
            if row.state not in ENDED:
                found.append(f"{one} is {row.state} for ever")
            found += common_faults(self.world, one, row) + self._told(one, row)
            if any(line.text("restore") == one for line in self.world.store.scan(f"v-{one[:8]}", "verify-", "verify.")):
                found.append(f"{one} has ended and is still in the index")
        return found

    def _told(self, one: str, row: Verification) -> list[str]:
        """Each ended number was told, and the last event is how it ended."""
        told = [n.event for n in Outbox(self.world.store).of_restore(one) if n.channel == "events"]
        verdicts = [event for event in told if event.startswith("verif")]
        last = EVENT.get(row.state, "verificationInconclusive")
        found = [] if verdicts[-1:] == [last] else [f"{one} is {row.state}, and the last event is {verdicts[-1:]}"]
        if len(verdicts) < row.number:
            found.append(f"{one}: {row.number} numbers, told {verdicts}")
        return found


def singles() -> Iterator[dict[int, str]]:
    """Every call of the undisturbed story, broken in each way."""
    calls = play({})[2].count
    return ({n: how} for n in range(1, calls + 1) for how in BREAKS)


def pairs(count: int) -> Iterator[dict[int, str]]:
    dice, calls = random.Random(20261126), play({})[2].count  # noqa: S311 - a fixed seed
    for _ in range(count):
        yield {n: dice.choice(BREAKS) for n in dice.sample(range(1, calls * 2), 2)}


def broken(plans: Iterator[dict[int, str]]) -> tuple[int, list[str]]:
    """How many plans were tried, and the violations."""
    count, found = 0, []
    for plan in plans:
        world, one, breaker = play(plan)
        hit = [breaker.names[n - 1] for n in plan if n <= len(breaker.names)]
        found += [f"[{plan} {hit}] {fault}" for fault in faults_of(world, one)]
        count += 1
    return count, found


def orders(seeds: range, steps: int = 30) -> list[str]:
    """The violations of random orders."""
    return [f"[seed {seed}] {fault}" for seed in seeds for fault in Disorder(seed).run(steps)]


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
