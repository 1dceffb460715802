"""Each alert fires on what it is for, and on nothing else: its own query, run over the lines that the app logs."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from local.alerts.kusto import Row, run
from local.alerts.rules import ALERTS, SILENCE
from shared.azure.port import Doubt
from shared.domain.restore import Phase
from shared.storage.wake_queue import QueueState
from shared.sweep.points_look import PointsLook
from shared.sweep.retention import Retention
from shared.sweep.timer import Upkeep
from shared.telemetry import tell
from tests.kits.stories import up_to
from tests.kits.world import DBA_URL, EVENTS_URL, World, faster, running


class Lines(logging.Handler):
    """Takes the desk's lines as rows of the table `traces`."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []

    def emit(self, record: logging.LogRecord) -> None:
        stamp = f"2026-10-01T00:00:00.{len(self.rows):06}Z"
        self.rows.append({"timestamp": stamp, "message": record.getMessage(), "severityLevel": 1, "operation_Id": "1"})


@dataclass
class Story:
    """A desk whose timer runs, and the lines it logs."""

    lines: Lines
    world: World = field(default_factory=World)
    queues: QueueState = field(default_factory=lambda: QueueState(0, 0.0, 0))

    def tick(self) -> None:
        process = self.world.process()
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
    lines, log = Lines(), logging.getLogger("desk")
    log.addHandler(lines)
    log.setLevel(logging.INFO)
    yield Story(lines)
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


def test_an_alert_about_a_state_stays_for_as_long_as_the_state_does(story: Story) -> None:
    lost(story)
    for _ in range(3):
        story.lines.rows.clear()
        story.ticks(15)
        assert "restore-lost" in story.fired()
