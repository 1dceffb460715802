"""Crash points in all that a desk does beside: tickets, every channel, people, retention, looks, two clocks."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote

import pytest

from shared.api.desk import DeskApi
from shared.api.health import Health
from shared.api.http import Call, answered
from shared.api.instances import InstancesApi
from shared.azure.port import Doubt
from shared.config.settings import Settings
from tests.kits.breaker import CRASHES, Break, Breaker
from tests.kits.crash_desks import Polite, Ticking, every_desk, hear
from tests.kits.crash_story import Step, Story, broken, ended, every
from tests.kits.fakes import Clock
from tests.kits.ticket_samples import saved
from tests.kits.world import Process, World, body
from tests.stories.crash_people import given_up, keyed, paused, resolved, rights, unread
from tests.stories.crash_timer import contained, crossed, damaged, denied, retained, unbuilt

MOST = int(os.environ.get("DESK_CRASH_POINTS", "10"))  # of one story, spread over it; the whole: a large number


# --- tickets of every system, channels of every kind --------------------------------------------------------------
def brings(name: str, raw: bytes, status: str, headers: dict[str, str] | None = None) -> Step:
    """A system sends its event until it hears 2xx."""

    def step(story: Story, process: Process) -> bool:
        assert isinstance(process, Ticking)
        code, said = hear(story.world, process, name, raw, headers)
        if code >= 300:
            return False
        assert said["status"] in (status, "duplicate"), said
        if "restore" in said:
            story.accepted.add(said["restore"])
        return True

    return step


def by_tickets(plan: dict[int, Break]) -> Story:
    story = Story(Breaker(plan), World(desk=every_desk(), posts=Polite()), kind=Ticking)
    story.world.azure.listed_instances += ("pg-prod-01",)
    for name in ("jira", "servicenow", "zendesk", "github", "portal"):
        event = json.dumps(saved(name)["body"]).encode()
        story.todo += [brings(name, event, "accepted"), brings(name, event, "duplicate")]
    form = b"payload=" + quote(json.dumps(saved("github")["body"])).encode()
    story.todo.append(brings("github", form, "duplicate", {"content-type": "application/x-www-form-urlencoded"}))
    story.todo += [brings("portal", b"{not json", "refused"), brings("jira", b'{"webhookEvent": "x"}', "ignored")]
    return story


def by_every_channel(plan: dict[int, Break]) -> Story:
    """One fails, one succeeds; the pager refuses for a while."""
    story = Story(Breaker(plan), World(desk=every_desk(), posts=Polite()), kind=Ticking)
    story.world.azure.listed_instances += ("pg-prod-01",)
    story.world.azure.end_status = "Failed"
    story.world.posts.answers["https://events.pagerduty.com/v2/enqueue"] = [503, 429]

    def mends(story: Story, process: Process) -> bool:
        story.world.azure.end_status = "Completed"
        return True

    story.todo = [ended("k1"), mends]
    return story.by_http("k1", instance="pg-prod-01").by_http("k2", instance="pg-prod-01")


def shown(plan: dict[int, Break]) -> Story:
    """Somebody looks at instances, points and lists while a restore runs."""
    story = Story(Breaker(plan), kind=Ticking).by_http("k1")

    def looks(story: Story, process: Process) -> bool:
        page, desk = InstancesApi(process.parts), DeskApi(process.api, process.notifier)
        health = Health(process.parts, Settings(environ={}))
        channel = Call({"name": "events"}, {}, {}, json.dumps({"by": "dba", "reason": "a test"}).encode())
        asked = ((page.list, Call()), (page.recovery_points, Call({"instance": "pg-a"})), (desk.channel_test, channel))
        return health.look()["status"] in ("ok", "down") and all(answered(*one).status == 200 for one in asked)

    story.todo = [looks, ended("k1"), looks]
    return story


def crowded(plan: dict[int, Break]) -> Story:
    """Many at once, two across regions: instances learnt by one list, jobs told by one list."""
    story = Story(Breaker(plan))
    story.world.azure.job_seconds, story.world.queue_down = 2000.0, True
    story.world.azure.script["answer"] = [Doubt("reset")]
    for number, name in enumerate(("pg-a", "pg-b", "pg-a", "pg-b")):
        story.by_http(f"k{number}", instance=name, **({"crossRegion": True} if number < 2 else {}))
    return story


# --- two processes, two clocks -----------------------------------------------------------------------------------
@dataclass
class Ahead(Clock):
    """The clock of a worker that is ahead of, or behind, the others."""

    of: Clock = field(default_factory=Clock)
    seconds: float = 0.0

    def now(self) -> datetime:
        return self.of.now() + timedelta(seconds=self.seconds)

    def elapsed(self) -> float:
        return self.of.elapsed()


@dataclass
class Two(Story):
    """Two processes take turns at everything; the clock of one is four minutes ahead, of the other four behind."""

    rounds: int = 0
    pair: list[Process] = field(default_factory=list)

    def _process(self) -> Process:
        clocks = [Ahead(self.world.clock, seconds) for seconds in (240.0, -240.0)]
        self.pair = [self.world.process(self.breaker, clock, kind=self.kind) for clock in clocks]
        return self.pair[0]

    def _round(self, process: Process) -> None:
        self.rounds += 1
        super()._round(self.pair[self.rounds % 2])
        self.pair[(self.rounds + 1) % 2].tick()


def two_clocks(plan: dict[int, Break]) -> Story:
    story = Two(Breaker(plan)).by_http("k1").by_http("k2", instance="pg-b").by_http("k3")
    return story.by_queue(json.dumps(body("pg-b")).encode())


STORIES = (
    by_tickets, by_every_channel, resolved, given_up, unread, rights, paused, keyed, retained, contained, crossed,
    denied, damaged, unbuilt, shown, crowded, two_clocks,
)  # fmt: skip


@pytest.mark.parametrize("make", STORIES, ids=[make.__name__ for make in STORIES])
def test_every_call_broken_alone_in_all_that_a_desk_does(
    make: Callable[[dict[int, Break]], Story], quiet_log: None, tried: Callable[[str], None]
) -> None:
    assert broken(make, [{}]) == []
    points = every(make, CRASHES)
    plans = points[:: -(-len(points) // MOST) | 1]  # an odd step: before and after take turns
    found = broken(make, plans)
    tried(f"{len(plans)} of {len(points)} crash points ({make.__name__}), {len(found)} violations")
    assert found == []
