"""Azure's `Date` is the only clock that proves anything: where it is missing, no clock of ours stands in for it."""

import httpx
import pytest

from local.stack.answers import arm_over
from shared.azure.arm_calls import ArmCalls
from shared.azure.port import Doubt
from shared.domain.problems import Trouble
from shared.domain.restore import Phase
from shared.workflow.operator_acts import Act
from shared.workflow.proof import NO_DATE
from tests.kits.stories import now_is, up_to
from tests.kits.world import EVENTS_URL, World, running
from tests.stories.proof_kit import later, posts_of, resolution

ACT = Act(by="dba", reason="no longer needed")


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")


def in_doubt(took: bool, dated_before: bool = True) -> tuple[World, str]:
    """A restore whose POST is in doubt; from there on no answer of Azure has a Date."""
    world = World()
    world.azure.dated = dated_before
    world.azure.script["answer" if took else "submit"] = [Doubt("reset")]
    one = running(world, world.process())
    up_to(world, one, Phase.SUBMITTING)
    world.azure.dated = False
    return world, one


def test_without_a_date_nothing_is_proven_and_nothing_is_lost_by_the_grace() -> None:
    world, one = in_doubt(took=False)
    later(world, rounds=40, seconds=900)
    restore = now_is(world, one)
    assert (restore.phase, restore.readings, posts_of(world, one)) == (Phase.SUBMITTING, None, 0)
    assert NO_DATE in (restore.trouble or "")
    world.azure.dated = True
    world.settle(world.process(), rounds=200)
    restore = now_is(world, one)
    assert (restore.phase, posts_of(world, one)) == (Phase.SUCCEEDED, 1)
    first, second = restore.attempts
    assert (second.at - first.at).total_seconds() >= 40 * 900 + world.pace.grace_before_second


def test_without_a_date_for_long_it_is_overdue_and_then_lost() -> None:
    world, one = in_doubt(took=False)
    later(world, rounds=14, seconds=3600)
    restore = now_is(world, one)
    assert (restore.phase, restore.overdue_at is not None) == (Phase.SUBMITTING, True)
    assert any(event.startswith(one) for event in world.posts.events(EVENTS_URL))
    later(world, rounds=14, seconds=3600)
    assert (now_is(world, one).phase, posts_of(world, one)) == (Phase.LOST, 0)


def test_a_token_needs_no_date() -> None:
    world, one = in_doubt(took=True)
    world.settle(world.process())
    assert (now_is(world, one).phase, posts_of(world, one)) == (Phase.SUCCEEDED, 1)


def test_an_attempt_without_azures_time_is_never_proven_absent() -> None:
    world, one = in_doubt(took=False, dated_before=False)
    world.azure.dated = True
    later(world, rounds=30, seconds=900)
    restore = now_is(world, one)
    assert (restore.phase, restore.attempts[0].since, posts_of(world, one)) == (Phase.LOST, None, 0)
    assert "no time of Azure's own" in (restore.trouble or "")
    late = world.azure.job_of_nobody("pg-a")
    world.azure.jobs_by_id[late].request_id = restore.attempts[0].request_id
    later(world, rounds=8, seconds=900)
    assert (now_is(world, one).phase, now_is(world, one).job is not None) == (Phase.SUCCEEDED, True)


def test_without_azures_time_any_restore_job_of_the_instance_may_be_the_attempts() -> None:
    world, one = in_doubt(took=False, dated_before=False)
    world.azure.dated, world.azure.echoes = True, False
    old = world.azure.job_of_nobody("pg-a", started_after=-5 * 86400)
    later(world, rounds=3, seconds=900)
    assert old in (now_is(world, one).trouble or "")


def test_a_person_is_told_that_it_cannot_be_proven_now_and_may_send_it_anew() -> None:
    world, one = in_doubt(took=False, dated_before=False)
    world.azure.dated = True
    later(world, rounds=3, seconds=900)
    world.azure.dated = False
    process = world.process()
    process.acts.resolve(now_is(world, one), resolution("resubmit"))
    with pytest.raises(Trouble, match="no Date"):
        process.acts.withdraw(now_is(world, one), ACT)
    assert now_is(world, one).phase in (Phase.VALIDATED, Phase.VALIDATING, Phase.ACCEPTED)
    world.settle(world.process())
    assert (now_is(world, one).phase, posts_of(world, one)) == (Phase.SUCCEEDED, 1)


def test_the_date_of_an_earlier_answer_is_not_the_time_of_a_later_one() -> None:
    answers = iter([{"date": "Thu, 01 Oct 2026 12:00:00 GMT"}, {}, {"date": "nonsense"}])
    arm = arm_over(lambda _: httpx.Response(200, json={"value": []}, headers=next(answers)))
    calls, seen = ArmCalls(arm, "2024-04-01", 60), []
    for _ in range(3):
        assert list(calls.pages("GET", "/x")) == []
        seen.append(calls.azure_time() and str(calls.azure_time()))
    assert seen == ["2026-10-01 12:00:00+00:00", None, None]
