"""The facts of a notice, fixed when the event happens: which database, from when, to where, what next. Pure."""

from datetime import datetime, timedelta
from typing import Any, Literal

from shared.advice import verification
from shared.advice.next_steps import as_text, steps_of
from shared.domain.restore import AzureError, Job, Phase, Restore
from shared.domain.text import plain
from shared.domain.values import Moment, Value
from shared.domain.verification import Result

TITLES = {
    "accepted": "Restore accepted",
    "refused": "Restore refused: nothing was started",
    "submitted": "Restore submitted to Azure",
    "overdue": "Restore overdue: still running in Azure",
    "cleanupFailed": "The container of a restore could not be deleted",
    "verified": "Backup verified",
    "verificationFailed": "Backup failed its verification",
    "verificationInconclusive": "Backup could not be verified",
    "duplicateJob": "Two jobs in Azure for one restore",
    "succeeded": "Database restored",
    "failed": "Restore failed",
    "lost": "Restore lost: a person must decide",
    "withdrawn": "Restore withdrawn: nothing was started",
    "standing": "Requested before: its restore is {phase}",
    "checked": "Dry run passed: nothing was submitted",
    "pointStale": "No recent recovery point",
    "pointFresh": "The recovery points are recent again",
}


class NextStep(Value):
    """One thing to do: in words, and the command that does it, whole."""

    words: str
    command: str | None = None


class Facts(Value):
    """One event of one restore, for every channel. `event_id` is the same for all channels and retries. An event of an
    instance (`pointStale`, `pointFresh`) has no phase; its `restore` is the id of its own row."""

    event_id: str
    event: str
    sequence: int
    at: Moment
    title: str
    restore: str
    chain: str | None = None
    phase: Phase | None = None
    vault: str
    instance: str
    instance_name: str | None = None
    database: str | None = None
    point_time: Moment | None = None
    point_said: str | None = None
    destination: str | None = None
    target: str | None = None
    source: str
    requested_by: str | None = None
    reason: str | None = None
    ticket: dict[str, str] | None = None
    took_seconds: float | None = None
    job: Job | None = None
    outcome: str | None = None
    verification: str | None = None
    error: AzureError | None = None
    warnings: tuple[str, ...] = ()
    next_step: str | None = None
    steps: tuple[NextStep, ...] = ()
    path: str

    @property
    def name(self) -> str:
        """The name of the restored instance or database, for people."""
        return self.instance_name or self.database or self.instance.rsplit("/", 1)[-1]

    @property
    def about(self) -> Literal["restore", "instance"]:
        """What it is an event of."""
        return "restore" if self.phase else "instance"


def event_id(restore: Restore) -> str:
    """The id of the restore's latest event: stable over retries, in order within the restore."""
    return f"{restore.id}.{restore.sequence}"


def facts_of(restore: Restore, event: str, now: datetime, found: Result | str = "") -> Facts:
    """The facts of one event; `found`: the result of a verification, or words about it."""
    end, verified = restore.closed_at or now, event.startswith("verif")
    steps = steps_of(restore, event)
    words = verification.line(found) if isinstance(found, Result) else found
    values: dict[str, Any] = {
        "event_id": event_id(restore),
        "event": event,
        "sequence": restore.sequence,
        "at": now,
        "title": title_of(restore, event),
        "restore": restore.id,
        "chain": restore.chain,
        "phase": restore.phase,
        "vault": restore.vault,
        "instance": restore.instance,
        "instance_name": restore.instance_name,
        "database": restore.datasource.name if restore.datasource else None,
        "point_time": restore.point.time if restore.point else None,
        "point_said": point_said(restore, now),
        "destination": restore.plan.destination if restore.plan else None,
        "target": restore.plan.name if restore.plan else None,
        "source": restore.source,
        "requested_by": restore.requested_by,
        "reason": restore.reason,
        "ticket": restore.ticket,
        "took_seconds": (end - restore.accepted_at).total_seconds() if restore.closed else None,
        "job": restore.job,
        "outcome": restore.outcome,
        "error": restore.error,
        "verification": words if verified else None,
        "warnings": (*restore.warnings, *((words,) if words and not verified else ())),
        "next_step": as_text(steps),
        "steps": tuple(
            NextStep(words=plain(step.words), command=step.joint.join(step.commands) or None) for step in steps
        ),
        "path": f"/api/restores/{restore.id}",
    }
    return Facts(**values)


def title_of(restore: Restore, event: str) -> str:
    """The headline: never "restored" for files that nobody loaded."""
    if event == "succeeded" and restore.outcome == "filesDelivered":
        title = "Files delivered, not loaded yet"
    else:
        title = TITLES[event].format(phase=restore.phase)
    return f"{title} (with warnings)" if event == "succeeded" and restore.warnings else title


def point_said(restore: Restore, now: datetime) -> str | None:
    """The first line of every notice: the time of the data, and that later changes are missing."""
    if restore.point is None:
        return None
    age = span((now - restore.point.time).total_seconds())
    when = restore.point.time.strftime("%Y-%m-%d %H:%M UTC")
    return f"The data is from {when}, {age} old; later changes are not in it."


def span(seconds: float) -> str:
    """A length of time as people say it: `2 h 5 min`."""
    whole = timedelta(seconds=max(0, round(seconds)))
    days, hours, minutes = whole.days, whole.seconds // 3600, whole.seconds % 3600 // 60
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min {whole.seconds % 60} s" if minutes else f"{whole.seconds} s"
