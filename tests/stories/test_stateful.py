"""Any order of what can happen to a desk, and the same invariants at the end: hypothesis plays the platform."""

import json
import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from shared.azure.port import Doubt, Gone, NotSent
from shared.domain.problems import Ours, Problem, Trouble
from shared.domain.restore import BEFORE_SUBMISSION, Phase, Restore
from shared.storage.shared_state import Pause
from shared.workflow.operator_acts import Act, Resolution
from tests.kits.fakes import Clock
from tests.kits.world import DESK_MODEL, World, body

INSTANCES = st.sampled_from(["pg-a", "pg-b", "pg-far"])
KEYS = st.sampled_from(["k1", "k2", "k3", "k4"])
FAULTS: dict[str, Callable[[], list[BaseException]]] = {
    "submit": lambda: [NotSent("never connected"), NotSent("429", 30.0, True), Doubt("lost before it arrived")],
    "answer": lambda: [Doubt("lost after it arrived")],
    "validate": lambda: [Trouble("503"), Trouble("429", 60.0, 429, True)],
    "operation": lambda: [Trouble("timeout"), Gone("404")],
    "job": lambda: [Trouble("502"), Gone("404")],
    "jobs": lambda: [Trouble("not JSON")],
    "points": lambda: [Trouble("504")],
}
ACT = Act(by="dba", reason="because")


class DeskMachine(RuleBasedStateMachine):
    """The rules are what the world may do; `teardown` lets it come to rest and looks."""

    @initialize(echoes=st.booleans(), late=st.sampled_from([0.0, 300.0, 880.0]))
    def begin(self, echoes: bool, late: float) -> None:
        logging.getLogger("desk").setLevel(logging.CRITICAL + 1)
        self.world = World()
        self.world.azure.echoes, self.world.azure.listed_after = echoes, late
        self.process = self.world.process()
        self.accepted: dict[str, str] = {}
        self.delivered: list[tuple[bytes, str]] = []

    @rule(instance=INSTANCES, key=KEYS, dry=st.booleans())
    def ask(self, instance: str, key: str, dry: bool) -> None:
        answer = self.process.post(body(instance, dryRun=dry), key)
        if answer.status in (200, 202):
            found = json.loads(answer.body)["id"]
            assert self.accepted.setdefault(key, found) == found, "one key, two restores"
        else:
            assert answer.status in (422, 503)

    @rule(instance=INSTANCES)
    def ask_by_queue(self, instance: str) -> None:
        self.world.put(json.dumps(body(instance)).encode())

    @rule()
    def deliver(self) -> None:
        self.delivered += [(m.body, m.id) for m in self.world.queue if m.at <= self.world.clock.elapsed()]
        self.world.deliver(self.process)

    @precondition(lambda self: self.delivered)
    @rule(data=st.data(), poison=st.booleans())
    def redeliver(self, data: st.DataObject, poison: bool) -> None:
        raw, identity = data.draw(st.sampled_from(self.delivered))
        (self.process.queue_in.poison if poison else self.process.queue_in.message)(raw, identity)

    @rule()
    def lose_wakes(self) -> None:
        self.world.queue[:] = [m for m in self.world.queue if b'"wake"' not in m.body]

    @rule(apart=st.sampled_from([0, -240, 240]))
    def sweep(self, apart: int) -> None:
        clock = Clock()
        clock.at = self.world.clock.at + timedelta(seconds=apart)
        self.world.process(clock=clock).sweep.run()

    @rule(seconds=st.sampled_from([5, 60, 400, 1300, 4000]))
    def wait(self, seconds: int) -> None:
        self.world.clock.advance(seconds)

    @rule()
    def restart(self) -> None:
        self.process = self.world.process()

    @rule(data=st.data(), name=st.sampled_from(sorted(FAULTS)))
    def fault(self, data: st.DataObject, name: str) -> None:
        self.world.azure.script.setdefault(name, []).append(data.draw(st.sampled_from(FAULTS[name]())))

    @rule()
    def pause(self) -> None:
        self.process.parts.board.set_paused(Pause("dba", "because", self.world.clock.now()), self.world.clock.now())

    @rule()
    def resume(self) -> None:
        self.process.parts.board.set_paused(None, self.world.clock.now())

    @rule(broken=st.booleans())
    def edit_desk(self, broken: bool) -> None:
        self.world.desk = Ours("desk.toml is not TOML") if broken else DESK_MODEL

    def _some(self, data: st.DataObject) -> Restore | None:
        found = self.world.restores()
        return data.draw(st.sampled_from(found)) if found else None

    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        restore = self._some(data)
        if restore is None:
            return
        if restore.phase in BEFORE_SUBMISSION:
            assert self.process.acts.withdraw(restore, ACT).phase is Phase.WITHDRAWN
        else:
            with pytest.raises(Problem):
                self.process.acts.withdraw(restore, ACT)

    @rule()
    def resolve(self) -> None:
        for restore in self.world.restores():
            if restore.phase is Phase.LOST:
                self._resolve(restore)

    def _resolve(self, restore: Restore) -> None:
        jobs = [job.id for job in self.world.azure.jobs_by_id.values() if job.restore == restore.id]
        values = {"resolution": "adopt", "jobId": jobs[0]} if jobs else {"resolution": "resubmit"}
        self.world.azure.script.pop("job", None)
        self.process.acts.resolve(restore, Resolution.model_validate({"by": "dba", "reason": "seen", **values}))

    @invariant()
    def nothing_is_submitted_twice(self) -> None:
        if hasattr(self, "world"):
            posted = [restore for restore, _ in self.world.azure.posted]
            assert len(posted) == len(set(posted))

    @invariant()
    def one_restore_runs_on_an_instance(self) -> None:
        if hasattr(self, "world"):
            now = self.world.clock.now()
            busy = [job.instance for job in self.world.azure.jobs_by_id.values() if job.ends > now]
            assert len(busy) == len(set(busy))

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        self.world.azure.script.clear()
        self.world.desk = DESK_MODEL
        self.resume()
        self.world.settle(self.process, rounds=200)
        self.resolve()
        self.world.settle(self.process, rounds=200)
        assert self.world.faults(set(self.accepted.values())) == []
        logging.getLogger("desk").setLevel(logging.NOTSET)


DeskMachine.TestCase.settings = settings(
    derandomize=True,
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TestDesk = DeskMachine.TestCase
