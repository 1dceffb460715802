"""What is asked for stands on the books as it was asked: who, by which way, to whom answers go; and what does not."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.config.desk_file import Rights
from shared.domain.problems import Problem
from shared.domain.restore import Phase, Restore
from shared.notices.outbox import Outbox, notices_in
from shared.storage import row_keys
from shared.storage.idempotency import KeyRows
from shared.workflow.announce import EVENT, WORD, tell_standing
from shared.workflow.intake import Caller
from tests.kits.fakes import OTHER_VAULT, START, VAULT
from tests.kits.stories import now_is
from tests.kits.world import DBA_URL, DESK_MODEL, EVENTS_URL, World, body, desk_with
from tests.unit.workflow.kit import take

TICKET = {"system": "jira", "id": "OPS-1", "ref": "OPS-1"}


def test_everything_that_is_known_of_a_request_is_on_the_books() -> None:
    world = World()
    said: dict[str, Any] = {
        "reason": "drill",
        "ticket": TICKET,
        "callback": "events",
        "dryRun": True,
        "crossRegion": True,
    }
    accepted = take(world, **said, idempotencyKey="k")
    found = now_is(world, accepted.restore.id)
    assert (accepted.created, len(notices_in(accepted.notices))) == (True, 1)
    assert (found.source, found.key, found.authenticated_as) == ("queue", "k", "app-1")
    assert (found.again_of, found.chain, found.delivery) == ("again-of", "chain", "delivery-1")
    assert (found.channels, found.ticket, found.reason) == (("dba", "events"), TICKET, "drill")
    assert (found.requested_by, found.dry_run, found.cross_region) == ("user@contoso.com", True, True)
    assert (found.vault, found.instance, found.instance_name) == (VAULT, f"{VAULT}/backupInstances/pg-a", "pg-a")
    assert (found.accepted_at, found.due, found.phase) == (START, START, Phase.ACCEPTED)
    assert [(entry.what, entry.note, entry.at) for entry in found.timeline] == [("accepted", "by queue", START)]
    assert found.asked == {**body(), **said}
    assert found.id.startswith(row_keys.short(VAULT))
    assert now_is(world, take(world, Caller("http"), instance="pg-far").restore.id).vault == OTHER_VAULT


def test_the_callback_and_the_reply_hear_of_it_and_each_once() -> None:
    quiet = {name: channel.model_copy(update={"default": False}) for name, channel in DESK_MODEL.channels.items()}
    world = World(desk=desk_with(channels=quiet))
    take(world, Caller("http", "a"))
    world.settle(world.process())
    assert world.posts.told == []
    one = take(world, Caller("http", "b", reply="dba"), callback="events").restore.id
    two = take(world, Caller("http", "c", reply="events"), callback="events").restore
    world.settle(world.process())
    assert two.channels == ("events",)
    assert world.posts.events(EVENTS_URL).count(f"{one}.1") == world.posts.events(EVENTS_URL).count(f"{two.id}.1") == 1
    assert [event for event in world.posts.events(DBA_URL) if event.startswith(one)] == [f"{one}.3"]


@pytest.mark.parametrize(("seconds", "taken"), [(-60, True), (0, True), (300, True), (301, False)])
def test_a_time_that_is_to_come_is_a_slip_and_a_clock_that_is_a_little_off_is_none(seconds: float, taken: bool) -> None:
    world = World()
    at = (START + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    if taken:
        assert take(world, recoveryPoint={"atOrBefore": at}).created
        return
    with pytest.raises(Problem, match="in the future: the time at the desk is 2026-10-01T12:00:00Z") as caught:
        take(world, recoveryPoint={"atOrBefore": at})
    assert (caught.value.status, caught.value.where) == (422, "recoveryPoint.atOrBefore")
    assert world.restores() == []


def test_a_way_that_may_not_ask_for_an_instance_is_told_so() -> None:
    world = World(desk=desk_with(queue=Rights(instances=("pg-b",), targets=("drills",))))
    with pytest.raises(Problem) as caught:
        take(world)
    assert (caught.value.status, world.restores()) == (422, [])
    assert take(world, Caller("http", "k")).created


# --- refusals -----------------------------------------------------------------------------------------------------
NO = Problem(422, "No", "no such instance", "instance")


def refuse(world: World, said: dict[str, Any], caller: Caller) -> Restore:
    refused = world.process().intake.refuse(said, NO, caller).restore
    return now_is(world, refused.id)


def test_a_refused_request_keeps_what_could_be_read_of_it_short_and_without_what_gives_access() -> None:
    world = World()
    said = {
        "instance": "x" * 3000,
        "target": {"kind": "files", "container": "https://a.example/c?sig=secret", "list": [1], "n": 7},
        "requestedBy": "ada",
        "reason": ["not", "text"],
        "dryRun": True,
        "database": None,
        "ticket": {"system": "jira", "id": 7, "secret": "s", "url": "https://x"},
        "password": "secret",
    }
    found = refuse(world, said, Caller("tickets/jira", "k", reply="dba"))
    assert (found.phase, found.source, found.channels, found.vault) == (Phase.REFUSED, "tickets/jira", ("dba",), "")
    assert len(found.instance) == len(found.asked["instance"]) == 300
    assert found.asked["target"] == {"kind": "files", "container": "https://a.example/c?…", "n": 7}
    assert (found.requested_by, found.reason, found.asked["dryRun"], found.asked["reason"]) == ("ada", None, True, None)
    assert found.ticket == {"system": "jira", "id": "7", "url": "https://x"}
    assert "password" not in found.asked
    assert (found.accepted_at, found.due, found.closed_at) == (START, START, START)
    assert found.error
    assert (found.error.code, found.error.message) == ("RequestRefused", str(NO))
    assert [(entry.what, entry.note) for entry in found.timeline] == [("refused", str(NO))]
    assert [n.event for n in Outbox(world.store).of_restore(found.id)] == ["refused"] * 2
    bare = refuse(world, {"ticket": "OPS-1", "requestedBy": 7}, Caller("queue"))
    assert (bare.ticket, bare.requested_by, bare.channels, bare.instance) == (None, None, (), "")
    assert refuse(world, {"ticket": {"secret": "s"}}, Caller("queue")).ticket is None


def test_a_refusal_is_one_row_per_key_request_and_reason_and_is_found_by_its_key() -> None:
    world = World()
    caller = Caller("queue", "m1")
    first = refuse(world, {"instance": "a"}, caller)
    assert refuse(world, {"instance": "a"}, caller).id == first.id
    other = {refuse(world, {"instance": "b"}, caller).id, refuse(world, {"instance": "a"}, Caller("queue", "m2")).id}
    other.add(world.process().intake.refuse({"instance": "a"}, replace_detail(NO), caller).restore.id)
    assert len(other | {first.id}) == 4
    held = KeyRows(world.store).find("queue", "refused\nm1")
    assert held
    assert held.restore == first.id
    keyless = {refuse(world, {"instance": "a"}, Caller("queue")).id for _ in range(2)}
    assert len(keyless) == 2
    assert take(world, Caller("queue", "m1")).created, "the key itself is free for a good request"


def replace_detail(problem: Problem) -> Problem:
    return Problem(problem.status, problem.title, "another reason", problem.where)


# --- asked again, unchanged -----------------------------------------------------------------------------------------
def standing(world: World, restore: Restore, caller: Caller) -> list[str]:
    tell_standing(world.process().parts, restore, caller)
    notices = Outbox(world.store).of_restore(restore.id)
    return [notice.channel for notice in notices if notice.event == EVENT]


def test_one_that_is_asked_again_hears_where_it_stands_once_a_phase() -> None:
    world = World()
    one = take(world, Caller("http", "k", reply="events", delivery="d1")).restore
    again = Caller("http", "k", reply="events", delivery="d2")
    assert standing(world, one, replace(again, delivery="d1")) == []
    assert standing(world, one, replace(again, reply=None)) == []
    assert standing(world, one, replace(again, reply="gone")) == []
    assert standing(world, one, again) == ["events"]
    assert standing(world, one, again) == ["events"], "said already, of this phase"
    found = now_is(world, one.id)
    assert [(e.what, e.note) for e in found.timeline][-1] == (WORD, "by http, while accepted")
    assert (found.sequence, found.phase) == (2, Phase.ACCEPTED)
    world.settle(world.process())
    assert standing(world, now_is(world, one.id), again) == ["events", "events"]
    assert world.posts.events(EVENTS_URL)[0:2] == [f"{one.id}.1", f"{one.id}.2"]


def test_a_channel_that_does_not_listen_to_it_is_not_told() -> None:
    world = World()
    one = take(world, Caller("http", "k")).restore
    assert standing(world, one, Caller("http", "k", reply="dba")) == []
    assert json.loads(world.process().post(body(), None).body)["id"] != one.id


def test_a_delivery_without_an_id_is_told_too() -> None:
    world = World()
    one = take(world, Caller("http", "k", reply="events")).restore
    assert standing(world, one, Caller("http", "k", reply="events")) == ["events"]
