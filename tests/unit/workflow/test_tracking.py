"""What runs at Azure, asked after: one row for each answer, the event it becomes, and when it is asked again."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from shared.azure.port import Gone
from shared.azure.responses import JobRead, Operation, Stage
from shared.domain.events import Checked, Event, StillRunning, Validated, ValidationGone
from shared.domain.outcomes import (
    BecameOverdue,
    Completed,
    Failed,
    JobProgress,
    JobStarted,
    NotFound,
    TrackGone,
    TrackLost,
)
from shared.domain.pace import Pace
from shared.domain.problems import Trouble
from shared.domain.restore import Attempt, AzureError, Job, Phase, Point, Restore
from shared.workflow.tracking import heard, job_event, overdue, poll_job, poll_operation, poll_validation
from tests.kits.fake_azure import FakeAzure
from tests.kits.fakes import START, VAULT
from tests.kits.stories import no, now_is
from tests.kits.world import World, running

PACE = Pace()
URL = "https://management.azure.com/subscriptions/x/operations/1"
SAID = AzureError(stage="operation", code="UserErrorNo", message="no")
REQUEST_ID = "aaaaaaaa-0000-0000-0000-00000000000A"


@dataclass
class Answers(FakeAzure):
    """An Azure whose operation and job answer what a test says."""

    answer: Any = None
    stages: list[str] = field(default_factory=list)

    def operation(self, url: str, stage: Stage) -> tuple[Operation, float | None]:
        assert url == URL
        self.stages.append(stage)
        if isinstance(self.answer, Exception):
            raise self.answer
        found: tuple[Operation, float | None] = self.answer
        return found

    def job(self, restore: Restore, job_id: str) -> JobRead:
        if isinstance(self.answer, Exception):
            raise self.answer
        found: JobRead = self.answer
        return found


def asked(poll: Any, answer: Any, **changes: Any) -> Event | None:
    world = World()
    world.azure = Answers(world.clock, answer=answer)
    parts = world.process().parts
    one = now_is(world, running(world, world.process(), **changes.pop("asked", {})))
    fields = {"tracking": URL, "attempts": (Attempt(number=1, request_id=REQUEST_ID, at=START),), **changes}
    found: Event | None = poll(parts, one.model_copy(update=fields))
    return found


def operation(ended: str, job: str | None = None, error: AzureError | None = None) -> Operation:
    return Operation(ended, job, error, "TheStatus")  # type: ignore[arg-type]


FOR_GOOD, PASSING = (400, 403, 404, 409, 410), (401, 402, 405, 412, 418)


# --- the validation ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("times", [0, 3])
@pytest.mark.parametrize("gone", [Gone("404"), *(no("X", status) for status in FOR_GOOD)], ids=str)
def test_a_validation_that_cannot_be_followed_is_made_again_later_each_time(gone: Exception, times: int) -> None:
    found = asked(poll_validation, gone, lost_validations=times)
    assert isinstance(found, ValidationGone)
    assert found.due == START + timedelta(seconds=PACE.back_off * 2**times)


@pytest.mark.parametrize("poll", [poll_validation, poll_operation])
@pytest.mark.parametrize("status", PASSING)
def test_any_other_no_is_asked_again(poll: Any, status: int) -> None:
    with pytest.raises(Trouble, match="cannot be followed"):
        asked(poll, no("X", status))


@pytest.mark.parametrize(("said", "wait"), [(None, PACE.poll_default), (2.0, PACE.shortest_poll), (77.0, 77)])
@pytest.mark.parametrize("poll", [poll_validation, poll_operation])
def test_what_runs_is_asked_after_when_azure_says(poll: Any, said: float | None, wait: float) -> None:
    assert asked(poll, (operation("running"), said)) == StillRunning(START + timedelta(seconds=wait))


def test_a_validation_that_passed_is_validated_or_checked() -> None:
    done = (operation("succeeded"), None)
    assert isinstance(asked(poll_validation, done), Validated)
    assert asked(poll_validation, done, asked={"dryRun": True}) == Checked()
    assert isinstance(asked(poll_validation, Gone("never asked"), tracking=None), Validated)


def test_a_validation_that_failed_says_why_or_its_status() -> None:
    error = SAID.model_copy(update={"stage": "validation"})
    assert asked(poll_validation, (operation("failed", None, error), None)) == Failed(error, None)
    bare = asked(poll_validation, (operation("failed"), None))
    assert isinstance(bare, Failed)
    assert (bare.error.stage, bare.error.code, bare.error.message) == ("validation", "TheStatus", "it gave no reason")
    passing = SAID.model_copy(update={"code": "CloudInternalError"})
    again = asked(poll_validation, (operation("failed", None, passing), None))
    assert again == ValidationGone("CloudInternalError: no", START + timedelta(seconds=PACE.back_off))
    missing = SAID.model_copy(update={"code": "UserErrorMsiMissingPermissions"})
    waits = asked(poll_validation, (operation("failed", None, missing), None))
    assert isinstance(waits, ValidationGone)
    assert waits.due == START + timedelta(seconds=PACE.rights_poll)


# --- the operation ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("gone", [Gone("404"), *(no("X", status) for status in FOR_GOOD)], ids=str)
def test_an_operation_that_cannot_be_followed_is_a_track_that_is_gone(gone: Exception) -> None:
    found = asked(poll_operation, gone)
    assert isinstance(found, TrackGone)
    assert found.due == START


def test_what_an_operations_end_means() -> None:
    started = asked(poll_operation, (operation("succeeded", "j"), None))
    assert started == JobStarted(Job(id="j", status="InProgress"), START + timedelta(seconds=PACE.job_likely))
    assert isinstance(asked(poll_operation, (operation("succeeded"), None)), TrackGone)
    assert asked(poll_operation, (operation("failed", None, SAID), None)) == Failed(SAID, None)
    bare = asked(poll_operation, (operation("failed"), None))
    assert isinstance(bare, Failed)
    assert (bare.error.stage, bare.error.code, bare.job) == ("operation", "TheStatus", None)


# --- overdue ----------------------------------------------------------------------------------------------------------
def at(seconds: float) -> Any:
    return START - timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("changes", "late"),
    [
        ({"submitted_at": at(PACE.overdue)}, False),
        ({"submitted_at": at(PACE.overdue + 1)}, True),
        ({"submitted_at": at(PACE.overdue + 1), "overdue_at": START}, False),
        ({"submitted_at": None, "attempts": (Attempt(number=1, request_id="a", at=at(PACE.overdue + 1)),)}, True),
        ({"submitted_at": None, "attempts": ()}, False),
        ({"submitted_at": at(PACE.overdue + 1), "point": Point(id="p", time=START, tier="VaultStore")}, True),
        ({"submitted_at": at(PACE.overdue_archive), "point": Point(id="p", time=START, tier="ArchiveStore")}, False),
        ({"submitted_at": at(PACE.overdue_archive + 1), "point": Point(id="p", time=START, tier="ArchiveStore")}, True),
    ],
)
def test_it_is_overdue_after_its_tiers_time_and_once(changes: dict[str, Any], late: bool) -> None:
    world = World()
    one = now_is(world, running(world, world.process()))
    assert overdue(world.process().parts, one.model_copy(update=changes)) is late


def test_what_says_only_that_it_runs_gives_way_to_overdue_and_an_end_does_not() -> None:
    long_ago = {"submitted_at": at(PACE.overdue + 1)}
    due = START + timedelta(seconds=PACE.poll_default)
    assert asked(poll_operation, (operation("running"), None), **long_ago) == BecameOverdue(due)
    assert asked(poll_operation, Trouble("503"), **long_ago) == BecameOverdue(due)
    assert isinstance(asked(poll_operation, (operation("failed"), None), **long_ago), Failed)
    with pytest.raises(Trouble):
        asked(poll_operation, Trouble("503"))


def test_an_operation_that_runs_is_not_over_though_it_names_its_job() -> None:
    assert isinstance(asked(poll_operation, (operation("running", "j"), None)), StillRunning)


# --- the job ----------------------------------------------------------------------------------------------------------
def read(ended: str = "running", **changes: Any) -> JobRead:
    job = Job(id="j", status="TheStatus", warnings=changes.pop("warnings", ()))
    instance = f"{VAULT}/backupInstances/pg-a".lower()
    found = JobRead(job, ended, None, instance, "restore", REQUEST_ID, None, "m1")  # type: ignore[arg-type]
    return replace(found, **changes)


RESTORING = {"phase": Phase.RESTORING, "job": Job(id="j", status="InProgress"), "job_mark": "m0"}


def test_a_job_that_get_does_not_find_is_believed_at_the_seventh_time() -> None:
    for times in (0, 6):
        found = asked(poll_job, Gone("404"), not_found=times, **RESTORING)
        assert isinstance(found, NotFound)
        wait = min(PACE.back_off * 2**times, PACE.back_off_most)
        assert found.due == START + timedelta(seconds=wait)
    gone = asked(poll_job, Gone("404"), not_found=7, **RESTORING)
    assert gone == TrackLost("Azure no longer knows the job j", START + timedelta(seconds=PACE.lost_look))


def test_what_a_job_as_read_means() -> None:
    world = World()
    parts = world.process().parts
    restore = now_is(world, running(world, world.process())).model_copy(update={**RESTORING, "due": START})
    done = read("succeeded")
    assert job_event(parts, restore, done) == Completed(done.job)
    failed = job_event(parts, restore, read("failed"))
    assert isinstance(failed, Failed)
    assert (failed.error.stage, failed.error.code, failed.error.message) == ("job", "TheStatus", "it gave no reason")
    assert job_event(parts, restore, read("failed", error=SAID)) == Failed(SAID, read().job)
    assert job_event(parts, restore, read(mark="m0")) is None
    moved = job_event(parts, restore, read())
    assert moved == JobProgress(read().job, "m1", START)
    troubled = restore.model_copy(update={"troubles": 1})
    assert isinstance(job_event(parts, troubled, read(mark="m0")), JobProgress)
    later = restore.model_copy(update={"due": START + timedelta(hours=1)})
    assert job_event(parts, later, read()) == JobProgress(read().job, "m1", START)


@pytest.mark.parametrize(
    ("changes", "listed", "kind"),
    [
        ({"phase": Phase.SUBMITTED}, read(), JobStarted),
        ({"phase": Phase.SUBMITTED}, read(activity_id=REQUEST_ID.lower()), JobStarted),
        ({"phase": Phase.SUBMITTED}, read(activity_id="another"), None),
        ({"phase": Phase.SUBMITTED}, read(activity_id=None), None),
        ({"phase": Phase.SUBMITTING}, read(), None),
        ({**RESTORING}, read("succeeded"), Completed),
        ({**RESTORING}, read("succeeded", warnings=("w",)), None),
        ({**RESTORING}, read("failed"), None),
        ({**RESTORING}, read(), JobProgress),
        ({**RESTORING, "job": Job(id="other", status="x")}, read(), None),
    ],
)
def test_what_a_job_as_listed_means(changes: dict[str, Any], listed: JobRead, kind: type[Event] | None) -> None:
    world = World()
    one = now_is(world, running(world, world.process()))
    attempts = (Attempt(number=1, request_id=REQUEST_ID, at=START),)
    restore = one.model_copy(update={"attempts": attempts, "job_mark": "", **changes})
    found = heard(world.process().parts, restore, listed)
    assert type(found) is (kind or type(None))
    if isinstance(found, JobStarted):
        assert (found.job, found.job_mark) == (listed.job, "m1")
        assert found.due == START + timedelta(seconds=PACE.job_likely)
