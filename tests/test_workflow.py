"""A restore's way, told as stories: doubt, turns, deadlines, pauses, quiet times, workers that stall or race."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from fakes import VAULT, Clock
from world import DESK_MODEL, EVENTS_URL, World, body, desk_with, faster, running

from shared import keys
from shared.acts import Act
from shared.board import Pause
from shared.ledger import Ledger
from shared.outbox import Outbox
from shared.parts import Doubt, Gone, NotSent, Rejected
from shared.problems import Ours, Trouble
from shared.restore import AzureError, Phase, Restore
from shared.store import Change

FILES_SAID = ["accepted", "turn taken", "validating", "validated", "submitting", "submitted", "restoring", "succeeded"]


def now_is(world: World, restore_id: str) -> Restore:
    found = Ledger(world.store).load(restore_id)
    assert found is not None
    return found


def up_to(world: World, restore_id: str, phase: Phase) -> None:
    """Rounds until a restore has come to a phase."""
    process = world.process()
    for _ in range(40):
        if now_is(world, restore_id).phase is phase:
            return
        world.deliver(process)
        process.sweep.run()
        if now_is(world, restore_id).phase is not phase:
            world.clock.advance(world.next_due())
    assert now_is(world, restore_id).phase is phase


def no(code: str = "UserErrorNo", status: int = 400) -> Rejected:
    return Rejected(AzureError(stage="submission", code=code, message="no"), status)


def test_a_restore_runs_to_its_end_and_each_call_is_made_as_often_as_needed() -> None:
    world = World()
    one = running(world, world.process())
    world.settle(world.process())
    restore = now_is(world, one)
    assert [entry.what for entry in restore.timeline] == FILES_SAID
    assert (restore.outcome, world.azure.count("submit"), world.azure.count("validate")) == ("filesDelivered", 1, 1)
    assert world.azure.count("operation") == 2
    assert world.faults({one}) == []


def test_a_request_of_the_queue_runs_too_and_its_message_sends_the_wakes() -> None:
    world = World()
    world.put(json.dumps(body()).encode())
    world.deliver(world.process())
    assert [json.loads(message.body)["wake"] for message in world.queue] == [1]
    world.settle(world.process())
    assert [r.phase for r in world.restores()] == [Phase.SUCCEEDED]


def test_a_wake_that_comes_twice_goes_on_once() -> None:
    world = World()
    running(world, world.process())
    first = world.queue[0]
    world.deliver(world.process())
    process = world.process()
    for _ in range(3):
        process.queue_in.message(first.body, first.id)
    assert len(world.queue) == 1, "only the wake whose number the row has sends the next"


def test_a_lost_message_is_no_lost_restore() -> None:
    world = World()
    one = running(world, world.process())
    for _ in range(60):
        world.queue.clear()
        world.process().sweep.run()
        world.clock.advance(30)
    assert now_is(world, one).phase is Phase.SUCCEEDED


def test_the_queue_is_down_and_requests_are_still_accepted_and_end() -> None:
    world = World()

    def down(name: str, act: object, args: object) -> object:
        if name == "send":
            raise Trouble("the queue could not be used")
        return act()  # type: ignore[operator]

    process = world.process(down)
    answer = process.post(body())
    assert answer.status == 202
    world.settle(process)
    assert [r.phase for r in world.restores()] == [Phase.SUCCEEDED]


def test_a_swallowed_202_is_adopted_and_not_resubmitted() -> None:
    world = World()
    world.azure.script["answer"] = [Doubt("the answer to the POST was lost (ReadTimeout)")]
    one = running(world, world.process())
    world.settle(world.process())
    restore = now_is(world, one)
    assert (restore.phase, world.azure.count("submit")) == (Phase.SUCCEEDED, 1)
    assert [a.ended for a in restore.attempts] == ["adopted"]
    assert world.faults({one}) == []


def test_a_job_that_is_listed_only_late_in_the_grace_is_adopted_too() -> None:
    world = World()
    world.azure.listed_after = 850
    world.azure.script["answer"] = [Doubt("reset")]
    one = running(world, world.process())
    world.settle(world.process())
    assert (now_is(world, one).phase, world.azure.count("submit")) == (Phase.SUCCEEDED, 1)


def test_a_post_that_never_arrived_is_sent_anew_once_the_vault_is_known_to_echo() -> None:
    world = World()
    running(world, world.process(), key="teacher")
    world.settle(world.process())
    world.azure.script["submit"] = [Doubt("reset before anything")]
    began = world.clock.now()
    two = running(world, world.process(), key="pupil")
    world.settle(world.process())
    restore = now_is(world, two)
    assert restore.phase is Phase.SUCCEEDED
    assert [a.ended for a in restore.attempts] == ["never arrived", "taken"]
    assert restore.attempts[1].at - began >= timedelta(minutes=15)
    assert world.faults() == []


@pytest.mark.parametrize("echoes_prefix", [True, False], ids=["prefix echoed", "nothing echoed"])
def test_a_vault_that_does_not_echo_ids_is_told_by_the_prefix_or_parked(echoes_prefix: bool) -> None:
    world = World()
    world.azure.echoes, world.azure.echoes_prefix = False, echoes_prefix
    world.azure.script["answer"] = [Doubt("reset")]
    one = running(world, world.process())
    two = running(world, world.process(), key="behind")
    world.settle(world.process())
    assert now_is(world, one).phase is (Phase.SUCCEEDED if echoes_prefix else Phase.LOST)
    assert now_is(world, two).phase is (Phase.SUCCEEDED if echoes_prefix else Phase.ACCEPTED)
    assert world.azure.count("submit") == (2 if echoes_prefix else 1)


def test_an_empty_reading_is_no_proof_while_a_job_of_the_instance_cannot_be_read() -> None:
    world = World()
    running(world, world.process(), key="teacher")
    world.settle(world.process())
    world.azure.script["answer"] = [Doubt("reset")]
    two = running(world, world.process(), key="pupil")
    up_to(world, two, Phase.SUBMITTING)
    next(job for job in world.azure.jobs_by_id.values() if job.restore == two).hidden = True
    world.settle(world.process())
    assert (now_is(world, two).phase, world.azure.count("submit")) == (Phase.LOST, 2)


def test_a_job_that_comes_to_light_before_the_next_attempt_is_adopted() -> None:
    world = World()
    running(world, world.process(), key="teacher")
    world.settle(world.process())
    world.azure.listed_after = 3600
    world.azure.script["answer"] = [Doubt("reset")]
    two = running(world, world.process(), key="pupil")
    up_to(world, two, Phase.SUBMITTING)
    world.process().parts.board.set_paused(Pause("dba", "maintenance", world.clock.now()))
    up_to(world, two, Phase.VALIDATED)
    world.clock.advance(3600)
    world.process().parts.board.set_paused(None)
    world.settle(world.process())
    assert (now_is(world, two).phase, len(world.azure.posted)) == (Phase.SUCCEEDED, 2)
    assert world.faults() == []


def test_ten_workers_on_one_restore_post_once() -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.VALIDATING)
    world.clock.advance(60)
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda process: process.workflow.advance(one), [world.process() for _ in range(10)]))
    assert world.azure.count("submit") == 1
    world.settle(world.process())
    assert world.faults({one}) == []


def test_a_worker_that_stalls_between_save_and_post_sends_nothing() -> None:
    world = World()
    one = running(world, world.process())
    world.azure.script["submit"] = [lambda: world.clock.advance(world.pace.submit_window + 1)]
    world.settle(world.process())
    restore = now_is(world, one)
    assert [a.ended for a in restore.attempts] == ["not sent", "taken"]
    assert (restore.phase, len(world.azure.posted)) == (Phase.SUCCEEDED, 1)


def test_clocks_that_are_minutes_apart_submit_once() -> None:
    for apart in (-280.0, 280.0):
        world = World()
        running(world, world.process(), key="teacher")
        world.settle(world.process())
        world.azure.listed_after = 890
        world.azure.script["answer"] = [Doubt("reset")]
        one = running(world, world.process(), key="k2")
        up_to(world, one, Phase.SUBMITTING)
        other = Clock()
        for _ in range(60):
            other.at = world.clock.at + timedelta(seconds=apart)
            world.process(clock=other).sweep.run()
            world.clock.advance(60)
        assert [posted for posted, _ in world.azure.posted].count(one) == 1
        assert now_is(world, one).phase is Phase.SUCCEEDED


def test_two_restores_of_one_instance_run_in_the_order_of_acceptance() -> None:
    world = World()
    one, two = (running(world, world.process(), key=key) for key in ("first", "second"))
    up_to(world, one, Phase.RESTORING)
    waits = now_is(world, two)
    assert (waits.phase, waits.waiting_for) == (Phase.ACCEPTED, one)
    world.settle(world.process())
    assert [restore for restore, _ in world.azure.posted] == [one, two]
    closed = now_is(world, one).closed_at
    assert closed is not None
    assert (now_is(world, two).turn_at or closed) >= closed


def test_a_dry_run_takes_no_turn_and_submits_nothing() -> None:
    world = World()
    one = running(world, world.process(), key="real")
    two = running(world, world.process(), key="dry", dryRun=True)
    up_to(world, two, Phase.CHECKED)
    assert not now_is(world, one).closed
    world.settle(world.process())
    assert [restore for restore, _ in world.azure.posted] == [one]


def test_pause_holds_what_is_not_submitted_and_resume_lets_it_go() -> None:
    world = World()
    board = world.process().parts.board
    board.set_paused(Pause("dba", "maintenance", world.clock.now()))
    one = running(world, world.process())
    up_to(world, one, Phase.VALIDATED)
    world.clock.advance(600)
    world.process().sweep.run()
    assert "paused by dba" in (now_is(world, one).trouble or "")
    assert world.azure.count("submit") == 0
    board.set_paused(None)
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


def test_a_429_to_the_post_itself_silences_too_and_the_back_off_grows() -> None:
    world = World()
    world.azure.script["submit"] = [NotSent("Azure answered 429 to the POST", None, True) for _ in range(4)]
    one = running(world, world.process())
    world.settle(world.process())
    restore = now_is(world, one)
    gaps = [(b.at - a.at).total_seconds() for a, b in zip(restore.attempts, restore.attempts[1:], strict=False)]
    assert restore.phase is Phase.SUCCEEDED
    assert len(gaps) == 4
    assert gaps == sorted(gaps)
    assert gaps[-1] > 4 * gaps[0]


@pytest.mark.parametrize("code", ["UserErrorNo", "UserErrorMaxConcurrentOperationLimitReached"])
def test_a_no_to_the_post_ends_it_unless_it_passes(code: str) -> None:
    world = World()
    world.azure.script["submit"] = [no(code)]
    one = running(world, world.process())
    world.settle(world.process())
    assert now_is(world, one).phase is (Phase.FAILED if code == "UserErrorNo" else Phase.SUCCEEDED)
    assert world.faults({one}) == []


def test_an_operation_whose_url_expired_is_followed_by_its_job() -> None:
    world = World()
    world.azure.operation_gone = True
    one = running(world, world.process())
    world.settle(world.process())
    assert (now_is(world, one).phase, len(world.azure.posted)) == (Phase.SUCCEEDED, 1)


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
    world.azure.script[stage] = [no("AuthorizationFailed", 403)] * 300
    for _ in range(100):
        world.process().sweep.run()
        world.clock.advance(120)
    assert now_is(world, one).overdue_at is not None
    world.azure.script.clear()
    world.settle(world.process())
    assert now_is(world, one).phase is Phase.SUCCEEDED


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
    board.set_paused(Pause("dba", "wait", world.clock.now()))
    one = running(world, world.process())
    up_to(world, one, Phase.VALIDATED)
    world.desk = desk_with(instances={"pg-b": DESK_MODEL.instances["pg-b"]})
    board.set_paused(None)
    world.settle(world.process())
    restore = now_is(world, one)
    assert (restore.phase, restore.error.code if restore.error else "") == (Phase.REFUSED, "NoLongerAllowed")
    assert world.azure.count("submit") == 0


def test_one_bad_row_never_holds_up_the_sweep() -> None:
    world = World()
    good = running(world, world.process(), instance="pg-b")
    bad, newer, broken = (running(world, world.process(), key=key, dryRun=True) for key in ("x", "y", "z"))
    place = keys.vault_partition(VAULT)
    opens = {row.text("restore"): row.key for row in world.live("open")}
    world.store.commit(place, [Change("update", opens[bad], {"due": "when it rains", "phase": "restoring"})])
    world.store.commit(place, [Change("update", opens[newer], {"phase": "dancing"})])
    world.store.commit(place, [Change("update", keys.restore(broken), {"json0": "{"})])
    notice = next(row for row in world.live("owed") if row.text("restore") == bad)
    world.store.commit(place, [Change("update", notice.key, {"json0": "{", "due": notice.text("due")})])
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
    stale = world.process().parts.board.live(VAULT)
    up_to(world, two, Phase.VALIDATING)
    process = world.process()
    process.parts.board.live = lambda vault: stale  # type: ignore[method-assign]
    process.sweep.run()
    holder = [row.text("restore") for row in world.live("turn")]
    assert holder == [two]
    world.settle(world.process())
    assert [restore for restore, _ in world.azure.posted] == [one, two, three]


def test_withdrawn_while_a_message_is_on_its_way_it_is_never_submitted() -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.VALIDATING)
    world.process().acts.withdraw(now_is(world, one), Act(by="dba", reason="not needed"))
    world.settle(world.process())
    assert (now_is(world, one).phase, world.azure.count("submit")) == (Phase.WITHDRAWN, 0)
    assert world.faults({one}) == []
