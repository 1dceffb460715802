"""What an operator may do: withdraw, again, resolve, resend, pause; each with who and why, each guarded by the row."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr, StringConstraints, field_validator

from shared.azure.port import Gone, Rejected
from shared.domain.events import Event, Withdrawn
from shared.domain.outcomes import CLOSED_BY_HAND, Adopted, GivenUp, Resubmit
from shared.domain.problems import Problem
from shared.domain.request import GuardRequests, Rehydration, Target, Wanted
from shared.domain.restore import BEFORE_SUBMISSION, Phase, Restore
from shared.domain.state_machine import IllegalStep
from shared.domain.text import claims_proof, plain, unsigned
from shared.domain.values import Database, Strict
from shared.frozen import frozen
from shared.notices.outbox import Notice
from shared.storage.store import Conflict
from shared.workflow.doubt import adopted, before_closing
from shared.workflow.intake import Accepted, Caller, Intake
from shared.workflow.job_list import read_jobs, refuse_adoption
from shared.workflow.ports import Parts
from shared.workflow.proof import Listing
from shared.workflow.workflow import Workflow

Words = Annotated[
    str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f]+$", strip_whitespace=True)
]


class Act(Strict):
    """Who does it, and why."""

    by: Words
    reason: Words

    @field_validator("by", "reason")
    @classmethod
    def _visible(cls, text: str) -> str:
        if not (seen := plain(unsigned(text))):
            raise ValueError("has no character that can be seen")
        return seen

    @field_validator("by", "reason")
    @classmethod
    def _no_proof(cls, text: str) -> str:
        """Who the platform verified stands behind the name in words that no caller can write."""
        if claims_proof(text):
            raise ValueError("may not say who is authenticated: the desk adds that itself")
        return text


class Resolution(Act):
    """What a person found out about a lost restore."""

    resolution: Literal["adopt", "resubmit", "close"]
    job_id: Annotated[str, Field(pattern=r"^[0-9a-fA-F-]{36}$")] | None = None


class Again(Act):
    """Asks once more for a restore that did not come to be."""

    idempotency_key: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    # what is changed in the request, in the request's own names; the rest stays, the point pinned
    recovery_point: Wanted | None = None
    max_age_hours: Annotated[StrictInt, Field(ge=1, le=100_000)] | None = None
    target: Target | None = None
    database: Database | None = None
    location: Annotated[StrictStr, Field(pattern=r"^[a-z0-9]{3,40}$")] | None = None
    rehydration: Rehydration | None = None
    cross_region: StrictBool | None = None
    resource_guard_requests: Literal["auto"] | GuardRequests | None = None

    def changes(self) -> dict[str, Any]:
        """The changed fields, as JSON values."""
        said = self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True, warnings=False)
        return {name: value for name, value in said.items() if name not in ("by", "reason", "idempotencyKey")}


RESOLVABLE = frozenset({Phase.LOST, Phase.SUBMITTING, Phase.SUBMITTED, Phase.RESTORING})  # all but lost: if overdue


def resolvable(restore: Restore) -> frozenset[Phase]:
    """The restore's phase, if a person may resolve it now (it is lost or overdue); else empty."""
    can = restore.phase is Phase.LOST or (restore.phase in RESOLVABLE and restore.overdue_at is not None)
    return frozenset({restore.phase}) if can else frozenset()


AGAIN = frozenset({Phase.FAILED, Phase.REFUSED, Phase.WITHDRAWN})


@frozen
class Acts:
    """The operator's acts."""

    parts: Parts
    workflow: Workflow
    intake: Intake

    def withdraw(self, restore: Restore, act: Act) -> Restore:
        """Takes a restore back, as long as it was not submitted. If an earlier attempt may have reached Azure, that
        nothing was started must be proven; else it is lost, or its job is adopted."""

        def withdrawn(found: Restore) -> Event:
            event = before_closing(self.parts, found, Withdrawn(act.by, act.reason))
            assert event is not None
            return event

        return self._save(restore.id, withdrawn, BEFORE_SUBMISSION, "withdrawn")

    def again(self, restore: Restore, act: Again, authenticated_as: str | None) -> Accepted:
        """A new restore with the same request, its point pinned if one was chosen."""
        if restore.phase not in AGAIN or not restore.vault:
            raise impossible(restore, "asked for again", AGAIN)
        self._no_job_of(restore)
        value = {**restore.asked, "requestedBy": act.by, "reason": act.reason}
        if restore.point:
            value["recoveryPoint"] = {"id": restore.point.id}
            value.pop("maxAgeHours", None)
        changed = act.changes()
        if "target" in changed:
            value.pop("database", None)  # it belonged to the old target
        value |= changed
        key = act.idempotency_key and f"again\n{restore.id}\n{act.idempotency_key}"
        reply = restore.channels[0] if restore.source.startswith("tickets/") and restore.channels else None
        chain = restore.chain or restore.again_of or restore.id
        caller = Caller(restore.source, key, authenticated_as, reply, restore.id, chain, roles=restore.roles)
        try:
            return self.intake.take(value, caller)
        except KeyError as error:
            words = f"desk.toml no longer has the source {restore.source}, which it came from"
            raise Problem(409, "This restore cannot be asked for again", words) from error

    def _no_job_of(self, restore: Restore) -> None:
        """A restore closed from `lost` may have a job after all: asking again would make a second one."""
        if not (restore.error and restore.error.code == CLOSED_BY_HAND and restore.doubtful):
            return
        own = [read for read in self._jobs(restore).own if read.ended != "failed"]
        if own:
            job = own[0].job
            words = f"job {job.id} of the vault carries this restore's id and is {job.status}: it did happen"
            raise Problem(409, "This restore has a job after all", words, None, {"jobId": job.id})

    def _jobs(self, restore: Restore) -> Listing:
        try:
            return read_jobs(self.parts, restore)
        except (Gone, Rejected) as error:
            words = f"the vault's jobs cannot be read ({error}), and without them a second restore may be started"
            raise Problem(503, "The vault's jobs cannot be read", words) from error

    def resolve(self, restore: Restore, act: Resolution) -> Restore:
        """Says what became of a restore that is lost, or that is overdue and cannot be followed."""
        possible = resolvable(restore)
        if restore.phase not in possible:
            raise impossible(restore, "resolved", RESOLVABLE)
        event = self._resolution(restore, act)

        def unmoved(found: Restore) -> Event:
            """What was looked at may be long gone: the sweep goes on while a vault's jobs are read."""
            if len(found.attempts) != len(restore.attempts):
                words = "another attempt was made while its jobs were read; look at it again"
                raise Problem(409, "The restore is being moved", words, None, {"phase": found.phase.value})
            return event

        return self._save(restore.id, unmoved, possible, "resolved")

    def _resolution(self, restore: Restore, act: Resolution) -> Event:
        if act.resolution == "resubmit":
            listing = self._jobs(restore) if restore.attempts else None
            if listing and listing.own:
                return adopted(self.parts, listing, f"found when {act.by} asked to send it anew: {act.reason}")
            sent_anew = Resubmit(act.by, act.reason, listing.possible if listing else ())
            return self._known_job(restore, act) or sent_anew
        if act.resolution == "close":
            return self._known_job(restore, act) or GivenUp(act.by, act.reason)
        if act.job_id is None:
            raise Problem(422, "The job is missing", "adopt needs the id of the job", "jobId")
        return self._adopt(restore, act, act.job_id)

    def _known_job(self, restore: Restore, act: Resolution) -> Event | None:
        """A job that Azure calls running is neither closed nor sent again; a succeeded one is followed to its end."""
        if not restore.job:
            return None
        try:
            read = self.parts.azure.job(restore, restore.job.id)
        except (Gone, Rejected):
            return None
        if read.ended == "running":
            words = f"Azure says that job {restore.job.id} is {read.job.status}; cancel it there first, or wait for it"
            raise Problem(409, "Its job is running", words, None, {"phase": restore.phase.value})
        if read.ended == "failed":
            return None
        return Adopted(read.job, f"it had succeeded when {act.by} resolved it: {act.reason}", self.parts.now())

    def _adopt(self, restore: Restore, act: Resolution, job_id: str) -> Adopted:
        try:
            read = self.parts.azure.job(restore, job_id)
        except (Gone, Rejected) as error:
            raise Problem(422, "The job was not found", f"the vault has no job {job_id} ({error})", "jobId") from error
        refuse_adoption(restore, read, self.parts.ledger.job_holder(restore, read.job.id))
        return Adopted(read.job, f"adopted by {act.by}: {act.reason}", self.parts.now() + timedelta(seconds=1))

    def _save(
        self, restore_id: str, event: Callable[[Restore], Event], possible: frozenset[Phase], word: str
    ) -> Restore:
        tried, wanted = False, None
        for _ in range(8):
            found = self.parts.ledger.load(restore_id)
            if found is None:
                raise not_found(restore_id)
            if tried and found.timeline and wanted and found.timeline[-1].note == wanted.note():
                return found  # the conflict was with our own save, whose answer was lost
            if found.phase not in possible:
                raise impossible(found, word, possible)
            wanted, tried = event(found), True
            try:
                return self.workflow.save(found, wanted)
            except (Conflict, IllegalStep):
                continue
        raise Problem(409, "The restore is being moved", "it changed each time it was read; try again")

    def resend(self, notice: Notice) -> None:
        """Sends a notice again."""
        try:
            self.parts.outbox.resend(notice, self.parts.now())
        except Conflict as error:
            raise Problem(
                409, "The notice is being delivered", "it changed while it was read; read it again"
            ) from error


def impossible(restore: Restore, word: str, possible: frozenset[Phase]) -> Problem:
    """409 with what is possible now."""
    acts = {"withdraw": BEFORE_SUBMISSION, "again": AGAIN, "resolve": resolvable(restore)}
    now = [act for act, phases in acts.items() if restore.phase in phases and (act != "again" or restore.vault)]
    phases = ", ".join(sorted(possible))
    words = f"it is {restore.phase}; only a restore that is {phases} can be {word}"
    if word == "asked for again" and restore.phase in (Phase.SUCCEEDED, Phase.CHECKED):
        words += "; ask for another one with a request of its own (POST /api/restores)"
    if restore.phase in possible:
        words = "its request was never taken, so there is nothing to repeat: send the corrected request"
    return Problem(409, f"This restore cannot be {word}", words, None, {"phase": restore.phase.value, "possible": now})


def not_found(restore_id: str) -> Problem:
    """404."""
    return Problem(404, "No such restore", f"there is no restore {restore_id[:60]!r}; GET /api/restores lists them")
