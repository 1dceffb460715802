"""A story of requests and acts that goes on after each crash, and what must hold at its end."""

import json
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.domain.restore import Phase, Restore
from shared.workflow.operator_acts import Resolution
from tests.kits.breaker import Break, Breaker, Crash
from tests.kits.world import Process, World, body

ROUNDS = 120


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


type Step = Callable[[Story, Process], bool]


def of(story: Story, **wanted: object) -> list[Restore]:
    return [r for r in story.world.restores() if all(getattr(r, name) == value for name, value in wanted.items())]


def ended(key: str) -> Step:
    return lambda story, process: bool(of(story, key=key, closed=True)) and not story.world.live("owed")


def waits(seconds: float) -> Step:
    def step(story: Story, process: Process) -> bool:
        story.world.clock.advance(seconds)
        return True

    return step


def now_of(story: Story) -> datetime:
    return story.world.clock.now()
