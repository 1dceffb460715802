"""Never two jobs for one restore, and none parked whose job can be told: histories in which a POST is in doubt."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.azure.port import Doubt
from shared.azure.responses import JobRead
from shared.domain.problems import Problem, Trouble
from shared.domain.restore import Phase
from shared.notices.outbox import Outbox
from shared.storage.shared_state import Pause
from shared.workflow.operator_acts import Again
from tests.kits.fake_azure import FakeJob
from tests.kits.stories import no, now_is, up_to
from tests.kits.world import running
from tests.stories.proof_kit import ACT, later, posts_of, resolution, world_of


# --- histories that made two jobs of release 0.1.0 ---
def test_a_list_that_reaches_back_14_days_proves_nothing_after_13(quiet_log: None) -> None:
    world = world_of()
    world.azure.script["answer"] = [Doubt("the worker died")]
    one = running(world, world.process(), key="victim")
    up_to(world, one, Phase.SUBMITTING)
    world.clock.advance(15 * 86400)
    world.queue.clear()
    world.settle(world.process(), rounds=200)
    parked = now_is(world, one)
    assert (parked.phase, posts_of(world, one)) == (Phase.LOST, 1)
    assert "14 days" in (parked.trouble or "")


def test_what_a_vault_echoes_in_region_proves_nothing_of_its_cross_region_list(quiet_log: None) -> None:
    world = world_of()
    world.azure.echoes = False
    world.azure.script["answer"] = [Doubt("ReadTimeout")]
    one = running(world, world.process(), key="far", crossRegion=True)
    world.settle(world.process(), rounds=200)
    assert (now_is(world, one).phase, posts_of(world, one)) == (Phase.LOST, 1)


def test_an_empty_cross_region_list_is_no_proof(quiet_log: None) -> None:
    world = world_of()
    world.azure.script["submit"] = [Doubt("reset before anything")]
    one = running(world, world.process(), key="far", crossRegion=True)
    world.settle(world.process(), rounds=200)
    assert now_is(world, one).phase is Phase.LOST


@pytest.mark.parametrize("moment", ["validated", "again validated"])
def test_withdraw_looks_for_a_job_that_was_listed_late(moment: str, quiet_log: None) -> None:
    world = world_of()
    world.azure.listed_after, world.azure.job_seconds = 3 * 3600, 20000
    world.azure.script["answer"] = [Doubt("reset")]
    one, two = (running(world, world.process(), key=key) for key in ("one", "two"))
    up_to(world, one, Phase.SUBMITTING)
    board = world.process().parts.board
    board.set_paused(Pause("dba", "maintenance", world.clock.now()), world.clock.now())
    up_to(world, one, Phase.VALIDATED)
    if moment == "again validated":
        later(world, 6, 60)
        assert now_is(world, one).phase is Phase.VALIDATED
    world.clock.advance(3 * 3600)
    after = world.process().acts.withdraw(now_is(world, one), ACT)
    assert after.phase is Phase.RESTORING
    board.set_paused(None, world.clock.now())
    later(world, 20, 30)
    assert now_is(world, two).phase is Phase.ACCEPTED
    assert posts_of(world, two) == 0


def test_withdraw_after_a_persons_resubmit_is_lost_not_withdrawn(quiet_log: None) -> None:
    world = world_of()
    world.azure.script["submit"] = [Doubt("reset")]
    one = running(world, world.process(), key="one")
    stranger = world.azure.job_of_nobody("pg-a", started_after=600)
    up_to(world, one, Phase.LOST)
    sent = world.process().acts.resolve(now_is(world, one), resolution("resubmit"))
    assert sent.phase is Phase.VALIDATED
    after = world.process().acts.withdraw(sent, ACT)
    assert (after.phase, stranger in (after.trouble or "")) == (Phase.LOST, True)


@pytest.mark.parametrize("way", ["its URL expired", "its job was not found"])
def test_resubmit_adopts_a_job_that_carries_a_token(way: str, quiet_log: None) -> None:
    world = world_of()
    world.azure.job_seconds = 90000
    if way == "its URL expired":
        world.azure.operation_gone, world.azure.listed_after = True, 7200
        one = running(world, world.process(), key="one")
        up_to(world, one, Phase.LOST)
        world.azure.operation_gone, world.azure.listed_after = False, 0
        for job in world.azure.jobs_by_id.values():
            job.listed_from = world.clock.now()
    else:
        one = running(world, world.process(), key="one")
        up_to(world, one, Phase.RESTORING)
        hidden = [job for job in world.azure.jobs_by_id.values() if job.restore == one]
        for job in hidden:
            job.hidden, job.listed_from = True, world.clock.now() + timedelta(days=30)
        up_to(world, one, Phase.LOST)
        for job in hidden:
            job.hidden, job.listed_from = False, world.clock.now()
    after = world.process().acts.resolve(now_is(world, one), resolution("resubmit"))
    assert after.phase is Phase.RESTORING
    later(world, 10, 20)
    assert posts_of(world, one) == 1


def test_a_lost_restore_adopts_its_own_job_whenever_it_comes_to_light(quiet_log: None) -> None:
    world = world_of()
    world.azure.operation_gone, world.azure.listed_after = True, 9 * 86400
    one = running(world, world.process(), key="one")
    up_to(world, one, Phase.LOST)
    later(world, 10, 86400)
    later(world, 4, 900)
    world.settle(world.process())
    assert (now_is(world, one).phase, posts_of(world, one)) == (Phase.SUCCEEDED, 1)
    events = [n.event for n in Outbox(world.store).of_restore(one) if n.channel == "events"]
    assert events.index("lost") < len(events) - 1 - events[::-1].index("submitted"), "people hear that it was found"


def test_a_lost_restore_is_looked_at_each_15_minutes_and_no_longer_after_13_days(quiet_log: None) -> None:
    world = world_of()
    world.azure.echoes = False
    world.azure.script["answer"] = [Doubt("reset")]
    one = running(world, world.process(), key="one")
    up_to(world, one, Phase.LOST)
    before = world.azure.count("jobs")
    later(world, 12, 300)
    assert 3 <= world.azure.count("jobs") - before <= 5
    world.clock.advance(13 * 86400)
    later(world, 2, 900)
    last = world.azure.count("jobs")
    later(world, 20, 3600)
    assert world.azure.count("jobs") == last
    assert now_is(world, one).phase is Phase.LOST


@pytest.mark.parametrize(
    ("kind", "words"),
    [("backup", "not a restore"), ("older", "before the first attempt"), ("silent", "does not name")],
)
def test_adopt_takes_only_a_restore_of_this_instance_begun_since(kind: str, words: str, quiet_log: None) -> None:
    world = world_of()
    world.azure.script["submit"] = [Doubt("reset")]
    one = running(world, world.process(), key="one")
    job = world.azure.job_of_nobody("pg-a", started_after=600)
    up_to(world, one, Phase.LOST)
    parked, shown = now_is(world, one), world.azure.jobs_by_id[job]
    assert parked.plan is not None
    shown.destination = parked.plan.destination
    if kind == "older":
        shown.started -= timedelta(days=20)
    azure = world.azure
    real = azure._read

    def read(job: FakeJob, whole: bool) -> JobRead:
        given = real(job, whole)
        if job is not shown:
            return given
        if kind == "silent":
            return replace(given, job=given.job.model_copy(update={"started": None}))
        return replace(given, category="backup") if kind == "backup" else given

    azure._read = read  # type: ignore[method-assign]
    with pytest.raises(Problem, match=words):
        world.process().acts.resolve(parked, resolution("adopt", job))
    assert now_is(world, one).phase is Phase.LOST


def test_again_of_a_restore_closed_from_lost_is_refused_where_its_job_came_to_light(quiet_log: None) -> None:
    world = world_of()
    world.azure.operation_gone, world.azure.listed_after = True, 86400
    one = running(world, world.process(), key="one")
    up_to(world, one, Phase.LOST)
    closed = world.process().acts.resolve(now_is(world, one), resolution("close"))
    again = Again.model_validate({"by": "dba", "reason": "once more"})
    world.clock.advance(2 * 86400)
    with pytest.raises(Problem) as caught:
        world.process().acts.again(closed, again, None)
    assert (caught.value.status, "jobId" in caught.value.more) == (409, True)


def test_two_jobs_with_one_token_are_told_and_the_older_is_adopted(quiet_log: None) -> None:
    world = world_of()
    world.azure.script["answer"] = [Doubt("reset")]
    one = running(world, world.process(), key="one")
    up_to(world, one, Phase.SUBMITTING)
    first = next(job for job in world.azure.jobs_by_id.values() if job.restore == one)
    twin = replace(first, id="77777777-0000-0000-0000-000000000000", started=first.started - timedelta(seconds=5))
    world.azure.jobs_by_id[twin.id] = twin
    world.settle(world.process())
    restore = now_is(world, one)
    assert restore.job is not None
    assert (restore.job.id, restore.duplicates) == (twin.id, (first.id,))
    events = [n.event for n in Outbox(world.store).of_restore(one) if n.channel == "events"]
    assert events.count("duplicateJob") == 1


@pytest.mark.parametrize("wall", ["403 on the list", "trouble on the list"])
def test_a_job_list_that_cannot_be_read_is_told_as_overdue_and_nothing_is_sent(wall: str, quiet_log: None) -> None:
    world = world_of()
    world.azure.script["submit"] = [Doubt("reset before anything")]
    one = running(world, world.process(), key="victim")
    up_to(world, one, Phase.SUBMITTING)
    error = (
        no("AuthorizationFailed", 403) if wall.startswith("403") else Trouble("Azure's list has more than 1000 pages")
    )
    world.azure.script["jobs"] = [error] * 5000
    later(world, 14, 3600)
    waiting = now_is(world, one)
    assert (waiting.phase, waiting.overdue_at is not None, posts_of(world, one)) == (Phase.SUBMITTING, True, 0)
    world.azure.script.clear()
    world.settle(world.process(), rounds=200)
    assert (now_is(world, one).phase, posts_of(world, one)) == (Phase.SUCCEEDED, 1)


def test_resolve_acts_on_what_is_overdue_but_not_while_azure_calls_its_job_running(quiet_log: None) -> None:
    world = world_of()
    world.azure.job_seconds = 40 * 3600
    one = running(world, world.process(), key="one")
    up_to(world, one, Phase.RESTORING)
    with pytest.raises(Problem):
        world.process().acts.resolve(now_is(world, one), resolution("close"))
    later(world, 14, 3600)
    late = now_is(world, one)
    assert (late.phase, late.overdue_at is not None) == (Phase.RESTORING, True)
    with pytest.raises(Problem, match="InProgress"):
        world.process().acts.resolve(late, resolution("close"))
    for job in world.azure.jobs_by_id.values():
        job.hidden = job.restore == one
    assert world.process().acts.resolve(late, resolution("close")).phase is Phase.FAILED
