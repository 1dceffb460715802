"""`adopt` by hand: one row for each thing that speaks against a job, with all others satisfied."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.outcomes import TrackLost
from shared.domain.problems import Problem
from shared.domain.restore import Phase, Restore
from shared.storage import row_keys
from shared.storage.store import Change
from shared.workflow.operator_acts import Resolution
from tests.kits.fake_azure import FakeJob
from tests.kits.fakes import VAULT
from tests.kits.stories import now_is, up_to
from tests.kits.world import World, running


def lost(world: World, echoes: bool = False) -> tuple[Restore, FakeJob]:
    """A lost restore whose job runs; without an echo only a person can know whose it is."""
    world.azure.echoes = echoes
    one = running(world, world.process())
    up_to(world, one, Phase.RESTORING)
    restore = now_is(world, one)
    parts = world.process().parts
    unknown = restore.model_copy(update={"job": None, "phase": Phase.SUBMITTED})
    saved = parts.ledger.save(restore, unknown)
    world.store.commit(row_keys.partition(one), [Change("delete", row_keys.job(str(restore.job and restore.job.id)))])
    world.process().workflow.save(saved, TrackLost("nobody knows", world.clock.now() + timedelta(hours=1)))
    return now_is(world, one), next(iter(world.azure.jobs_by_id.values()))


def adopt(world: World, restore: Restore, job: str | None) -> Restore:
    said = Resolution.model_validate({"by": "dba", "reason": "seen", "resolution": "adopt", "jobId": job})
    return world.process().acts.resolve(restore, said)


def test_a_job_against_which_nothing_speaks_is_adopted() -> None:
    world = World()
    restore, job = lost(world)
    adopted = adopt(world, restore, job.id)
    assert (adopted.phase, adopted.job and adopted.job.id) == (Phase.RESTORING, job.id)
    assert adopted.due == world.clock.now() + timedelta(seconds=1)
    assert "adopted by dba: seen" in (adopted.timeline[-1].note or "")


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("The job is another instance's", {"instance": f"{VAULT}/backupInstances/pg-b"}),
    ("The job is another instance's", {"instance": ""}),
    ("The job goes elsewhere", {"destination": "https://dumps.blob.core.windows.net/other"}),
    ("The job goes elsewhere", {"destination": ""}),
    ("The job goes elsewhere", {"destination": None}),
]


@pytest.mark.parametrize(("title", "changes"), WRONG)
@pytest.mark.parametrize("ours", [False, True])
def test_one_thing_that_speaks_against_it_refuses_it_unless_it_carries_a_token(
    title: str, changes: dict[str, Any], ours: bool
) -> None:
    world = World()
    restore, job = lost(world, echoes=ours)
    for name, value in changes.items():
        setattr(job, name, value)
    if ours:
        assert adopt(world, restore, job.id).phase is Phase.RESTORING
        return
    with pytest.raises(Problem) as caught:
        adopt(world, restore, job.id)
    assert (caught.value.status, caught.value.title, caught.value.where) == (422, title, "jobId")
    assert now_is(world, restore.id).phase is Phase.LOST


@pytest.mark.parametrize(("seconds", "taken"), [(-121, False), (-120, True), (-119, True)])
def test_a_job_that_began_before_the_first_attempt_is_not_its_own(seconds: float, taken: bool) -> None:
    world = World()
    restore, job = lost(world)
    since = restore.attempts[0].since
    assert since is not None
    job.started = since + timedelta(seconds=seconds)
    if taken:
        assert adopt(world, restore, job.id).phase is Phase.RESTORING
        return
    with pytest.raises(Problem) as caught:
        adopt(world, restore, job.id)
    assert caught.value.title == "The job is older than the restore"
    assert f"began at {job.started}, before the first attempt" in caught.value.detail


@pytest.mark.parametrize(("holder", "taken"), [("yoeytdsl-other", False), ("itself", True)])
@pytest.mark.parametrize("ours", [False, True])
def test_a_job_that_another_restore_holds_is_not_adopted(holder: str, taken: bool, ours: bool) -> None:
    world = World()
    restore, job = lost(world, echoes=ours)
    fields = {"restore": restore.id if holder == "itself" else holder}
    world.store.commit(row_keys.partition(restore.id), [Change("put", row_keys.job(job.id), fields)])
    if taken:
        assert adopt(world, restore, job.id).phase is Phase.RESTORING
        return
    with pytest.raises(Problem) as caught:
        adopt(world, restore, job.id)
    assert (caught.value.title, "yoeytdsl-other" in str(caught.value)) == ("The job is another restore's", True)


def test_a_job_that_is_not_there_or_not_named_is_not_adopted() -> None:
    world = World()
    restore, _ = lost(world)
    for name, title in (
        (None, "The job is missing"),
        ("99999999-0000-0000-0000-000000000009", "The job was not found"),
    ):
        with pytest.raises(Problem) as caught:
            adopt(world, restore, name)
        assert (caught.value.status, caught.value.title) == (422, title)
