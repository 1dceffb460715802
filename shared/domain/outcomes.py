"""What can become of a submission: taken, in doubt, a job, an end; each event carries exactly its own data. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.domain.events import ByPerson, Event
from shared.domain.restore import AzureError, Job, Restore


@dataclass(frozen=True)
class SubmissionTaken(Event):
    """Azure answered 202 (an operation to follow), or 200 with the job at once."""

    tracking: str | None
    due: datetime
    stamps = ("submitted_at",)
    ends = "taken"


@dataclass(frozen=True)
class NotSubmitted(Event):
    """The POST surely had no effect: never connected, 401, 429, or not sent in its time."""

    why: str
    due: datetime
    throttled: bool = False
    ends = "not sent"


@dataclass(frozen=True)
class InDoubt(Event):
    """Nobody knows whether Azure took the POST: the vault's jobs will tell."""

    why: str
    due: datetime
    word = "in doubt"
    ends = "in doubt"


@dataclass(frozen=True)
class NeverArrived(Event):
    """The grace is over, the vault echoes our ids, and no job of it carries this one."""

    stamps = ("due",)
    clears = ("tracking",)
    ends = "never arrived"

    def note(self) -> str | None:
        return "no job of the vault carries the attempt's id: a new attempt is safe"


@dataclass(frozen=True)
class JobStarted(Event):
    """The operation ended and named its job, or the vault's list shows it."""

    job: Job
    due: datetime
    job_mark: str = ""
    clears = ("tracking",)

    def note(self) -> str | None:
        return f"job {self.job.id}"


@dataclass(frozen=True)
class Adopted(Event):
    """A job among the vault's was found to be this restore's."""

    job: Job
    by: str
    due: datetime
    clears = ("tracking",)
    ends = "adopted"

    def changes(self, restore: Restore, now: datetime) -> dict[str, Any]:
        return super().changes(restore, now) | {"submitted_at": restore.submitted_at or now}

    def note(self) -> str | None:
        return f"job {self.job.id}, {self.by}"


@dataclass(frozen=True)
class TrackGone(Event):
    """The operation's URL is gone before it named a job: the vault's jobs will tell."""

    why: str
    due: datetime
    word = "track gone"
    clears = ("tracking",)


@dataclass(frozen=True)
class TrackLost(Event):
    """We can no longer tell what became of it; it keeps its turn until a person says."""

    why: str
    clears = ("tracking",)


@dataclass(frozen=True)
class JobProgress(Event):
    """The job, read again, still running."""

    job: Job
    job_mark: str
    due: datetime


@dataclass(frozen=True)
class BecameOverdue(Event):
    """It runs for longer than restores do; told once, watched on slowly."""

    due: datetime
    word = "overdue"
    stamps = ("overdue_at",)


@dataclass(frozen=True)
class Completed(Event):
    """The job ended well, perhaps with warnings."""

    job: Job

    def changes(self, restore: Restore, now: datetime) -> dict[str, Any]:
        database = restore.plan is not None and restore.plan.kind == "database"
        outcome = "databaseCreated" if database else "filesDelivered"
        return {"job": self.job, "warnings": self.job.warnings, "outcome": outcome}


@dataclass(frozen=True)
class Failed(Event):
    """Azure said no; `job` is None where it came to none."""

    error: AzureError
    job: Job | None
    clears = ("tracking",)
    ends = "answered"

    def note(self) -> str | None:
        return f"{self.error.code}: {self.error.message}"


@dataclass(frozen=True)
class Resubmit(ByPerson):
    """A person looked, found no job, and lets it be sent anew."""

    stamps = ("due", "turn_at")


@dataclass(frozen=True)
class GivenUp(ByPerson):
    """A person closes a lost restore as failed."""

    def changes(self, restore: Restore, now: datetime) -> dict[str, Any]:
        words = f"closed by {self.by}: {self.reason_given}"
        return {"error": AzureError(stage="request", code="ClosedByHand", message=words)}
