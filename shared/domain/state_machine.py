"""The state machine: the table of steps, and `step`, which takes one. Pure."""

from datetime import datetime
from typing import Any

from shared.domain import events as e
from shared.domain import outcomes as o
from shared.domain.restore import CLOSED, Entry, Phase, Restore

P = Phase
LONGEST = 120  # lines of a timeline

STEPS: dict[tuple[Phase, type[e.Event]], Phase] = {
    (P.ACCEPTED, e.TurnTaken): P.ACCEPTED,
    (P.ACCEPTED, e.Waiting): P.ACCEPTED,
    (P.ACCEPTED, e.Postponed): P.ACCEPTED,
    (P.ACCEPTED, e.ContainerBegun): P.ACCEPTED,
    (P.ACCEPTED, e.ContainerMade): P.ACCEPTED,
    (P.ACCEPTED, e.NameTaken): P.ACCEPTED,
    (P.ACCEPTED, e.ValidationStarted): P.VALIDATING,
    (P.ACCEPTED, o.Failed): P.FAILED,
    (P.ACCEPTED, o.Adopted): P.RESTORING,
    (P.ACCEPTED, o.TrackLost): P.LOST,
    (P.ACCEPTED, e.Refused): P.REFUSED,
    (P.ACCEPTED, e.Withdrawn): P.WITHDRAWN,
    (P.VALIDATING, e.StillRunning): P.VALIDATING,
    (P.VALIDATING, e.Postponed): P.VALIDATING,
    (P.VALIDATING, e.ValidationGone): P.ACCEPTED,
    (P.VALIDATING, e.Validated): P.VALIDATED,
    (P.VALIDATING, e.Checked): P.CHECKED,
    (P.VALIDATING, o.Failed): P.FAILED,
    (P.VALIDATING, o.Adopted): P.RESTORING,
    (P.VALIDATING, o.TrackLost): P.LOST,
    (P.VALIDATING, e.Refused): P.REFUSED,
    (P.VALIDATING, e.Withdrawn): P.WITHDRAWN,
    (P.VALIDATED, e.Postponed): P.VALIDATED,
    (P.VALIDATED, e.Revalidated): P.ACCEPTED,
    (P.VALIDATED, o.BecameOverdue): P.VALIDATED,
    (P.VALIDATED, e.Claimed): P.SUBMITTING,
    (P.VALIDATED, o.Adopted): P.RESTORING,
    (P.VALIDATED, o.TrackLost): P.LOST,
    (P.VALIDATED, e.Refused): P.REFUSED,
    (P.VALIDATED, e.Withdrawn): P.WITHDRAWN,
    (P.SUBMITTING, e.Postponed): P.SUBMITTING,
    (P.SUBMITTING, o.InDoubt): P.SUBMITTING,
    (P.SUBMITTING, o.Looked): P.SUBMITTING,
    (P.SUBMITTING, o.BecameOverdue): P.SUBMITTING,
    (P.SUBMITTING, o.NotSubmitted): P.VALIDATED,
    (P.SUBMITTING, o.NeverArrived): P.VALIDATED,
    (P.SUBMITTING, o.SubmissionTaken): P.SUBMITTED,
    (P.SUBMITTING, o.Adopted): P.RESTORING,
    (P.SUBMITTING, o.TrackLost): P.LOST,
    (P.SUBMITTING, o.Failed): P.FAILED,
    (P.SUBMITTING, o.Resubmit): P.VALIDATED,
    (P.SUBMITTING, o.GivenUp): P.FAILED,
    (P.SUBMITTED, e.StillRunning): P.SUBMITTED,
    (P.SUBMITTED, e.Postponed): P.SUBMITTED,
    (P.SUBMITTED, o.BecameOverdue): P.SUBMITTED,
    (P.SUBMITTED, o.TrackGone): P.SUBMITTED,
    (P.SUBMITTED, o.Looked): P.SUBMITTED,
    (P.SUBMITTED, o.JobStarted): P.RESTORING,
    (P.SUBMITTED, o.Adopted): P.RESTORING,
    (P.SUBMITTED, o.TrackLost): P.LOST,
    (P.SUBMITTED, o.Failed): P.FAILED,
    (P.SUBMITTED, o.Resubmit): P.VALIDATED,
    (P.SUBMITTED, o.GivenUp): P.FAILED,
    (P.RESTORING, o.JobProgress): P.RESTORING,
    (P.RESTORING, e.Postponed): P.RESTORING,
    (P.RESTORING, o.NotFound): P.RESTORING,
    (P.RESTORING, o.BecameOverdue): P.RESTORING,
    (P.RESTORING, o.Adopted): P.RESTORING,
    (P.RESTORING, o.Completed): P.SUCCEEDED,
    (P.RESTORING, o.TrackLost): P.LOST,
    (P.RESTORING, o.Failed): P.FAILED,
    (P.RESTORING, o.Resubmit): P.VALIDATED,
    (P.RESTORING, o.GivenUp): P.FAILED,
    (P.LOST, o.Looked): P.LOST,
    (P.LOST, o.Adopted): P.RESTORING,
    (P.LOST, o.Resubmit): P.VALIDATED,
    (P.LOST, o.GivenUp): P.FAILED,
}


class IllegalStep(Exception):
    """An event that the table does not have for that phase."""


def step(restore: Restore, event: e.Event, now: datetime) -> Restore:
    """The restore after the event; IllegalStep where the table has no such step."""
    phase = STEPS.get((restore.phase, type(event)))
    if phase is None:
        raise IllegalStep(f"{restore.id} is {restore.phase}: {type(event).__name__} cannot follow")
    changes: dict[str, Any] = {
        "phase": phase,
        "troubles": _troubles(restore, event),
        "trouble": getattr(event, "why", None),
        "not_found": restore.not_found + 1 if isinstance(event, o.NotFound) else 0,
        **event.changes(restore, now),
    }
    if phase in CLOSED:
        changes |= {"closed_at": now, "due": now, "waiting_for": None}
    entry = event.entry(now, phase.value if phase is not restore.phase else None)
    last = restore.timeline[-1] if restore.timeline else None
    if entry and not (last and (last.what, last.note) == (entry.what, entry.note)):
        changes["timeline"] = bounded((*restore.timeline, entry))
    return restore.model_copy(update=changes)


def _troubles(restore: Restore, event: e.Event) -> int:
    """How many troubles came in a row; a claim is no end of them, its call may meet the same one again."""
    if isinstance(event, e.Claimed | e.ContainerBegun):
        return restore.troubles
    return restore.troubles + 1 if isinstance(event, e.Postponed | o.NotSubmitted) else 0


def bounded(timeline: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """A row has its limits: of a long timeline the beginning and the latest are kept."""
    cut = tuple(x.model_copy(update={"note": x.note[:500]}) if x.note and len(x.note) > 500 else x for x in timeline)
    return cut if len(cut) <= LONGEST else (*cut[: LONGEST // 4], *cut[-(LONGEST - LONGEST // 4) :])
