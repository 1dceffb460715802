"""Never two jobs, whatever a person resolves while Azure and the sweep go on."""

import pytest

from shared.azure.port import Doubt
from shared.domain.problems import Problem
from shared.domain.restore import Phase
from shared.workflow.operator_acts import Again
from tests.kits.stories import no, now_is, up_to
from tests.kits.world import World, running
from tests.stories.proof_kit import later, posts_of, resolution, world_of


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")


def overdue(echoes: bool, hours: float) -> tuple[World, str]:
    """A restore whose job runs for so many hours, and which is overdue."""
    world = world_of()
    world.azure.echoes, world.azure.job_seconds = echoes, hours * 3600
    one = running(world, world.process(), key="one")
    up_to(world, one, Phase.RESTORING)
    for _ in range(30):
        if now_is(world, one).overdue_at is None:
            later(world, 1, 1800)
    return world, one


@pytest.mark.parametrize("how", ["resubmit", "close"])
@pytest.mark.parametrize("echoes", [True, False])
@pytest.mark.parametrize("listed", [True, False])
def test_a_job_that_ended_before_a_person_resolved_it_is_the_end_of_its_restore(
    how: str, echoes: bool, listed: bool
) -> None:
    world, one = overdue(echoes, 13)
    late = now_is(world, one)
    assert (late.phase, late.overdue_at is not None) == (Phase.RESTORING, True)
    world.clock.advance(2 * 3600)
    if not listed:
        for job in world.azure.jobs_by_id.values():
            job.listed_from = world.clock.now().replace(year=2030)
    world.process().acts.resolve(late, resolution(how))
    later(world, 100, 60)
    assert (now_is(world, one).phase, posts_of(world, one)) == (Phase.SUCCEEDED, 1)


def test_a_job_that_azure_named_and_then_hid_is_found_again_without_any_echo() -> None:
    world = world_of()
    world.azure.echoes, world.azure.job_seconds = False, 20 * 3600
    one = running(world, world.process(), key="one")
    up_to(world, one, Phase.RESTORING)
    for job in world.azure.jobs_by_id.values():
        job.hidden = job.restore == one
    up_to(world, one, Phase.LOST)
    for job in world.azure.jobs_by_id.values():
        job.hidden = False
    later(world, 4, 900)
    assert now_is(world, one).phase is Phase.RESTORING


@pytest.mark.parametrize("how", ["resubmit", "close"])
def test_a_person_resolves_the_attempt_that_was_looked_at_and_no_later_one(how: str) -> None:
    world = world_of()
    world.azure.script["submit"] = [Doubt("reset before anything")]
    one = running(world, world.process(), key="one")
    up_to(world, one, Phase.SUBMITTING)
    world.azure.script["jobs"] = [no("AuthorizationFailed", 403)] * 5000
    later(world, 14, 3600)
    looked_at = now_is(world, one)
    assert (looked_at.phase, looked_at.overdue_at is not None) == (Phase.SUBMITTING, True)
    world.azure.script.clear()
    world.azure.listed_after = 3600  # the second attempt's answer is lost, its job listed late

    for _ in range(200):
        if len(now_is(world, one).attempts) == 1:
            world.azure.script.setdefault("answer", [Doubt("reset")])
            later(world, 1, 60)
    again = now_is(world, one)
    assert (again.phase, len(again.attempts)) == (Phase.SUBMITTING, 2)
    with pytest.raises(Problem) as caught:
        world.process().acts.resolve(looked_at, resolution(how))
    assert caught.value.status == 409
    world.settle(world.process(), rounds=300)
    assert (now_is(world, one).phase, posts_of(world, one)) == (Phase.SUCCEEDED, 1)


def test_again_of_a_restore_closed_by_hand_is_taken_where_its_job_failed() -> None:
    world = world_of()
    world.azure.operation_gone, world.azure.listed_after, world.azure.end_status = True, 86400, "Failed"
    one = running(world, world.process(), key="one")
    up_to(world, one, Phase.LOST)
    closed = world.process().acts.resolve(now_is(world, one), resolution("close"))
    world.clock.advance(2 * 86400)
    taken = world.process().acts.again(closed, Again.model_validate({"by": "dba", "reason": "once more"}), None)
    assert taken.created
