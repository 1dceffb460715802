"""Crash points in all that a desk does beside: tickets, every channel, people, retention, looks, two clocks."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import quote

import pytest

from shared.api.desk import DeskApi
from shared.api.health import Health
from shared.api.http import Call, answered
from shared.api.instances import InstancesApi
from shared.azure.port import Doubt, Gone
from shared.config.desk_file import parse_desk
from shared.config.settings import Settings
from shared.domain.problems import Ours, Problem, Trouble
from shared.domain.request import canonical_hash
from shared.domain.restore import Phase
from shared.domain.values import iso
from shared.storage import row_keys
from shared.storage.idempotency import KeyRows
from shared.storage.shared_state import Pause
from shared.storage.store import Change
from shared.workflow.operator_acts import Act
from shared.workflow.queue_in import QueueDoor, QueueIn
from tests.kits.aftercare_kit import ACCOUNT, vaulted_world
from tests.kits.crash_desks import Polite, Ticking, every_desk, hear
from tests.kits.desk_kit import DESK
from tests.kits.fakes import VAULT, Clock
from tests.kits.stories import no
from tests.kits.ticket_samples import saved
from tests.kits.world import Process, World, body
from tests.stories.test_crash_acts import Step, of
from tests.stories.test_crash_points import CRASHES, Break, Breaker, Story, broken, every, quiet_log, tried
from tests.stories.test_proof import resolution

__all__ = ["quiet_log", "tried"]
DAY = 86400.0
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


def ended(key: str) -> Step:
    return lambda story, process: bool(of(story, key=key, closed=True)) and not story.world.live("owed")


# --- people, pauses, keys ----------------------------------------------------------------------------------------
def adopts(story: Story, process: Process) -> bool:
    """What is lost with a job is adopted, what is lost without one sent anew."""
    for restore in of(story, phase=Phase.LOST):
        jobs = [job.id for job in story.world.azure.jobs_by_id.values() if job.restore == restore.id]
        process.acts.resolve(restore, resolution("adopt", jobs[0]) if jobs else resolution("resubmit"))
    return bool(of(story, key="k1", closed=True)) and bool(of(story, key="k2", closed=True))


def resolved(plan: dict[int, Break]) -> Story:
    """A vault that echoes nothing: one whose POST took effect, one whose POST was lost while others restore."""
    story = Story(Breaker(plan), persons=False).by_http("k1").by_http("k2", instance="pg-b")
    story.world.azure.echoes = False
    story.world.azure.script |= {"answer": [Doubt("reset")], "submit": [lambda: None, Doubt("reset")]}
    story.world.azure.job_of_nobody("pg-b", started_after=3600)
    story.todo = [adopts]
    return story


def gives_up(story: Story, process: Process) -> bool:
    for restore in of(story, key="k1", phase=Phase.LOST):
        process.acts.resolve(restore, resolution("close"))
    return bool(of(story, key="k1", closed=True))


def cannot(story: Story, process: Process) -> bool:
    """Acts that come too late."""
    for restore in of(story, key="k1"):
        with pytest.raises(Problem):
            process.acts.withdraw(restore, Act(by="dba", reason="late"))
        with pytest.raises(Problem):
            process.acts.resolve(restore, resolution("close"))
        with pytest.raises(Problem):
            process.acts.withdraw(restore.model_copy(update={"id": restore.id[:-1] + "9"}), Act(by="dba", reason="?"))
    return True


def given_up(plan: dict[int, Break]) -> Story:
    """Lost, looked for in vain, closed by a person."""
    story = Story(Breaker(plan), persons=False).by_http("k1")
    story.world.azure.echoes = False
    story.world.azure.script["submit"] = [Doubt("reset")]
    story.world.azure.job_of_nobody("pg-a", started_after=3600)
    story.todo = [is_lost, waits(1000), waits(1000), gives_up, cannot]
    return story


def is_lost(story: Story, process: Process) -> bool:
    return bool(of(story, key="k1", phase=Phase.LOST) or of(story, key="k1", closed=True))


def unread(plan: dict[int, Break]) -> Story:
    """The vault's jobs cannot be read at first: a right is missing, then a strange answer."""
    story = Story(Breaker(plan)).by_http("k1")
    story.world.azure.script |= {
        "answer": [Doubt("reset")],
        "jobs": [no("AuthorizationFailed", 403), no("Strange", 418)],
    }
    return story


def rights(plan: dict[int, Break]) -> Story:
    """Rights that were given a moment ago, at every call; a job that is not shown at first; Azure's own 500s."""
    story = Story(Breaker(plan)).by_http("k1")
    missing = no("UserErrorMSIMissingPermissions", 403)
    script: dict[str, list[Any]] = {
        "validate": [missing],
        "submit": [missing],
        "job": [Gone("404")],
        "datasource": [Trouble("500")],
    }
    story.world.azure.script |= script
    return story


def pauses(story: Story, process: Process) -> bool:
    now = story.world.clock.now()
    process.parts.board.set_paused(Pause("dba", "maintenance", now), now)
    process.parts.board.set_paused(Pause("sre", "incident", now), now)
    return bool(process.parts.board.paused())


def waits(seconds: float) -> Step:
    def step(story: Story, process: Process) -> bool:
        story.world.clock.advance(seconds)
        return True

    return step


def resumes(story: Story, process: Process) -> bool:
    return process.parts.board.set_paused(None, story.world.clock.now()) is None


def paused(plan: dict[int, Break]) -> Story:
    """Paused for two days before the POST, throttled, and validated twice: its operation's URL was gone."""
    story = Story(Breaker(plan)).by_http("k1")
    throttled = Trouble("Azure answered 429", 30.0, 429, True)
    story.world.azure.script |= {"points": [throttled], "operation": [Gone("404")]}
    story.todo = [pauses, waits(DAY), waits(DAY), stands_still, resumes]
    return story


def stands_still(story: Story, process: Process) -> bool:
    return any("paused by" in (restore.trouble or "") for restore in of(story)) or bool(of(story, closed=True))


def claims(story: Story, process: Process) -> bool:
    """A process ended between a key and its restore, as another release of the desk may have left it."""
    dead = row_keys.new_id(VAULT, story.world.clock.now(), b"0123456789")
    KeyRows(story.world.store).claim("http", "k1", dead, canonical_hash(body(reason="dead")), now_of(story))
    story.pending.append(("k1", body()))
    return True


def now_of(story: Story) -> datetime:
    return story.world.clock.now()


def corrects(story: Story, process: Process) -> bool:
    if not of(story, key="k2", closed=True):
        return False
    story.pending.append(("k2", body("pg-b")))
    return True


def keyed(plan: dict[int, Break]) -> Story:
    """One key was claimed by a process that ended, one stands for a restore that was refused."""
    story = Story(Breaker(plan)).by_http("k2", instance="pg-b", recoveryPoint={"atOrBefore": "2001-01-01T00:00:00Z"})
    story.todo = [claims, corrects]
    return story


# --- the timer's other duties ------------------------------------------------------------------------------------
def grows_old(story: Story, process: Process) -> bool:
    """Forty days later the retention has removed it; its key says so, and another request does not get it."""
    if not of(story, key="k1", closed=True) and story.accepted:
        return not of(story, key="k1")
    if not story.world.live("owed") and not story.world.live("open"):
        story.world.clock.advance(40 * DAY)
    return False


def asks_for_the_removed(story: Story, process: Process) -> bool:
    assert process.post(body(), "k1").status in (410, 503)
    assert process.post(body(reason="another"), "k1").status in (422, 503)
    story.accepted.clear()
    return True


def retained(plan: dict[int, Break]) -> Story:
    """Points go stale and are recent again, a channel is away, what is old is removed."""
    stale = parse_desk(DESK.replace('pg-a"\ntargets', 'pg-a"\nstaleAfterDays = 2\ntargets'))
    story = Story(Breaker(plan), World(desk=stale), kind=Ticking).by_http("k1")

    def away(story: Story, process: Process) -> bool:
        channels = {"events": stale.channels["events"]}
        story.world.desk = stale.model_copy(update={"channels": channels}) if not of(story, closed=True) else stale
        return bool(of(story, closed=True))

    story.todo = [away, grows_old, asks_for_the_removed]
    return story


def contained(plan: dict[int, Break]) -> Story:
    """A container an attempt: made, kept for three days, deleted; one of a stranger beside it."""
    story = Story(Breaker(plan), vaulted_world(), kind=Ticking).by_http("k1", target="vaulted")
    story.by_http("k2", target="vaulted", instance="pg-b", dryRun=True)
    story.todo = [ended("k1"), waits(4 * DAY), waits(3600), ended("k1")]
    return story


def crossed(plan: dict[int, Break]) -> Story:
    """Containers that Azure does not make at once, and one that a stranger made."""
    story = Story(Breaker(plan), vaulted_world(), kind=Ticking).by_http("k1", target="vaulted")
    story.by_http("k2", target="vaulted", instance="pg-b")

    def took(story: Story, process: Process) -> bool:
        """Somebody makes the container under the desk's nose."""
        for restore in of(story, key="k2"):
            story.world.azure.blobs[(ACCOUNT, f"rd-{restore.id}-1")] = {}
        return bool(of(story, key="k2"))

    story.world.azure.script["make_container"] = [Trouble("503"), no("ContainerBeingDeleted", 409)]
    story.world.azure.script["container"] = [Trouble("503"), Trouble("503"), Trouble("503")]
    story.todo = [took]
    return story


def denied(plan: dict[int, Break]) -> Story:
    """Azure's no to a container, for good."""
    story = Story(Breaker(plan), vaulted_world(), kind=Ticking).by_http("k1", target="vaulted")
    story.world.azure.script["make_container"] = [no("AccountNotFound", 404)] * 3
    return story


def damages(story: Story, process: Process) -> bool:
    """A row that this release cannot read lies among the open ones."""
    place, key = row_keys.vault_partition(VAULT), row_keys.open_row("of-a-newer-release", "damaged")
    story.world.store.commit(place, [Change("put", key, {"phase": "to come", "due": iso(now_of(story))})])
    return True


def mends(story: Story, process: Process) -> bool:
    place, key = row_keys.vault_partition(VAULT), row_keys.open_row("of-a-newer-release", "damaged")
    story.world.store.commit(place, [Change("delete", key)])
    return True


def damaged(plan: dict[int, Break]) -> Story:
    story = Story(Breaker(plan), kind=Ticking).by_http("k1").by_http("k2", instance="pg-b")
    story.todo = [damages, ended("k1"), mends]
    return story


# --- the queue's functions, of a desk that cannot be built for a while ---
class Unbuilt(Ticking):
    """Its queue functions find a desk that cannot be built, for five deliveries."""

    failures = 5

    @cached_property
    def queue_door(self) -> QueueDoor:
        def build() -> QueueIn:
            if Unbuilt.failures > 0:
                Unbuilt.failures -= 1
                raise Ours("a setting is wrong")
            return self.queue_in

        return QueueDoor(build, self.parts.send, self.parts.send, self.parts.pace.hold_message)


def unbuilt(plan: dict[int, Break]) -> Story:
    Unbuilt.failures = 5
    story = Story(Breaker(plan), kind=Unbuilt)
    story.by_queue(json.dumps(body()).encode()).by_queue(json.dumps(body("pg-b", target="moon")).encode())
    story.messages += 1
    story.todo = [copies]
    return story


def copies(story: Story, process: Process) -> bool:
    """The host's own copy of a message that failed five times."""
    process.queue_door.poison(POISON, "copy", expires=True)
    return True


POISON = json.dumps(body("pg-b", idempotencyKey="poisoned")).encode()


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
