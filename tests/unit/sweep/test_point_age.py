"""`staleAfterDays`: said once when the newest usable point is too old, once when it is recent again, and shown."""

import json
from datetime import timedelta

import pytest

from shared.azure.port import Gone
from shared.config.desk_file import Desk, parse_desk
from shared.domain.problems import Ours
from shared.domain.values import iso
from shared.notices.channels import pagerduty
from shared.notices.messages import Resolved
from shared.notices.outbox import Outbox
from shared.notices.sample import sample_facts
from shared.storage import row_keys
from shared.storage.stale_points import Watched
from tests.kits.desk_kit import DBA_URL, DESK, EVENTS_URL
from tests.kits.fakes import START
from tests.unit.sweep.point_age_kit import FRESH, OFTEN, STALE, desk, look, shown, told


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
