"""An operator's acts: each with who and why, each only where it is possible, none twice."""

import pytest

from shared.azure.port import Doubt, Rejected
from shared.domain.problems import Problem
from shared.domain.restore import AzureError, Phase, Restore
from shared.workflow.intake import Caller
from shared.workflow.operator_acts import Act, Again, Resolution
from tests.kits.breaker import Break, Breaker
from tests.kits.stories import now_is, up_to
from tests.kits.world import World, running

ACT = Act(by="dba", reason="not needed")


def lost(world: World, key: str = "k", instance: str = "pg-a") -> Restore:
    world.azure.echoes = False
    world.azure.script["answer"] = [Doubt("reset")]
    one = running(world, world.process(), instance, key)
    world.settle(world.process())
    return now_is(world, one)


def resolution(how: str, job: str | None = None) -> Resolution:
    more = {"jobId": job} if job else {}
    return Resolution.model_validate({"by": "dba", "reason": "seen in the vault", "resolution": how, **more})


@pytest.mark.parametrize("phase", [Phase.ACCEPTED, Phase.VALIDATING])
def test_withdraw_before_submission_gives_the_turn_to_the_next(phase: Phase) -> None:
    world = World()
    one, two = (running(world, world.process(), key=key) for key in "ab")
    up_to(world, one, phase)
    withdrawn = world.process().acts.withdraw(now_is(world, one), ACT)
    assert withdrawn.phase is Phase.WITHDRAWN
    assert withdrawn.timeline[-1].note == "by dba: not needed"
    world.settle(world.process())
    assert [restore for restore, _ in world.azure.posted] == [two]
    assert world.faults() == []


def test_withdraw_after_submission_is_a_409_that_says_what_is_possible() -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.RESTORING)
    with pytest.raises(Problem) as caught:
        world.process().acts.withdraw(now_is(world, one), ACT)
    assert (caught.value.status, caught.value.more["possible"]) == (409, [])
    assert "it is restoring; only a restore that is accepted, validated, validating can be withdrawn" in str(
        caught.value
    )


def test_withdraw_whose_own_save_came_back_as_a_conflict_is_done() -> None:
    world = World()
    restore = now_is(world, running(world, world.process()))
    process = world.process(Breaker({2: Break.CONFLICT_AFTER}))
    assert process.acts.withdraw(restore, ACT).phase is Phase.WITHDRAWN


def test_lost_is_left_by_adopting_its_job() -> None:
    world = World()
    restore = lost(world)
    job = next(iter(world.azure.jobs_by_id))
    world.process().acts.resolve(restore, resolution("adopt", job))
    world.settle(world.process())
    assert (now_is(world, restore.id).phase, len(world.azure.posted)) == (Phase.SUCCEEDED, 1)
    assert world.faults() == []


def test_a_job_of_another_instance_place_or_restore_is_not_adopted() -> None:
    world = World()
    a, b = lost(world), lost(world, "k2", "pg-b")
    job_a, job_b = world.azure.jobs_by_id
    acts = world.process().acts
    for wrong in (job_b, "00000000-0000-0000-0000-999999999999", None):
        with pytest.raises(Problem) as caught:
            acts.resolve(a, resolution("adopt", wrong))
        assert (caught.value.status, caught.value.where) == (422, "jobId")
    world.azure.jobs_by_id[job_a].destination = "https://elsewhere.blob.core.windows.net/c"
    with pytest.raises(Problem):
        acts.resolve(a, resolution("adopt", job_a))
    assert acts.resolve(b, resolution("adopt", job_b)).phase is Phase.RESTORING


def test_lost_is_left_by_resubmitting_and_keeps_its_turn_all_along() -> None:
    world = World()
    world.azure.script["submit"] = [Doubt("lost before it arrived")]
    one = running(world, world.process())
    two = running(world, world.process(), key="next")
    stranger = world.azure.job_of_nobody("pg-a", started_after=600)
    world.settle(world.process())
    parked = now_is(world, one)
    assert (parked.phase, stranger in (parked.trouble or "")) == (Phase.LOST, True)
    world.clock.advance(48 * 3600)
    sent = world.process().acts.resolve(parked, resolution("resubmit"))
    assert stranger in (sent.timeline[-1].note or ""), "the jobs that were shown are kept as the evidence"
    world.settle(world.process())
    assert [restore for restore, _ in world.azure.posted] == [one, two]
    assert world.faults() == []


def test_lost_is_left_by_closing_and_gives_its_turn_back() -> None:
    world = World()
    restore = lost(world)
    closed = world.process().acts.resolve(restore, resolution("close"))
    assert closed.error is not None
    assert (closed.phase, closed.error.code) == (Phase.FAILED, "ClosedByHand")
    assert world.live("turn") == []
    with pytest.raises(Problem) as caught:
        world.process().acts.resolve(closed, resolution("close"))
    assert caught.value.more["possible"] == ["again"]


def test_again_asks_once_more_from_the_same_point_and_only_once_under_a_key() -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.VALIDATING)
    acts = world.process().acts
    withdrawn = acts.withdraw(now_is(world, one), ACT)
    act = Again.model_validate({"by": "dba", "reason": "after all", "idempotencyKey": "again-1"})
    first, second = (acts.again(withdrawn, act, None) for _ in range(2))
    assert (first.created, second.created, first.restore.id) == (True, False, second.restore.id)
    assert first.restore.again_of == one
    assert first.restore.asked["recoveryPoint"] == {"id": "pt-1"}
    world.settle(world.process())
    assert now_is(world, first.restore.id).phase is Phase.SUCCEEDED


def test_again_of_what_was_never_taken_or_whose_source_is_gone_is_a_409() -> None:
    world = World()
    process = world.process()
    refused = process.intake.refuse({}, Problem(422, "No", "no"), Caller("queue", "m1")).restore
    one = running(world, process)
    ticket = now_is(world, one).model_copy(update={"source": "tickets/jira", "phase": Phase.FAILED})
    for restore in (refused, ticket):
        with pytest.raises(Problem) as caught:
            process.acts.again(restore, Again(by="dba", reason="please"), None)
        assert caught.value.status == 409


def test_a_notice_settled_meanwhile_is_no_error_of_ours() -> None:
    world = World()
    one = running(world, world.process())
    process = world.process()
    process.sweep.run()
    stale = process.parts.outbox.of_restore(one)[0]
    process.acts.resend(stale)
    with pytest.raises(Problem) as caught:
        process.acts.resend(stale)
    assert caught.value.status == 409


def test_again_takes_changes_of_the_request_beside_the_pinned_point() -> None:
    world = World()
    world.azure.end_status = "Failed"
    one = running(world, world.process(), maxAgeHours=9)
    world.settle(world.process())
    act = Again.model_validate({"by": "dba", "reason": "x", "resourceGuardRequests": "auto", "location": "westeurope"})
    asked = world.process().acts.again(now_is(world, one), act, None).restore.asked
    assert asked["recoveryPoint"] == {"id": "pt-1"}
    assert (asked["resourceGuardRequests"], asked["location"]) == ("auto", "westeurope")
    assert "maxAgeHours" not in asked
    act = Again.model_validate({"by": "dba", "reason": "x", "recoveryPoint": "latest", "target": "moon"})
    with pytest.raises(Problem, match="moon"):
        world.process().acts.again(now_is(world, one), act, None)


def test_a_missing_right_is_asked_for_again_for_a_while_and_then_believed() -> None:
    denied = AzureError(stage="validation", code="UserErrorMSIMissingPermissions", message="no Reader")
    world = World()
    world.azure.script["validate"] = [Rejected(denied, 400), Rejected(denied, 400)]
    one = running(world, world.process())
    world.settle(world.process())
    assert now_is(world, one).phase is Phase.SUCCEEDED
    notes = [entry.note or "" for entry in now_is(world, one).timeline]
    assert any("a role may take minutes to work" in note for note in notes)
    world.azure.script["validate"] = [Rejected(denied, 400)] * 30
    two = running(world, world.process(), key="two")
    began = world.clock.now()
    world.settle(world.process())
    ended = now_is(world, two)
    assert ended.phase is Phase.FAILED
    assert ended.closed_at
    assert 500 < (ended.closed_at - began).total_seconds() < 1000


def test_what_succeeded_is_asked_for_anew_by_a_request_of_its_own() -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.SUCCEEDED)
    with pytest.raises(Problem) as caught:
        world.process().acts.again(now_is(world, one), Again(by="me", reason="another target"), None)
    assert "with a request of its own (POST /api/restores)" in str(caught.value)
