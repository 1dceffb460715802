"""What a person may do about a job: what became of it decides; one that cannot be read prevents no closing."""

import pytest

from shared.azure.port import Doubt, Gone
from shared.domain.problems import Problem
from shared.domain.restore import BY_HAND, Attempt, Job, Phase
from shared.storage import row_keys
from shared.storage.ledger import Ledger
from shared.storage.store import Change
from shared.workflow.operator_acts import Again, Resolution
from shared.workflow.tracking import poll_job
from tests.kits.fakes import START
from tests.kits.stories import no, now_is, up_to
from tests.kits.world import World, running
from tests.unit.workflow.kit import ACT


def test_a_restoring_restore_without_a_job_is_looked_for_in_the_vaults_jobs() -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.RESTORING)
    found = poll_job(world.process().parts, now_is(world, one).model_copy(update={"job": None}))
    assert type(found).__name__ == "Adopted"


@pytest.mark.parametrize("error", [no("AuthorizationFailed", 403), Gone("404")])
def test_a_person_is_told_that_the_jobs_cannot_be_read(error: Exception) -> None:
    world = World()
    world.azure.echoes = False
    world.azure.script["answer"] = [Doubt("reset")]
    one = running(world, world.process())
    up_to(world, one, Phase.LOST)
    acts = world.process().acts
    closed = acts.resolve(now_is(world, one), Resolution(by="dba", reason="no", resolution="close"))
    world.azure.script["jobs"] = [error]
    with pytest.raises(Problem) as caught:
        acts.again(closed, Again(by="dba", reason="again"), None)
    assert (caught.value.status, caught.value.title) == (503, "The vault's jobs cannot be read")


@pytest.mark.parametrize(("error", "phase"), [(Gone("404"), Phase.FAILED), (no("X", 403), Phase.FAILED)])
def test_a_job_that_cannot_be_read_does_not_keep_a_person_from_closing(error: Exception, phase: Phase) -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.RESTORING)
    found = now_is(world, one).model_copy(update={"phase": Phase.LOST})
    saved = Ledger(world.store).save(now_is(world, one), found)
    world.azure.script["job"] = [error]
    closed = world.process().acts.resolve(saved, Resolution(by="dba", reason="no", resolution="close"))
    assert closed.phase is phase


# --- a person's words -------------------------------------------------------------------------------------------------
def test_a_persons_word_stands_for_the_attempts_that_nothing_proves() -> None:
    attempts = tuple(
        Attempt(number=n, request_id=str(n), at=START, ended=ended)
        for n, ended in enumerate(("not sent", "answered", "never arrived", "in doubt", None), 1)
    )
    world = World()
    one = now_is(world, running(world, world.process()))
    lost = one.model_copy(update={"phase": Phase.LOST, "attempts": attempts, "job": Job(id="j", status="x")})
    acts = world.process().acts
    event = acts._resolution(
        lost.model_copy(update={"job": None}), Resolution(by="dba", reason="none there", resolution="resubmit")
    )
    after = event.changes(lost, START)["attempts"]
    assert [attempt.ended for attempt in after] == ["not sent", "answered", "never arrived", BY_HAND, BY_HAND]


def test_what_became_of_a_job_decides_what_a_person_may_say() -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.RESTORING)
    found = now_is(world, one)
    lost = Ledger(world.store).save(found, found.model_copy(update={"phase": Phase.LOST}))
    acts, close = world.process().acts, Resolution(by="dba", reason="no", resolution="close")
    with pytest.raises(Problem, match="cancel it there first, or wait for it"):
        acts.resolve(lost, close)
    (job,) = world.azure.jobs_by_id.values()
    job.ends, job.end_status = world.clock.now(), "Failed"
    assert acts._known_job(lost, close) is None
    job.end_status = "Completed"
    adopted = acts._known_job(lost, close)
    assert adopted
    assert adopted.note() == f"job {job.id}, it had succeeded when dba resolved it: no"
    assert acts._known_job(lost.model_copy(update={"job": None}), close) is None
    job.end_status = "Failed"
    assert acts.resolve(lost, close).phase is Phase.FAILED


def test_a_restore_that_is_gone_while_a_person_acts_is_a_404() -> None:
    world = World()
    one = now_is(world, running(world, world.process()))
    world.store.commit(row_keys.partition(one.id), [Change("delete", row_keys.restore(one.id))])
    with pytest.raises(Problem) as caught:
        world.process().acts.withdraw(one, ACT)
    assert caught.value.status == 404
