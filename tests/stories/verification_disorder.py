"""Random orders of what can happen to a verification: crashes, lost loads, late or forged answers, people's acts."""

import random
from typing import Any

from loader.messages import Load, answered, started
from loader.verdict import Level
from shared.config.desk_file import Desk, parse_desk
from shared.domain.problems import Ours
from shared.domain.values import utc
from shared.domain.verification import Verification
from shared.notices.outbox import Outbox
from tests.kits.aftercare_kit import KEEP_HOURS, act, row_of
from tests.kits.breaker import Break, Breaker
from tests.kits.desk_kit import Process
from tests.kits.loads import failed, passed, unsure, with_nonce
from tests.kits.verification_kit import ASKED, delivered, verification, verifying_world
from tests.stories.verification_faults import ENDED, EVENT, ROUNDS, common_faults, crashing


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
        return Breaker({self.dice.randint(1, 12): self.dice.choice(list(Break))})

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


def orders(seeds: range, steps: int = 30) -> list[str]:
    """The violations of random orders."""
    return [f"[seed {seed}] {fault}" for seed in seeds for fault in Disorder(seed).run(steps)]
