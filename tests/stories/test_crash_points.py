"""Every crash point: the world is stopped at the n-th I/O call, for every n, and must come right by itself.

The calls are counted at the seams (table, queue, Azure, channels), so a call that is new tomorrow is tried too.
"""

import json
import logging
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock
from typing import Any

import pytest

from shared.azure.port import Doubt, NotSent
from shared.domain.problems import Trouble
from shared.domain.restore import Phase
from shared.storage.store import Conflict
from shared.workflow.operator_acts import Resolution
from tests.kits.world import Process, World, body

ROUNDS = 120


class Crash(BaseException):
    """The process is gone: nothing of it runs on."""


class Break(StrEnum):
    """What happens at the chosen call."""

    CRASH_BEFORE = "crash before the effect"
    CRASH_AFTER = "crash after the effect, before the answer"
    TROUBLE_BEFORE = "no effect, and an error"
    TROUBLE_AFTER = "the effect, but an error instead of the answer"
    CONFLICT_AFTER = "the effect, but the client's own retry is told of a conflict"


CRASHES = (Break.CRASH_BEFORE, Break.CRASH_AFTER)
TROUBLES = (Break.TROUBLE_BEFORE, Break.TROUBLE_AFTER, Break.CONFLICT_AFTER)


def guarded(name: str, args: Any) -> bool:
    """Whether a call can be told of a conflict: a commit with more in it than puts, which replace whatever is there."""
    return name == "store.commit" and any(change.verb != "put" for change in args[1])


@dataclass
class Breaker:
    """Stands in every seam, counts, and breaks what was planned: number of the call → how."""

    plan: dict[int, Break] = field(default_factory=dict)
    count: int = 0
    dead: bool = False
    names: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, name: str, act: Callable[[], Any], args: Any) -> Any:
        if self.dead:
            raise Crash
        with self._lock:
            self.count += 1
            how = self.plan.get(self.count)
        self.names.append(name)
        if how is None or (how is Break.CONFLICT_AFTER and not guarded(name, args)):
            return act()
        if how in (Break.CRASH_BEFORE, Break.TROUBLE_BEFORE):
            raise self._end(how, name)
        act()
        raise self._end(how, name)

    def _end(self, how: Break, name: str) -> BaseException:
        if how in CRASHES:
            self.dead = True
            return Crash(name)
        if how is Break.CONFLICT_AFTER:
            return Conflict("the row was changed")
        if name == "azure.submit":
            return NotSent("never connected") if how is Break.TROUBLE_BEFORE else Doubt("the answer was lost")
        return Trouble(f"{name} broke")


@dataclass
class Story:
    """Requests by HTTP and by queue, and the platform's rounds, until all is quiet; crashes are followed by a new
    process, the interrupted caller's retry and the message's return."""

    breaker: Breaker
    world: World = field(default_factory=World)
    pending: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    accepted: set[str] = field(default_factory=set)
    messages: int = 0
    persons: bool = True  # somebody resolves what is lost
    kind: type[Process] = Process
    todo: list[Callable[["Story", Process], bool]] = field(default_factory=list)  # acts of people, until each is done

    def run(self) -> "Story":
        process = self._process()
        for _ in range(ROUNDS):
            try:
                self._round(process)
            except Crash:
                self.breaker.dead = False
                process = self._process()
            if not self.pending and not self.todo and self.world.quiet() and not self._resolve():
                break
            self.world.clock.advance(self.world.next_due())
        return self

    def _resolve(self) -> bool:
        """A person looks at what is lost: its job is adopted, or there is none and it is sent anew."""
        lost = [restore for restore in self.world.restores() if restore.phase is Phase.LOST]
        for restore in lost if self.persons else []:
            jobs = [job.id for job in self.world.azure.jobs_by_id.values() if job.restore == restore.id]
            act = Resolution(by="dba", reason="looked at the vault", resolution="resubmit")
            if jobs:
                act = Resolution(by="dba", reason="this is it", resolution="adopt", jobId=jobs[0])
            self.world.process().acts.resolve(restore, act)
        return bool(lost) and self.persons

    def _process(self) -> Process:
        return self.world.process(self.breaker, kind=self.kind)

    def _round(self, process: Process) -> None:
        for key, value in list(self.pending):
            answer = process.post(value, key)
            if answer.status in (200, 202):
                self.accepted.add(json.loads(answer.body)["id"])
                self.pending.remove((key, value))
        self.world.deliver(process)
        try:
            process.tick()
        except Exception:  # noqa: BLE001 - the Functions host takes any error for a failed tick
            logging.getLogger("desk").warning("the sweep's function failed")
        if self.todo:
            with suppress(Exception):  # whoever is told of an error tries again
                if self.todo[0](self, process):
                    self.todo.pop(0)

    def faults(self) -> list[str]:
        restores = self.world.restores()
        undone = [f"an act was never done: {len(self.todo)} left"] if self.todo else []
        missing = [f"never answered: {key}" for key, _ in self.pending]
        wanted = len(self.accepted) + self.messages
        count = [] if len(restores) == wanted else [f"{len(restores)} restores on the books, {wanted} were asked for"]
        return [*undone, *missing, *count, *self.world.faults(self.accepted)]

    def by_http(self, key: str, **more: Any) -> "Story":
        self.pending.append((key, body(**more)))
        return self

    def by_queue(self, text: bytes) -> "Story":
        self.world.put(text)
        self.messages += 1
        return self


def short(plan: dict[int, Break]) -> Story:
    """One restore by HTTP."""
    return Story(Breaker(plan)).by_http("k1")


def whole(plan: dict[int, Break]) -> Story:
    """Two on one instance, one by HTTP and one by queue, a dry run, and a message that nobody can read."""
    story = Story(Breaker(plan)).by_http("k1").by_http("k2", instance="pg-b", dryRun=True)
    return story.by_queue(json.dumps(body()).encode()).by_queue(b"{not json")


@pytest.fixture
def quiet_log() -> Iterator[None]:
    logging.getLogger("desk").setLevel(logging.CRITICAL + 1)
    yield
    logging.getLogger("desk").setLevel(logging.NOTSET)


@pytest.fixture
def tried(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Has the run's closing part say how many points were tried (tests/conftest.py), whatever pytest captures."""
    return lambda text: request.node.user_properties.append(("said", text))


def broken(make: Callable[[dict[int, Break]], Story], plans: list[dict[int, Break]]) -> list[str]:
    """Runs a story under each plan; the violations, each with its plan and the calls that were hit."""
    found = []
    for plan in plans:
        story = make(plan).run()
        hit = [story.breaker.names[n - 1] for n in plan if n <= len(story.breaker.names)]
        shown = ", ".join(f"{n}: {how.value}" for n, how in plan.items())
        found += [f"[{shown}; {hit}] {fault}" for fault in story.faults()]
    return found


def every(make: Callable[[dict[int, Break]], Story], ways: tuple[Break, ...]) -> list[dict[int, Break]]:
    calls = make({}).run().breaker.count
    return [{n: how} for n in range(1, calls + 1) for how in ways]


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
