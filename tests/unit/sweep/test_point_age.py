"""`staleAfterDays`: said once when the newest usable point is too old, once when it is recent again, and shown."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.api.health import Health
from shared.api.http import Call
from shared.api.instances import InstancesApi
from shared.azure.port import Gone
from shared.config.desk_file import Desk, parse_desk
from shared.config.settings import Settings
from shared.domain.problems import Ours, Trouble
from shared.domain.values import iso
from shared.notices.channels import pagerduty
from shared.notices.messages import Resolved
from shared.notices.outbox import Outbox
from shared.notices.sample import sample_facts
from shared.storage import row_keys
from shared.storage.stale_points import Watched
from shared.storage.store import Conflict
from shared.storage.wake_queue import QueueState
from shared.sweep.point_age import judge
from shared.sweep.points_look import PointsLook
from shared.sweep.retention import Retention
from shared.sweep.timer import Upkeep
from shared.workflow.points import read_points
from tests.kits.desk_kit import DBA_URL, DESK, EVENTS_URL
from tests.kits.fakes import START, FakeAzure
from tests.kits.world import World

DAY = 24 * 3600
OFTEN = DESK.replace('pg-a"\ntargets', 'pg-a"\nstaleAfterDays = 2\ntargets')
HEALTH = Settings(environ={})


@dataclass
class Dated(FakeAzure):
    """An Azure whose instances have points of their own times."""

    newest: dict[str, list[datetime]] = field(default_factory=dict)

    def points(self, instance: str, odata: str) -> list[Any]:
        listed = super().points(instance, odata)
        times = self.newest.get(instance.rsplit("/", 1)[-1])
        if times is None:
            return listed
        inner = listed[0]["properties"]
        return [{"name": f"at-{at}", "properties": {**inner, "recoveryPointTime": iso(at)}} for at in times]


def desk(text: str = OFTEN) -> tuple[World, Dated]:
    world = World(desk=parse_desk(text))
    azure = Dated(world.clock)
    world.azure = azure
    return world, azure


def look(world: World, days: float = 0) -> None:
    """Time passes, every instance is looked at, and what is said is delivered."""
    world.clock.advance(days * DAY + (1 if days == 1 else 0))  # a look is made again after more than a day
    process = world.process()
    while PointsLook(process.parts).run():
        pass
    process.sweep.run()


def told(world: World, url: str = EVENTS_URL) -> list[tuple[str, str]]:
    """Type and subject of every event that came to a webhook."""
    bodies = [json.loads(message.body) for message in world.posts.messages if message.url == url]
    return [(body["type"], body["subject"]) for body in bodies]


STALE = ("restoredesk.instance.pointStale.v1", "instances/pg-a")
FRESH = ("restoredesk.instance.pointFresh.v1", "instances/pg-a")


def shown(world: World) -> tuple[bool | None, str | None]:
    """What the list and health say."""
    parts = world.process().parts
    rows = json.loads(InstancesApi(parts).list(Call()).body)["value"]
    health = Health(parts, HEALTH).look()
    assert all("stale" not in row for row in rows if row["name"] != "pg-a")
    return next(row.get("stale") for row in rows if row["name"] == "pg-a"), health["checks"].get("points")


# --- said once --------------------------------------------------------------------------------------------------------
def test_it_is_said_once_when_too_old_and_once_when_recent_again_and_shown_meanwhile() -> None:
    world, azure = desk()
    look(world)
    assert (told(world), shown(world)) == ([], (False, "ok"))
    look(world, 2)  # the fake's point is from an hour before
    look(world, 1)
    assert told(world) == [STALE]
    assert shown(world) == (True, "ok, but no recent recovery point: pg-a")
    azure.newest["pg-a"] = [START, world.clock.now() + timedelta(days=0.5)]
    look(world, 1)
    look(world, 1)
    assert (told(world), shown(world)) == ([STALE, FRESH], (False, "ok"))
    azure.newest["pg-a"] = []
    look(world, 1)
    assert (told(world), shown(world)) == ([STALE, FRESH, STALE], (True, "ok, but no recent recovery point: pg-a"))
    assert told(world, DBA_URL) == [], "its `on` does not name the event"
    ids = {json.loads(message.body)["id"] for message in world.posts.messages}
    assert len(ids) == 3, "each event has an id of its own"


def test_the_limit_is_exact_and_belongs_to_its_instance_alone() -> None:
    world, azure = desk()
    azure.newest["pg-a"] = [START]
    azure.newest["pg-b"] = []
    look(world, 2)
    assert told(world) == []
    world.clock.advance(1)
    look(world, 1)
    assert told(world) == [STALE]


def test_without_staleafterdays_nothing_is_said_or_shown() -> None:
    world, _ = desk(DESK)
    look(world)
    look(world, 30)
    assert (told(world), shown(world)) == ([], (None, None))


def test_a_setting_that_was_taken_out_ends_the_alert() -> None:
    world, _ = desk()
    look(world, 3)
    world.desk = parse_desk(DESK)
    look(world, 1)
    look(world, 1)
    assert told(world) == [STALE, FRESH]
    said = json.loads(world.posts.messages[-1].body)["data"]["pointSaid"]
    assert said.endswith("staleAfterDays was taken out of desk.toml.")


def test_what_cannot_be_read_is_neither_stale_nor_fresh_but_known_points_grow_old() -> None:
    world, azure = desk()
    azure.script["points"] = [Gone("404")] * 3
    look(world, 3)
    assert (told(world), shown(world)[0]) == ([], None)
    azure.script["points"] = []
    azure.newest["pg-a"] = [world.clock.now() + timedelta(days=1)]
    look(world, 1)
    azure.script["points"] = [Gone("404")] * 30
    look(world, 1)
    assert told(world) == []
    look(world, 1)
    assert told(world) == [STALE]


def test_what_was_not_sent_yet_is_kept_over_the_events_that_follow() -> None:
    world, azure = desk()
    azure.newest["pg-a"] = []
    world.posts.answers[EVENTS_URL] = [503] * 9
    look(world, 1)
    azure.newest["pg-a"] = [world.clock.now() + timedelta(days=0.5)]
    look(world, 1)
    azure.newest["pg-a"] = []
    look(world, 1)
    assert len(world.owed(channel="events")) == 3
    world.posts.answers.clear()
    world.posts.messages.clear()
    look(world, 1)
    assert told(world) == [STALE, FRESH, STALE]
    assert world.live("owed") == []


# --- what it says -----------------------------------------------------------------------------------------------------
def test_its_facts_are_the_instances_and_it_leads_to_the_points() -> None:
    world, azure = desk()
    azure.newest["pg-a"] = [START]
    look(world, 3)
    data = json.loads(world.posts.messages[-1].body)["data"]
    assert (data["instanceName"], data["path"]) == ("pg-a", "/api/instances/pg-a/recovery-points")
    assert data["pointSaid"] == (
        "The newest point that can be restored is from 2026-10-01 12:00 UTC, 3 d old; staleAfterDays is 2."
    )
    assert data["pointTime"] == iso(START)
    assert data["steps"][0]["command"] == "python3 -m deskctl points pg-a"
    assert "phase" not in data
    assert not row_keys.is_id(data["restore"])
    azure.newest["pg-a"] = []
    world.desk = parse_desk(DESK)
    look(world, 1)
    said = json.loads(world.posts.messages[-1].body)["data"]
    assert said["pointSaid"].startswith("No recovery point can be restored")
    assert "pointTime" not in said
    assert "steps" not in said or said["steps"] == []


def test_a_pager_opens_one_alert_and_ends_it() -> None:
    world, azure = desk()
    look(world, 3)
    azure.newest["pg-a"] = [world.clock.now()]
    look(world, 1)
    box = Outbox(world.store)
    notices = box.of_restore(Watched(world.read_desk().instances["pg-a"].id, "pg-a").id)
    channel = Resolved(name="p", kind="pagerduty", url="https://events.pagerduty.com", secrets=("r" * 32,))
    first, second = (
        json.loads(pagerduty.compose(box.with_facts(n).read_facts(), channel, START).body) for n in notices
    )
    assert (first["event_action"], first["payload"]["severity"]) == ("trigger", "warning")
    assert (second["event_action"], second["dedup_key"]) == ("resolve", first["dedup_key"])
    assert first["payload"]["class"] == "instance.pointStale"


# --- what goes wrong --------------------------------------------------------------------------------------------------
def test_an_event_whose_save_was_answered_by_silence_is_said_once() -> None:
    world, _ = desk()

    def silent(name: str, act: Callable[[], Any], args: Any) -> Any:
        found = act()
        if name == "store.commit" and any(change.key.startswith("points-") for change in args[1]):
            raise Trouble("the table did not answer")
        return found

    world.clock.advance(3 * DAY)
    PointsLook(world.process(silent).parts).run()
    look(world, 1)
    look(world, 1)
    assert told(world) == [STALE]


def test_of_two_sweeps_at_once_one_says_it() -> None:
    world, _ = desk()
    world.clock.advance(3 * DAY)
    own = Watched(world.read_desk().instances["pg-a"].id, "pg-a").key
    others = [world.process()]

    def late(name: str, act: Callable[[], Any], args: Any) -> Any:
        found = act()
        if name == "store.get" and args[1] == own and others:
            other, instance = others.pop().parts, world.read_desk().instances["pg-a"].id
            assert judge(other, instance, "pg-a", 2, read_points(other, instance))
        return found

    PointsLook(world.process(late).parts).run()
    look(world, 1)
    look(world, 1)
    assert (others, told(world)) == ([], [STALE])


@pytest.mark.parametrize("fault", [KeyError("x"), Trouble("503"), Conflict("x"), Ours("x"), RuntimeError("x")])
def test_one_instance_in_trouble_holds_up_no_other_and_is_tried_again_soon(fault: Exception) -> None:
    world, azure = desk()
    world.clock.advance(3 * DAY)
    azure.newest["pg-b"] = [world.clock.now()]
    azure.script["points"] = [fault]
    process = world.process()
    assert [PointsLook(process.parts).run() for _ in range(3)] == [2, 1, 0]
    assert [name for name, _ in azure.calls].count("points") == 3
    world.clock.advance(process.parts.pace.back_off_most + 1)
    assert PointsLook(process.parts).run() == 1
    process.sweep.run()
    assert told(world) == [STALE]


def test_a_step_of_the_timer_that_fails_holds_up_no_other_and_a_failed_sweep_is_still_a_failure() -> None:
    world, _ = desk()
    process = world.process()
    done: list[str] = []

    class Failing(Retention):
        def remove_old(self, now: datetime) -> int:
            done.append("retention")
            raise RuntimeError("a damaged row")

    p = process.parts
    retention, points = Failing(p.ledger, p.outbox, 90), PointsLook(p)
    Upkeep(process.sweep, p.board, retention, points, QueueState, p.now).run()
    assert (done, world.azure.count("points")) == (["retention"], 2)

    def no_queues() -> QueueState:
        raise Trouble("no queues")

    with pytest.raises(Trouble):
        Upkeep(process.sweep, p.board, retention, points, no_queues, p.now).run()
    assert (done, world.azure.count("points")) == (["retention"] * 2, 3)


def test_a_broken_desk_toml_says_nothing() -> None:
    world, _ = desk()
    parts = world.process().parts
    world.desk = Ours("broken")
    assert PointsLook(parts).run() == 0
    assert "points" not in Health(parts, HEALTH).look()["checks"]


# --- what is kept -----------------------------------------------------------------------------------------------------
def test_only_the_last_two_events_are_kept_and_their_dead_letters() -> None:
    world, azure = desk()
    world.posts.answers[EVENTS_URL] = [404] * 3
    box, place = Outbox(world.store), row_keys.vault_partition(world.read_desk().instances["pg-a"].id.rsplit("/", 2)[0])
    for stale in (True, False, True, False):
        azure.newest["pg-a"] = [] if stale else [world.clock.now() + timedelta(days=1)]
        look(world, 1)
    identity = Watched(world.read_desk().instances["pg-a"].id, "pg-a").id
    assert [n.sequence for n in box.of_restore(identity)] == [3, 4]
    assert len(list(world.store.scan(place, "dead-", "dead."))) == 1


def test_many_channels_are_routed_in_several_transactions() -> None:
    more = "".join(
        f'[channels.more-{n}]\nkind = "webhook"\nurl = "https://hooks.example.net/{n}"\n'
        'secret = { env = "EVENTS_SECRET" }\ndefault = true\n'
        for n in range(40)
    )
    world, _ = desk(OFTEN + more)
    look(world, 3)
    world.process().sweep.run()
    world.process().sweep.run()
    assert {message.url for message in world.posts.messages if STALE[0] in message.body.decode()} >= {
        f"https://hooks.example.net/{n}" for n in range(40)
    }


@pytest.mark.parametrize("days", ["0", "-1", "3661", '"2"', "true", "nan"])
def test_a_limit_that_is_none_is_refused(days: str) -> None:
    with pytest.raises(Ours, match="staleAfterDays"):
        parse_desk(OFTEN.replace("staleAfterDays = 2", f"staleAfterDays = {days}"))


def test_a_limit_may_be_part_of_a_day() -> None:
    found: Desk = parse_desk(OFTEN.replace("staleAfterDays = 2", "staleAfterDays = 0.5"))
    assert found.instances["pg-a"].stale_after_days == 0.5


def test_the_samples_of_its_notices_are_old_and_recent() -> None:
    stale, fresh = (sample_facts(event, START) for event in ("pointStale", "pointFresh"))
    assert stale.point_time is not None
    assert fresh.point_time is not None
    assert START - stale.point_time > timedelta(days=1) > START - fresh.point_time
