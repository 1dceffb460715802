"""Each alert fires on what it is for, and on nothing else: its own query, run over the lines that the app logs."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from local.alerts.kusto import Row, run
from local.alerts.rules import ALERTS, SILENCE, WINDOW, fired
from shared.azure.port import Doubt
from shared.config.desk_file import Desk
from shared.domain.problems import Ours, Trouble
from shared.domain.restore import Phase
from shared.storage import row_keys
from shared.storage.wake_queue import QueueState
from shared.sweep.points_look import PointsLook
from shared.sweep.retention import Retention
from shared.sweep.timer import Upkeep
from shared.telemetry import tell
from shared.workflow.operator_acts import Resolution
from tests.kits.kusto import of_docs
from tests.kits.stories import up_to
from tests.kits.world import DBA_URL, EVENTS_URL, World, faster, running

type Call = Callable[[str, Callable[[], Any], Any], Any]


class Lines(logging.Handler):
    """Takes the desk's lines as rows of the table `traces`."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self._now = now

    def emit(self, record: logging.LogRecord) -> None:
        row = {"message": record.getMessage(), "severityLevel": 1, "operation_Id": "1"}
        self.rows.append({"timestamp": self._now().isoformat(), **row})


@dataclass
class Story:
    """A desk whose timer runs, and the lines it logs."""

    lines: Lines
    world: World
    queues: QueueState = field(default_factory=lambda: QueueState(0, 0.0, 0))
    call: Call | None = None  # stands in the way of each call of storage and Azure

    def tick(self) -> None:
        process = self.world.process(self.call)
        parts = process.parts
        retention = Retention(parts.ledger, parts.outbox, 0)
        self.world.deliver(process)
        Upkeep(process.sweep, parts.board, retention, PointsLook(parts), lambda: self.queues, parts.now).run()

    def ticks(self, rounds: int, seconds: float = 60) -> None:
        for _ in range(rounds):
            self.tick()
            self.world.clock.advance(seconds)

    def fired(self) -> set[str]:
        found = {one.name for one in ALERTS.values() if bool(run(one.query, self.lines.rows)) is not one.few}
        self.lines.rows.clear()
        return found


@pytest.fixture
def story() -> Iterator[Story]:
    world = World()
    lines, log = Lines(world.clock.now), logging.getLogger("desk")
    log.addHandler(lines)
    log.setLevel(logging.INFO)
    yield Story(lines, world)
    log.removeHandler(lines)
    log.setLevel(logging.NOTSET)


def lost(story: Story) -> None:
    story.world.azure.echoes = False
    story.world.azure.script["answer"] = [Doubt("reset")]
    up_to(story.world, running(story.world, story.world.process()), Phase.LOST)
    story.lines.rows.clear()
    story.tick()


def overdue(story: Story) -> None:
    faster(story.world, overdue=3600)
    story.world.azure.job_seconds = 1e6
    running(story.world, story.world.process())
    story.ticks(90, 120)
    story.lines.rows[:-40] = []


def outbox_late(story: Story) -> None:
    story.world.posts.answers[EVENTS_URL] = [503] * 1000
    running(story.world, story.world.process())
    story.ticks(40)


def given_up(story: Story) -> None:
    story.world.posts.answers[DBA_URL] = [404] * 1000
    running(story.world, story.world.process())
    story.ticks(30)


def poison(story: Story) -> None:
    story.queues = QueueState(1, 5.0, 2)
    story.tick()


def poison_taken(story: Story) -> None:
    story.world.process().queue_in.poison(b"{", "m1")
    story.tick()


def queue_late(story: Story) -> None:
    story.queues = QueueState(7, 700.0, 0)
    story.tick()


def no_token(story: Story) -> None:
    tell("token", logging.ERROR, scope="https://management.azure.com/.default", why="ClientAuthenticationError")
    story.tick()


def sweep_fault(story: Story) -> None:
    story.world.azure.script["vault"] = [ValueError("a bug of ours")] * 5
    running(story.world, story.world.process())
    story.ticks(3)


def silence(story: Story) -> None:
    running(story.world, story.world.process())


CASES: list[tuple[Callable[[Story], None], set[str]]] = [
    (lost, {"restore-lost"}),
    (overdue, {"restore-overdue"}),
    (outbox_late, {"outbox-late"}),
    (given_up, {"notice-given-up"}),
    (poison, {"poison-queue"}),
    (poison_taken, {"poison-queue"}),
    (queue_late, {"queue-late"}),
    (no_token, {"token-failing"}),
    (sweep_fault, {"sweep-faults"}),
    (silence, {SILENCE}),
]


@pytest.mark.parametrize(("cause", "alerts"), CASES, ids=lambda value: getattr(value, "__name__", ""))
def test_an_alert_fires_on_what_it_is_for_and_on_nothing_else(
    cause: Callable[[Story], None], alerts: set[str], story: Story
) -> None:
    cause(story)
    assert story.fired() == alerts


def test_every_alert_has_a_cause_here() -> None:
    assert set().union(*(alerts for _, alerts in CASES)) == set(ALERTS)


def test_a_healthy_day_fires_none(story: Story) -> None:
    for number in range(6):
        running(story.world, story.world.process(), key=f"k{number}")
        story.ticks(8)
    assert story.fired() == set()


def unreachable(name: str, act: Callable[[], Any], args: Any) -> Any:
    """Azure answers nothing."""
    if name.startswith("azure."):
        raise Trouble("Azure does not answer")
    return act()


def buggy(name: str, act: Callable[[], Any], args: Any) -> Any:
    """Whatever Azure answers is a surprise."""
    if name.startswith("azure."):
        raise ValueError("a bug of ours")
    return act()


def half_read(name: str, act: Callable[[], Any], args: Any) -> Any:
    """What a vault owes cannot be read."""
    if row_keys.OWED in args:
        raise Trouble("storage does not answer")
    return act()


def states(story: Story, hours: int) -> Iterator[set[str]]:
    """What fires in each window of so many hours, looked at as often as the rules are; each hour brings one."""
    for number in range(hours * 12):
        if number % 12 == 0 and isinstance(story.world.desk, Desk):
            running(story.world, story.world.process(), "pg-b", key=f"hour-{number}-{story.world.clock.elapsed()}")
        story.ticks(3, 100)
        now = story.world.clock.now()
        yield fired(story.lines.rows, now - timedelta(seconds=WINDOW), now)


@pytest.mark.parametrize("call", [None, unreachable, buggy, half_read], ids=lambda call: call and call.__name__)
@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize(("cause", "alert"), [(lost, "restore-lost"), (overdue, "restore-overdue")])
def test_an_alert_is_not_resolved_while_its_state_lasts(
    cause: Callable[[Story], None], alert: str, broken: bool, call: Call | None, story: Story
) -> None:
    """Whatever else goes wrong meanwhile: "resolved" is said of a rule that finds no row in its window."""
    cause(story)
    story.call, story.world.desk = call, Ours("desk.toml cannot be read") if broken else story.world.desk
    story.ticks(15)
    assert [alert in found for found in states(story, 2)] == [True] * 24


def test_an_alert_about_a_state_is_resolved_when_the_state_ends(story: Story) -> None:
    lost(story)
    (restore,) = [one for one in story.world.restores() if one.phase is Phase.LOST]
    assert all("restore-lost" in found for found in states(story, 1))
    story.world.process().acts.resolve(restore, Resolution(by="a", reason="b", resolution="close"))
    story.ticks(15)
    assert [found for found in states(story, 2) if found] == []


def test_a_sweep_that_fails_half_way_still_counts_what_is_lost(story: Story) -> None:
    lost(story)
    story.lines.rows.clear()
    story.call = half_read
    story.ticks(5, 1000)  # a lost restore is looked at each 15 minutes: its vault's notices are read anew then
    faulty, of_lost = (len(run(ALERTS[name].query, story.lines.rows)) for name in ("sweep-faults", "restore-lost"))
    assert (faulty, of_lost) == (4, 5)


def test_the_runbooks_query_shows_what_a_sweep_could_not_move_and_why(story: Story) -> None:
    sweep_fault(story)
    (query,) = [one for one in of_docs().values() if "sweep could not move" in one]
    whole = [row["message"] for row in run(query, story.lines.rows)]
    assert whole
    assert all(words.startswith("sweep could not move ") and words.endswith(": ValueError") for words in whole)
