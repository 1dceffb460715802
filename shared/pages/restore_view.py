"""The contents of one restore's page: its state in words, timeline, durations, steps and facts. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.advice.next_steps import steps_of
from shared.domain.durations import phase_seconds
from shared.domain.restore import Entry, Phase, Restore
from shared.domain.text import plain
from shared.frozen import frozen
from shared.notices.facts import NextStep, span
from shared.pages import plots
from shared.pages.outlook import STEPS, Past, percentile

ENDED = {
    Phase.SUCCEEDED: "is done",
    Phase.FAILED: "failed: Azure said no",
    Phase.REFUSED: "was refused: nothing was started",
    Phase.WITHDRAWN: "was withdrawn: nothing was started",
    Phase.CHECKED: "was a dry run: it would work, and nothing was submitted",
    Phase.LOST: "was lost: a person must decide",
}
DOING = {
    Phase.ACCEPTED: "is accepted and begins when its turn comes",
    Phase.VALIDATING: "is being checked by Azure",
    Phase.VALIDATED: "is checked and will be submitted",
    Phase.SUBMITTING: "is being submitted to Azure",
    Phase.SUBMITTED: "was taken by Azure; its job begins soon",
    Phase.RESTORING: "is running in Azure",
}


@frozen
class Moment:
    """A line of the timeline, and how long it lasted until the next one."""

    at: datetime
    what: str
    note: str | None
    lasted: float | None


def state(restore: Restore) -> str:
    """Its state, as the end of a sentence."""
    return ENDED.get(restore.phase) or DOING[restore.phase]


def name_of(restore: Restore) -> str:
    """The name of the restored instance or database, for people."""
    return restore.instance_name or restore.instance.rsplit("/", 1)[-1] or "no instance"


def steps(restore: Restore) -> list[NextStep]:
    """The next steps, with the same words as in notices, each with a command to paste."""
    return [
        NextStep(words=plain(step.words), command=step.joint.join(step.commands) or None) for step in steps_of(restore)
    ]


def moments(restore: Restore, now: datetime) -> list[Moment]:
    """The timeline with durations."""
    entries: Sequence[Entry] = restore.timeline
    ends = [entry.at for entry in entries[1:]] + [None if restore.closed else now]
    return [
        Moment(entry.at, entry.what, entry.note, (end - entry.at).total_seconds() if end else None)
        for entry, end in zip(entries, ends, strict=True)
    ]


def phase_bars(restore: Restore, earlier: Sequence[Past], now: datetime) -> list[plots.Bar]:
    """Each phase's seconds beside p50 and p95 of the earlier restores."""
    own = phase_seconds(restore, now)
    names = [step.value for step in STEPS if step.value in own or any(step.value in past.phases for past in earlier)]
    found = []
    for name in names:
        others = [past.phases.get(name, 0.0) for past in earlier]
        found.append(plots.Bar(name, own.get(name, 0.0), percentile(others, 0.5), percentile(others, 0.95)))
    return found


def age_at(restore: Restore, now: datetime) -> str | None:
    """How old the restore's recovery point is now, or was when the restore closed."""
    age = restore.age_of_point(restore.closed_at or now)
    return span(age) if age is not None else None


def facts(restore: Restore) -> dict[str, Any]:
    """Facts worth a line, by their labels; absent ones are left out."""
    ticket: Mapping[str, str] = restore.ticket or {}
    shown = {
        "Asked by": restore.requested_by,
        "Signed in as": restore.authenticated_as,
        "Came by": restore.source,
        "Reason": restore.reason,
        "Ticket": " ".join(part for part in (ticket.get("system"), ticket.get("id")) if part),
        "Vault": restore.vault.rsplit("/", 1)[-1],
        "Database": restore.datasource.name if restore.datasource else None,
        "Target": restore.plan.name if restore.plan else None,
        "Cross-region": "yes" if restore.cross_region else None,
        "Asked again of": restore.again_of,
        "Id": restore.id,
    }
    return {label: text for label, text in shown.items() if text}
