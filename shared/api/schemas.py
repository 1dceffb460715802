"""What the API answers, as models: the contract is generated from them, and tests hold every answer to it. Pure."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.domain.restore import Attempt, AzureError, Datasource, Entry, Job, Phase, Point

NEXT_PAGE = "give it back as ?continue= for the next page"


class Shown(BaseModel):
    """An answer: a later release may add fields, so readers must let unknown ones pass."""

    model_config = ConfigDict(defer_build=True, frozen=True, extra="allow", alias_generator=to_camel)


class PointView(Point):
    """A recovery point with its age."""

    age_seconds: int
    age: str
    restorable: bool | None = None
    why_not: str | None = None
    note: str | None = Field(None, description="what restoring it takes, such as a rehydration")


class TargetView(Shown):
    """Where a restore goes, exactly as it is sent to Azure; `destination` is what its job reports."""

    kind: Literal["files", "database"]
    destination: str
    name: str | None = None
    location: str | None = None
    container: str | None = None
    container_id: str | None = None
    prefix: str | None = None
    server: str | None = None
    database: str | None = None
    secret: str | None = Field(None, description="where the secret is, never the secret")
    identity: str | None = None
    account: str | None = Field(None, description="the storage account where the desk makes a container an attempt")
    keep_hours: float | None = Field(None, description="how long the container is kept once its restore has closed")


class ContainerView(Shown):
    """The container that the desk made for a restore."""

    name: str
    state: Literal["begun", "made", "taken", "kept", "due", "deleting", "gone", "cleanupFailed"]
    until: str | None = Field(None, description="it is deleted after this moment")
    why: str | None = Field(None, description="why it could not be deleted")
    recoverable_until: str | None = Field(None, description="so long the account's soft delete can bring it back")


class VerifiedView(Shown):
    """How the verification of what was delivered stands; `GET …/verification` has all of it."""

    state: Literal["queued", "running", "passed", "failed", "inconclusive", "lost"]
    level: Literal["listed", "decoded", "loaded"]
    number: int


class NoticeView(Shown):
    """One notice; `number` is what `/notices/{n}/resend` takes."""

    number: int
    event: str
    event_id: str
    channel: str
    state: str
    attempts: int
    due: str | None = None
    answer: str | None = None


class Took(Shown):
    """How long it took, in seconds; of an open restore until now."""

    seconds: int
    phases: dict[str, int] = Field(description="a phase that it came back to is summed")


class RestoreView(Shown):
    """A restore: one request and all that becomes of it."""

    id: str
    phase: Phase
    closed: bool
    outcome: Literal["filesDelivered", "databaseCreated"] | None = None
    instance: str = Field(description="its name in desk.toml, or the id as it was asked for")
    instance_id: str | None = None
    vault: str | None = None
    datasource: Datasource | None = None
    point: PointView | None = None
    target: TargetView | None = None
    container: ContainerView | None = None
    verification: VerifiedView | None = None
    via: str = Field(description="http, queue or tickets/<source>")
    authenticated_as: str | None = Field(None, description="the principal that the platform verified, if any")
    requested_by: str | None = None
    reason: str | None = None
    ticket: dict[str, str] | None = None
    dry_run: bool
    cross_region: bool
    again_of: str | None = None
    accepted_at: str
    closed_at: str | None = None
    due: str | None = Field(None, description="when the desk looks again")
    took: Took
    waiting_for: str | None = Field(None, description="the restore that holds the turn on this instance")
    trouble: str | None = None
    overdue_at: str | None = None
    job: Job | None = None
    error: AzureError | None = None
    warnings: list[str]
    attempts: list[Attempt]
    timeline: list[Entry]
    notices: list[NoticeView]
    next_step: str | None = Field(None, description="what to do now, with the real names, ready to paste")
    request: dict[str, Any] = Field(description="the request as it was sent")


class RestoreLine(Shown):
    """A restore in a list."""

    id: str
    phase: str
    instance: str | None = None
    instance_id: str | None = None
    accepted_at: str | None = None
    closed_at: str | None = None
    via: str | None = None
    requested_by: str | None = None
    reason: str | None = Field(None, description="its first 200 characters; the restore has it whole")
    ticket: str | None = Field(None, description="its system and id")
    dry_run: bool | None = None
    job: str | None = None
    container: ContainerView | None = Field(None, description="how its own container stands, once it has closed")
    problem: str | None = Field(None, description="why this row may be incomplete; the others are not affected")


class RestorePage(Shown):
    """A page of restores; `key=` answers with the whole restore."""

    value: list[RestoreLine]
    paused: "PauseView | None" = Field(None, description="present while the desk is paused: nothing is submitted")
    continue_: str | None = Field(None, alias="continue", description=NEXT_PAGE)


class InstanceView(Shown):
    """What can be restored, and who holds its turn."""

    name: str
    id: str
    targets: list[str]
    turn: str | None = None
    server: str | None = None
    kind: str | None = None
    last_point: PointView | None = Field(None, description="the newest one that can be restored")
    last_point_reason: str | None = Field(None, description="why there is no lastPoint: none is usable, or none read")
    stale_after_days: float | None = Field(None, description="of desk.toml: older points are too old")
    stale: bool | None = Field(None, description="whether the newest point that can be restored is too old, or none is")
    points_read_at: str | None = None
    problem: str | None = Field(None, description="why this row may be incomplete; the others are not affected")


class InstanceList(Shown):
    """A page of the instances of desk.toml, in the order of the file."""

    value: list[InstanceView]
    continue_: str | None = Field(None, alias="continue", description=NEXT_PAGE)


class PointList(Shown):
    """The recovery points of an instance, newest first."""

    instance: str
    value: list[PointView]


class PauseView(Shown):
    """A pause: who, why, and since when."""

    by: str
    reason: str
    at: str
    also: list["PauseView"] | None = Field(None, description="pauses that came after this one; `resume` ends all")


class Paused(Shown):
    """The stop switch: while it is on nothing is submitted; what runs is watched on."""

    paused: bool
    by: str | None = None
    reason: str | None = None
    at: str | None = None
    also: list[PauseView] | None = Field(None, description="pauses that came after this one; `resume` ends all")


class ChannelAnswer(Shown):
    """What a channel answered to a sample notice."""

    channel: str
    kind: str
    delivered: bool
    answer: str | None = None
    final: bool | None = None


class TicketAnswer(Shown):
    """What became of a ticket system's event. An event with a valid signature is never answered 4xx."""

    status: Literal["accepted", "duplicate", "ignored", "refused"]
    restore: str | None = None
    phase: Phase | None = None
    path: str | None = None
    reason: str | None = None
    field: str | None = None


class TicketEvent(Shown):
    """The ticket system's own event, verified before it is read; desk.toml's mapping makes the request of it."""


class HealthView(Shown):
    """ok or down; the rest only with the health key."""

    status: Literal["ok", "down"]
    version: str | None = None
    checks: dict[str, str] | None = None
    closed: dict[str, str] | None = None


class ProblemView(Shown):
    """RFC 9457: what happened, which field, what to do."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None
