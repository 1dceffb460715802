"""What a restore is: its phases, and everything known of it, as frozen values. Pure."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from shared.domain.values import Moment, Value
from shared.domain.verification import Wanted

SCHEMA = 1


class Phase(StrEnum):
    """Where a restore stands; the README draws how one follows another. `state_machine` is the table."""

    ACCEPTED = "accepted"  # on the books; waiting for its turn, its point, its validation
    VALIDATING = "validating"  # Azure checks the request
    VALIDATED = "validated"  # may be submitted
    SUBMITTING = "submitting"  # saved before the POST: from here on it may have reached Azure
    SUBMITTED = "submitted"  # Azure took it; no job yet
    RESTORING = "restoring"  # the job runs
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # Azure said no
    REFUSED = "refused"  # ours said no, or too late: nothing was started
    WITHDRAWN = "withdrawn"  # by a person, before submission
    CHECKED = "checked"  # a dry run that validated
    LOST = "lost"  # we can no longer tell; a person resolves it


CLOSED = frozenset({Phase.SUCCEEDED, Phase.FAILED, Phase.REFUSED, Phase.WITHDRAWN, Phase.CHECKED})
CERTAIN = frozenset({"not sent", "answered"})  # ends of an attempt of which Azure surely has no job
PROVEN, BY_HAND = "never arrived", "resubmitted"  # no job exists, by two readings; or by a person's word
BEFORE_SUBMISSION = frozenset({Phase.ACCEPTED, Phase.VALIDATING, Phase.VALIDATED})


class Point(Value):
    """The recovery point a restore goes back to."""

    id: str
    time: Moment
    tier: Literal["VaultStore", "ArchiveStore"]
    rehydrated: bool = False
    tag: str | None = None
    type: str | None = None
    expiry: Moment | None = None
    friendly_name: str | None = None


class Datasource(Value):
    """What a backup instance protects: a database of a Single Server, or a flexible server."""

    type: str
    id: str
    name: str
    location: str | None = None

    @property
    def flexible(self) -> bool:
        return self.type.lower() == "microsoft.dbforpostgresql/flexibleservers"


class Plan(Value):
    """The resolved target, exactly as it is sent to Azure."""

    kind: Literal["files", "database"]
    name: str | None = None
    location: str | None = None
    container: str | None = None
    container_id: str | None = None
    prefix: str | None = None
    server: str | None = None
    database: str | None = None
    secret: str | None = None
    identity: str | None = None
    account: str | None = None  # the ARM id of an account where each attempt gets a container of its own
    keep_hours: float | None = None  # how long that container is kept once its restore has closed

    @property
    def destination(self) -> str:
        """The value that a job reports as its `recoveryDestination`."""
        if self.account and not self.container:
            return f"{self.account}, in a container of its own"
        return self.container or f"{self.server}/databases/{self.database}"


class OwnContainer(Value):
    """The container that the desk makes for an attempt; saved before Azure is asked to make it."""

    name: str
    attempt: int
    tries: int = 1  # how often it may have been asked for
    made: bool = False
    taken: bool = False  # somebody else made it: never used, never deleted


class Attempt(Value):
    """One POST of `restore`: its request id is saved before the POST is sent."""

    number: int
    request_id: str
    at: Moment
    ended: str | None = None
    since: Moment | None = None  # Azure's own time, before the POST: no job of this attempt began earlier


class Readings(Value):
    """Readings of a vault's job list for an attempt in doubt, in Azure's own time."""

    first: Moment  # the first one after the POST must have ended
    clean: Moment | None = None  # the first of an unbroken row that shows no job which can be the attempt's


class AzureError(Value):
    """Azure's no, in one shape, whichever of its three ways it came."""

    stage: Literal["validation", "submission", "operation", "job", "request"]
    code: str
    message: str
    recommended_action: tuple[str, ...] = ()
    detail: str | None = None
    inner_code: str | None = None  # says more than `code` where that one is a collecting name
    activity_id: str | None = None


class SubTask(Value):
    """A step of a job."""

    name: str
    status: str
    progress: float | None = None


class Job(Value):
    """The Azure Backup job of a restore, as last read."""

    id: str
    status: str
    started: Moment | None = None
    ended: Moment | None = None
    seconds: float | None = None
    bytes: int | None = None
    destination: str | None = None
    tasks: tuple[SubTask, ...] = ()
    warnings: tuple[str, ...] = ()


class Entry(Value):
    """A line of the timeline."""

    at: Moment
    what: str
    note: str | None = None


class Restore(Value):
    """One request and all that becomes of it; `etag` and `tracking` ride along and are kept out of its JSON."""

    id: str
    schema_version: int = SCHEMA
    phase: Phase
    vault: str
    instance: str
    instance_name: str | None = None
    source: str
    judged_by: Literal["0.1", "0.2"] = "0.1"  # the release by whose defaults its source's rights are read
    key: str | None = None
    asked: dict[str, Any]
    plan: Plan | None = None
    own_container: OwnContainer | None = None
    verification: Wanted | None = None  # pinned when it was accepted
    requested_by: str | None = None
    authenticated_as: str | None = None
    roles: tuple[str, ...] = ()  # of the page's person who asked: judged again before it is submitted
    reason: str | None = None
    ticket: dict[str, str] | None = None
    channels: tuple[str, ...] = ()
    dry_run: bool = False
    cross_region: bool = False
    source_region: str | None = None
    again_of: str | None = None
    chain: str | None = None  # the first restore of those that ask `again` for one another
    delivery: str | None = None  # the ticket system's id of the event that asked
    accepted_at: Moment
    due: Moment
    turn_at: Moment | None = None
    validated_at: Moment | None = None
    submitted_at: Moment | None = None
    closed_at: Moment | None = None
    overdue_at: Moment | None = None
    waiting_for: str | None = None
    point: Point | None = None
    datasource: Datasource | None = None
    guard_requests: tuple[str, ...] = ()
    azure_at: Moment | None = None  # Azure's own time when the validation passed
    attempts: tuple[Attempt, ...] = ()
    readings: Readings | None = None
    lost_validations: int = 0  # validations whose end could not be read
    duplicates: tuple[str, ...] = ()  # other jobs that carry this restore's tokens
    duplicate_at: Moment | None = None
    job: Job | None = None
    job_mark: str = ""  # the job's etag as last read from a list: unchanged means nothing new
    outcome: Literal["filesDelivered", "databaseCreated"] | None = None
    error: AzureError | None = None
    warnings: tuple[str, ...] = ()
    troubles: int = 0
    not_found: int = 0  # 404s in a row to a GET of its job
    trouble: str | None = None
    wake: int = 0
    held: bool = False  # a queue message will look at it when due
    sequence: int = 0
    timeline: tuple[Entry, ...] = ()
    etag: str = Field(default="", exclude=True)
    tracking: str | None = Field(default=None, exclude=True)

    @property
    def closed(self) -> bool:
        return self.phase in CLOSED

    @property
    def doubtful(self) -> tuple[Attempt, ...]:
        """The attempts that may have reached Azure: all but those that certainly had no effect."""
        return tuple(attempt for attempt in self.attempts if attempt.ended not in CERTAIN)

    @property
    def attempt(self) -> Attempt | None:
        return self.attempts[-1] if self.attempts else None

    def file_prefix(self, attempt: int) -> str:
        """Every prefix ends in restore id and attempt: jobs echo it, and by it a lost one is found again."""
        head = (self.plan.prefix if self.plan else None) or (self.instance_name or "restore")
        return f"{head}-{self.id}-{attempt}"

    def age_of_point(self, now: datetime) -> float | None:
        """Seconds between the recovery point and `now`."""
        return (now - self.point.time).total_seconds() if self.point else None


def subscription_of(restore: Restore) -> str:
    """The subscription whose limits its calls count against."""
    return restore.instance.split("/")[2].lower()


def refusal(code: str, message: str, *actions: str) -> AzureError:
    """Our own no, in the shape of Azure's."""
    return AzureError(stage="request", code=code, message=message, recommended_action=actions)
