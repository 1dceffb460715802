"""What can become of a submission: taken, in doubt, a job, an end; each event carries exactly its own data. Pure."""

from datetime import datetime
from typing import Any

from shared.domain.events import ByPerson, Event, Postponed
from shared.domain.restore import BY_HAND, CERTAIN, PROVEN, AzureError, Job, Readings, Restore
from shared.frozen import frozen

CLOSED_BY_HAND = "ClosedByHand"


@frozen
class SubmissionTaken(Event):
    """Azure answered 202 (an operation to follow), or 200 with the job at once."""

    tracking: str | None
    due: datetime
    stamps = ("submitted_at",)
    ends = "taken"


@frozen
class NotSubmitted(Event):
    """The POST surely had no effect: never connected, 401, 429, or not sent in its time."""

    why: str
    due: datetime
    throttled: bool = False
    ends = "not sent"


@frozen
class InDoubt(Event):
    """Nobody knows whether Azure took the POST: the vault's jobs will tell."""

    why: str
    due: datetime
    word = "in doubt"
    ends = "in doubt"


@frozen
class NeverArrived(Event):
    """It is proven that no job of this attempt exists (`proof.absence`): by two readings, in Azure's own time."""

    first: datetime
    second: datetime
    stamps = ("due",)
    clears = ("tracking", "readings", "validated_at")
    ends = PROVEN

    def note(self) -> str | None:
        times = f"{self.first:%Y-%m-%d %H:%M} and {self.second:%H:%M} UTC"
        return f"two readings of the vault's jobs, at {times}, show none that can be this attempt's"


@frozen
class Looked(Event):
    """The vault's jobs were read, and nothing is decided yet; `readings` is what is known so far."""

    why: str | None
    due: datetime
    readings: Readings | None
    word = "looked"


@frozen
class JobStarted(Event):
    """The operation ended and named its job, or the vault's list shows it."""

    job: Job
    due: datetime
    job_mark: str = ""
    clears = ("tracking",)

    def note(self) -> str | None:
        return f"job {self.job.id}"


@frozen
class Adopted(Event):
    """A job among the vault's was found to be this restore's."""

    job: Job
    by: str
    due: datetime
    duplicates: tuple[str, ...] = ()
    clears = ("tracking", "readings")
    ends = "adopted"

    def changes(self, restore: Restore, now: datetime) -> dict[str, Any]:
        more = {"submitted_at": restore.submitted_at or now, "job_mark": "", "overdue_at": None}
        return super().changes(restore, now) | more | ({"duplicate_at": now} if self.duplicates else {})

    def note(self) -> str | None:
        others = f"; these carry its tokens too: {', '.join(self.duplicates)}" if self.duplicates else ""
        return f"job {self.job.id}, {self.by}{others}"


@frozen
class TrackGone(Event):
    """The operation's URL is gone or refused before it named a job; the vault's jobs are read instead."""

    why: str
    due: datetime
    word = "track gone"
    clears = ("tracking",)


@frozen
class TrackLost(Event):
    """The result is no longer known. The restore keeps its turn; the vault's jobs are read again from `due` on."""

    why: str
    due: datetime
    clears = ("tracking",)


@frozen
class JobProgress(Event):
    """The job, read again, still running."""

    job: Job
    job_mark: str
    due: datetime


@frozen
class NotFound(Postponed):
    """GET does not find the job (404): it may be there late. Only such answers in a row count."""


@frozen
class BecameOverdue(Event):
    """It runs for longer than restores do; told once, watched on slowly."""

    due: datetime
    word = "overdue"
    stamps = ("overdue_at",)


@frozen
class Completed(Event):
    """The job ended well, perhaps with warnings."""

    job: Job

    def changes(self, restore: Restore, now: datetime) -> dict[str, Any]:
        database = restore.plan is not None and restore.plan.kind == "database"
        outcome = "databaseCreated" if database else "filesDelivered"
        return {"job": self.job, "warnings": self.job.warnings, "outcome": outcome}


@frozen
class Failed(Event):
    """Azure said no; `job` is None if it came to none."""

    error: AzureError
    job: Job | None
    clears = ("tracking",)
    ends = "answered"

    def note(self) -> str | None:
        return f"{self.error.code}: {self.error.message}"


@frozen
class Resubmit(ByPerson):
    """A person lets it be sent again; `jobs` are those that may be its own, shown to that person."""

    jobs: tuple[str, ...] = ()
    stamps = ("due", "turn_at")
    clears = ("tracking", "readings", "validated_at", "job", "overdue_at")

    def changes(self, restore: Restore, now: datetime) -> dict[str, Any]:
        settled = tuple(
            attempt if attempt.ended in (*CERTAIN, PROVEN) else attempt.model_copy(update={"ended": BY_HAND})
            for attempt in restore.attempts
        )
        return super().changes(restore, now) | {"attempts": settled, "job_mark": ""}

    def note(self) -> str | None:
        shown = f" Jobs that may be its own: {', '.join(self.jobs)}." if self.jobs else ""
        return f"{super().note()}{shown}"


@frozen
class GivenUp(ByPerson):
    """A person closes a lost restore as failed."""

    def changes(self, restore: Restore, now: datetime) -> dict[str, Any]:
        words = f"closed by {self.by}: {self.reason_given}"
        return {"error": AzureError(stage="request", code=CLOSED_BY_HAND, message=words)}
