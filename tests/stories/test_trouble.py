"""Troubles on the way: deadlines, overdue jobs, quiet times, a broken desk.toml, rows that cannot be read."""

import itertools
import json

import pytest

from shared.azure.port import Gone
from shared.domain.problems import Ours, Trouble
from shared.domain.restore import Phase
from shared.notices.outbox import Outbox
from shared.storage import row_keys
from shared.storage.shared_state import Pause
from shared.storage.store import Change
from tests.kits.fakes import VAULT
from tests.kits.stories import no, now_is, up_to
from tests.kits.world import DESK_MODEL, EVENTS_URL, World, body, desk_with, faster, running


def test_pause_holds_what_is_not_submitted_and_resume_lets_it_go() -> None:
    world = World()
    board = world.process().parts.board
    board.set_paused(Pause("dba", "maintenance", world.clock.now()), world.clock.now())
    one = running(world, world.process())
    up_to(world, one, Phase.VALIDATED)
    world.clock.advance(600)
    world.process().sweep.run()
    assert "paused by dba" in (now_is(world, one).trouble or "")
    assert world.azure.count("submit") == 0
    board.set_paused(None, world.clock.now())
    world.settle(world.process())
    assert now_is(world, one).phase is Phase.SUCCEEDED


@pytest.mark.parametrize("stage", ["vault", "operation", "ready"])
def test_what_cannot_be_submitted_in_its_time_is_refused_wherever_it_stands(stage: str) -> None:
    world = World()
    faster(world, before_submission=3600)
    one = running(world, world.process())
    world.azure.script[stage] = [Trouble("Azure answered 503", None, 503)] * 200
    world.settle(world.process(), rounds=200)
    restore = now_is(world, one)
    assert (restore.phase, restore.error.code if restore.error else "") == (Phase.REFUSED, "TooLate")
    assert len(restore.timeline) <= 120
    assert world.faults({one}) == []


def test_a_429_silences_the_subscription_for_every_caller() -> None:
    world = World()
    running(world, world.process())
    running(world, world.process(), instance="pg-b", key="other")
    world.azure.script["vault"] = [Trouble("Azure answered 429", 300.0, 429, True)]
    world.settle(world.process(), rounds=1)
    before = len(world.azure.calls)
    world.clock.advance(-world.clock.elapsed() + 200)
    world.process().sweep.run()
    assert len(world.azure.calls) == before
    world.settle(world.process())
    assert {r.phase for r in world.restores()} == {Phase.SUCCEEDED}


def test_a_long_job_is_overdue_once_and_keeps_its_turn_until_it_ends() -> None:
    world = World()
    faster(world, overdue=3600)
    world.azure.job_seconds = 3 * 3600
    one = running(world, world.process())
    world.settle(world.process(), rounds=400)
    restore = now_is(world, one)
    events = [notice.event for notice in Outbox(world.store).of_restore(one) if notice.channel == "events"]
    assert restore.phase is Phase.SUCCEEDED
    assert events.count("overdue") == 1


@pytest.mark.parametrize("stage", ["operation", "job"])
def test_what_cannot_be_followed_becomes_overdue_too(stage: str) -> None:
    world = World()
    faster(world, overdue=3600)
    one = running(world, world.process())
    up_to(world, one, Phase.SUBMITTED if stage == "operation" else Phase.RESTORING)
    passing = Trouble("Azure answered 503 to the operation's URL")
    world.azure.script[stage] = [no("AuthorizationFailed", 403) if stage == "job" else passing] * 300
    for _ in range(100):
        world.process().sweep.run()
        world.clock.advance(120)
    assert now_is(world, one).overdue_at is not None
    world.azure.script.clear()
    world.settle(world.process())
    assert now_is(world, one).phase is Phase.SUCCEEDED


@pytest.mark.parametrize("status", [400, 403, 404, 409, 410])
def test_an_operation_that_says_no_for_good_is_followed_by_the_vaults_jobs(status: int) -> None:
    world = World()
    ids = [running(world, world.process(), name, key=name) for name in ("pg-a", "pg-b")]
    for one in ids:
        up_to(world, one, Phase.SUBMITTED)
    world.azure.script["operation"] = [no("NotForYou", status)] * 50
    world.settle(world.process())
    assert {now_is(world, one).phase for one in ids} == {Phase.SUCCEEDED}
    assert len(world.azure.posted) == 2
    assert world.faults(set(ids)) == []


def test_validations_that_vanish_are_made_later_each_time() -> None:
    world = World()
    world.azure.script["operation"] = [Gone("404")] * 6
    one = running(world, world.process())
    world.settle(world.process(), rounds=200)
    restore = now_is(world, one)
    began = [entry.at for entry in restore.timeline if entry.what == "validating"]
    gaps = [(b - a).total_seconds() for a, b in itertools.pairwise(began)]
    assert (restore.phase, len(began)) == (Phase.SUCCEEDED, 7)
    waits = [gap - gaps[0] + world.pace.back_off for gap in gaps]
    assert waits == [world.pace.back_off * 2**number for number in range(6)]


def test_a_desk_that_slept_through_the_end_tells_of_no_delay() -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.RESTORING)
    world.clock.advance(48 * 3600)
    world.settle(world.process())
    assert [n.event for n in Outbox(world.store).of_restore(one) if n.channel == "dba"] == ["succeeded"]
    assert now_is(world, one).overdue_at is None


def test_a_job_that_is_briefly_not_found_is_not_lost_and_one_that_is_gone_is() -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.RESTORING)
    world.azure.script["job"] = [Gone("404")] * 4
    world.settle(world.process())
    assert now_is(world, one).phase is Phase.SUCCEEDED
    two = running(world, world.process(), key="k2")
    up_to(world, two, Phase.RESTORING)
    world.azure.script["job"] = [Gone("404")] * 40
    world.settle(world.process())
    assert now_is(world, two).phase is Phase.LOST
    assert any(row.text("restore") == two for row in world.live("turn")), "a lost restore keeps its turn"


def test_desk_toml_broken_in_the_middle_holds_and_mended_lets_go() -> None:
    world = World()
    one = running(world, world.process())
    two = running(world, world.process(), instance="pg-b", key="k2")
    up_to(world, two, Phase.RESTORING)
    three = running(world, world.process(), key="k3")
    world.desk = Ours("desk.toml: instances.pg-a.id: no")
    assert world.process().post(body(), "k4").status == 503
    world.put(json.dumps(body(instance="pg-b")).encode())
    world.settle(world.process(), rounds=15)
    assert now_is(world, two).phase is Phase.SUCCEEDED, "what runs is watched on"
    assert not now_is(world, three).closed
    world.desk = DESK_MODEL
    world.settle(world.process())
    assert world.faults({one, two, three}) == []
    assert len(world.restores()) == 4


def test_desk_toml_that_no_longer_allows_it_refuses_what_is_not_submitted() -> None:
    world = World()
    board = world.process().parts.board
    board.set_paused(Pause("dba", "wait", world.clock.now()), world.clock.now())
    one = running(world, world.process())
    up_to(world, one, Phase.VALIDATED)
    world.desk = desk_with(instances={"pg-b": DESK_MODEL.instances["pg-b"]})
    board.set_paused(None, world.clock.now())
    world.settle(world.process())
    restore = now_is(world, one)
    assert (restore.phase, restore.error.code if restore.error else "") == (Phase.REFUSED, "NoLongerAllowed")
    assert world.azure.count("submit") == 0


def test_one_bad_row_never_holds_up_the_sweep() -> None:
    world = World()
    good = running(world, world.process(), instance="pg-b")
    bad, newer, broken = (running(world, world.process(), key=key, dryRun=True) for key in ("x", "y", "z"))
    place = row_keys.vault_partition(VAULT)
    opens = {row.text("restore"): row.key for row in world.live("open")}
    world.store.commit(place, [Change("update", opens[bad], {"due": "when it rains", "phase": "restoring"})])
    world.store.commit(place, [Change("update", opens[newer], {"phase": "dancing"})])
    world.store.commit(place, [Change("update", row_keys.restore(broken), {"json0": "{"})])
    notice = next(row for row in world.live("owed") if row.text("restore") == bad)
    world.store.commit(place, [Change("update", notice.key, {"due": "never", "packed": b"none"})])
    world.queue.clear()
    process = world.process()
    for _ in range(30):
        round_ = process.sweep.run()
        world.clock.advance(60)
    assert now_is(world, good).phase is Phase.SUCCEEDED
    assert round_.faults >= 2, "each is reported, each time"
    assert f"{good}.3" in world.posts.events(EVENTS_URL)


def test_a_turn_handed_on_between_reading_and_judging_is_not_taken_away() -> None:
    world = World()
    one, two, three = (running(world, world.process(), key=key) for key in "abc")
    up_to(world, one, Phase.RESTORING)
    stale = world.process().parts.board.look(VAULT, world.clock.now())
    up_to(world, two, Phase.VALIDATING)
    process = world.process()
    process.parts.board.look = lambda vault, now: stale  # type: ignore[method-assign]
    process.sweep.run()
    holder = [row.text("restore") for row in world.live("turn")]
    assert holder == [two]
    world.settle(world.process())
    assert [restore for restore, _ in world.azure.posted] == [one, two, three]
