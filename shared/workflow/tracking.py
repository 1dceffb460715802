"""What runs at Azure, asked after: the validation, the operation, the job; each answer becomes an event."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from shared.azure.port import Gone, Rejected
from shared.azure.responses import JobRead
from shared.azure.retryable import passes
from shared.domain.events import Checked, Event, Postponed, StillRunning, Validated, ValidationGone
from shared.domain.outcomes import (
    BecameOverdue,
    Completed,
    Failed,
    JobProgress,
    JobStarted,
    Looked,
    NotFound,
    TrackGone,
    TrackLost,
)
from shared.domain.problems import Trouble
from shared.domain.restore import AzureError, Job, Phase, Restore
from shared.workflow.doubt import resolve_doubt
from shared.workflow.job_list import remember_echo, tokens
from shared.workflow.ports import Parts
from shared.workflow.validation import still_settling

FOR_GOOD = frozenset({400, 403, 404, 409, 410})  # an operation's URL that answers so is never read
NOT_FOUND_OFTEN = 7  # in a row; by then the back-off's waits add up to more than the grace (20 min at the least)


def poll_validation(parts: Parts, restore: Restore) -> Event:
    """The validation's operation, or its end where Azure answered at once."""
    if restore.tracking is None:
        return _passed(parts, restore)
    try:
        operation, retry_after = parts.azure.operation(restore.tracking, "validation")
    except Gone as reason:
        return _validate_later(parts, restore, str(reason))
    except Rejected as no:
        if no.status in FOR_GOOD:
            return _validate_later(parts, restore, f"its validation cannot be followed ({no})")
        raise Trouble(f"the validation cannot be followed ({no})") from no
    if operation.ended == "succeeded":
        return _passed(parts, restore)
    if operation.ended == "failed":
        error = operation.error or AzureError(stage="validation", code=operation.status, message="it gave no reason")
        if passes(error):
            return _validate_later(parts, restore, f"{error.code}: {error.message}")
        if note := still_settling(parts, restore, error):
            return ValidationGone(note, parts.now() + timedelta(seconds=parts.pace.rights_poll))
        return Failed(error, None)
    return StillRunning(parts.now() + timedelta(seconds=_wait(parts, retry_after)))


def _passed(parts: Parts, restore: Restore) -> Event:
    at = parts.azure.azure_time() or restore.azure_at  # of an earlier validation: earlier is safe
    return Checked() if restore.dry_run else Validated(at)


def _validate_later(parts: Parts, restore: Restore, why: str) -> ValidationGone:
    """Validated again, twice as late each time."""
    return ValidationGone(why, parts.again_at(restore.lost_validations))


def _wait(parts: Parts, retry_after: float | None) -> float:
    return max(parts.pace.shortest_poll, retry_after if retry_after is not None else parts.pace.poll_default)


def poll_operation(parts: Parts, restore: Restore) -> Event | None:
    """Polls the restore's operation until it names its job. If its URL is gone, looks among the vault's jobs."""
    return _or_overdue(parts, restore, _operation_event)


def poll_doubt(parts: Parts, restore: Restore) -> Event | None:
    """A submission in doubt, by the vault's jobs."""
    return _or_overdue(parts, restore, resolve_doubt)


def _or_overdue(parts: Parts, restore: Restore, ask: Callable[[Parts, Restore], Event | None]) -> Event | None:
    """What was found out; if that is no more than "it runs" or "not now", it may have become overdue."""
    late = BecameOverdue(parts.now() + timedelta(seconds=parts.pace.poll_default)) if overdue(parts, restore) else None
    try:
        event = ask(parts, restore)
    except Trouble:
        if late:
            return late
        raise
    return late if late and isinstance(event, StillRunning | Postponed | Looked | JobProgress | None) else event


def _operation_event(parts: Parts, restore: Restore) -> Event | None:
    if restore.tracking is None:
        return resolve_doubt(parts, restore)
    try:
        operation, retry_after = parts.azure.operation(restore.tracking, "operation")
    except Gone as reason:
        return TrackGone(str(reason), parts.now())
    except Rejected as no:
        if no.status in FOR_GOOD:
            return TrackGone(f"its operation's URL cannot be followed ({no})", parts.now())
        raise Trouble(f"the operation cannot be followed ({no})") from no
    now = parts.now()
    if operation.ended == "failed":
        error = operation.error or AzureError(stage="operation", code=operation.status, message="it gave no reason")
        return Failed(error, None)
    if operation.ended == "succeeded" and operation.job_id:
        job = Job(id=operation.job_id, status="InProgress")
        return JobStarted(job, now + timedelta(seconds=parts.pace.job_likely))
    if operation.ended == "succeeded":
        return TrackGone("the operation succeeded without naming its job", now)
    return StillRunning(now + timedelta(seconds=_wait(parts, retry_after)))


def overdue(parts: Parts, restore: Restore) -> bool:
    """Whether the job has run for longer than restores do, and this was not announced yet."""
    began = restore.submitted_at or (restore.attempt.at if restore.attempt else None)
    if restore.overdue_at or began is None:
        return False
    archived = restore.point is not None and restore.point.tier == "ArchiveStore"
    limit = parts.pace.overdue_archive if archived else parts.pace.overdue
    return (parts.now() - began).total_seconds() > limit


def poll_job(parts: Parts, restore: Restore) -> Event | None:
    """The job by GET; None if nothing about it changed."""
    return _or_overdue(parts, restore, _job_event)


def _job_event(parts: Parts, restore: Restore) -> Event | None:
    if restore.job is None:
        return resolve_doubt(parts, restore)
    try:
        read = parts.azure.job(restore, restore.job.id)
    except Gone:
        return _vanished(parts, restore)
    except Rejected as no:
        raise Trouble(f"the job cannot be read ({no})") from no
    if not restore.job_mark or read.ended != "running":  # once or twice a job is enough
        remember_echo(parts, restore, read)
    return job_event(parts, restore, read)


def heard(parts: Parts, restore: Restore, read: JobRead) -> Event | None:
    """The event of a listed job: JobStarted for a submission's own job; for a known job its first progress or its
    success. None for failures and warnings, because a list has no details of them."""
    if restore.phase is Phase.RESTORING and restore.job and restore.job.id == read.job.id:
        if read.ended == "failed" or read.job.warnings:
            return None
        if not restore.job_mark:
            remember_echo(parts, restore, read)
        known = {"destination": read.job.destination or restore.job.destination}
        return job_event(parts, restore, replace(read, job=read.job.model_copy(update=known)))
    ids, _ = tokens(restore)
    ours = restore.phase is Phase.SUBMITTED and (read.activity_id or "").lower() in ids
    if not ours or parts.ledger.job_holder(restore, read.job.id) not in (None, restore.id):
        return None
    remember_echo(parts, restore, read)
    return JobStarted(read.job, parts.now() + timedelta(seconds=parts.pace.job_likely), read.mark)


def job_event(parts: Parts, restore: Restore, read: JobRead) -> Event | None:
    """The event of a job that was read; a job with an unknown status counts as running."""
    if read.ended == "succeeded":
        return Completed(read.job)
    if read.ended == "failed":
        return Failed(
            read.error or AzureError(stage="job", code=read.job.status, message="it gave no reason"), read.job
        )
    if read.mark == restore.job_mark and not restore.troubles:  # a good reading ends a row of troubles
        return None
    # `due` stays in the past: from its first look on a job is watched at its vault's pace (shared/sweep/sweep.py)
    return JobProgress(read.job, read.mark, min(restore.due, parts.now()))


def _vanished(parts: Parts, restore: Restore) -> Event:
    """A job that GET does not find: there late, perhaps; believed only once the back-off has outlasted the grace."""
    now = parts.now()
    if restore.not_found >= NOT_FOUND_OFTEN:
        words = f"Azure no longer knows the job {restore.job.id if restore.job else ''}"
        return TrackLost(words, now + timedelta(seconds=parts.pace.lost_look))
    return NotFound("Azure does not find the job (404)", parts.again_at(restore.not_found))
