"""The beginning of a restore: its turn, its recovery point, its validation."""

from datetime import datetime, timedelta
from typing import Any

from shared.azure import request_bodies
from shared.azure.limits import impossible
from shared.azure.port import Rejected, VaultFacts
from shared.azure.recovery_points import NoPoint, PointRead, choose, read_point
from shared.azure.retryable import passes, settles
from shared.domain.events import Event, Refused, TurnTaken, ValidationStarted, Waiting
from shared.domain.outcomes import Failed
from shared.domain.problems import Trouble
from shared.domain.restore import AzureError, Plan, Point, Restore, refusal
from shared.domain.state_machine import IllegalStep
from shared.domain.values import iso, utc
from shared.workflow.azure_facts import datasource, vault_facts
from shared.workflow.ports import Parts


def take_turn(parts: Parts, restore: Restore) -> Event | None:
    """One restore per instance, in the order of acceptance; the save itself is the guard."""
    holder = parts.ledger.turn_holder(restore) or parts.ledger.first_in_line(restore)
    if holder in (None, restore.id):
        return TurnTaken()
    if holder == restore.waiting_for:
        return None
    return Waiting(str(holder), parts.now() + timedelta(seconds=parts.pace.poll_default))


def begin(parts: Parts, restore: Restore) -> Event | None:
    """The event that follows `accepted`: the turn, a refusal, or the validation under way."""
    if not restore.dry_run and restore.turn_at is None:
        return take_turn(parts, restore)
    try:
        return _validate(parts, restore)
    except NoPoint as reason:
        return Refused(refusal("NoRecoveryPoint", f"{reason}"))
    except Rejected as no:
        if passes(no.error):
            raise Trouble(str(no)) from no
        if note := still_settling(parts, restore, no.error):
            raise Trouble(note, parts.pace.rights_poll) from no
        return Failed(no.error, None)


def still_settling(parts: Parts, restore: Restore, error: AzureError, since: datetime | None = None) -> str | None:
    """The note of a missing right that is asked for once more: a role may have been given minutes ago. None for any
    other error, and once `rights_settle` is over; it counts from `since`, by default from the turn."""
    ends = (since or restore.turn_at or restore.accepted_at) + timedelta(seconds=parts.pace.rights_settle)
    if not settles(error) or parts.now() >= ends:
        return None
    words = f"a role may take minutes to work, so it is asked again by itself until {ends:%H:%M} UTC"
    return f"{error.code}: {error.message} ({words})"


def _validate(parts: Parts, restore: Restore) -> Event:
    if restore.plan is None:
        raise IllegalStep(f"{restore.id} was accepted without a plan")
    facts = vault_facts(parts, restore.vault)
    source = datasource(parts, restore.vault, restore.instance)
    plan = _located(restore, restore.plan, facts)
    if impossible(restore, plan, source, facts):  # what the vault did not allow yesterday it may allow by now
        facts = vault_facts(parts, restore.vault, anew=True)
        plan = _located(restore, restore.plan, facts)
    fault = impossible(restore, plan, source, facts) or cooldown(parts, restore)
    if fault:
        return Refused(fault)
    point = _chosen(parts, restore, facts, source.flexible)
    guards = _guard_requests(parts, restore)
    told = {"point": point, "datasource": source, "plan": plan, "guard_requests": guards}
    ready = restore.model_copy(update={**told, "source_region": facts.location})
    taken = parts.azure.validate(ready, len(restore.attempts) + 1)
    wait = max(taken.retry_after or 0, parts.pace.validation_likely if taken.tracking else 0)
    due = parts.now() + timedelta(seconds=wait)
    return ValidationStarted(point, source, plan, guards, facts.location, taken.tracking, due)


def _located(restore: Restore, plan: Plan, facts: VaultFacts) -> Plan:
    """The plan with the region that it restores to."""
    location = plan.location or (facts.secondary if restore.cross_region else facts.location)
    return plan.model_copy(update={"location": location})


def _wanted(restore: Restore) -> dict[str, Any]:
    """The request; a second attempt goes back to the point that the first one was for."""
    if not restore.attempts or not restore.point:
        return restore.asked
    asked = {name: value for name, value in restore.asked.items() if name != "maxAgeHours"}
    return {**asked, "recoveryPoint": {"id": restore.point.id}}


def _chosen(parts: Parts, restore: Restore, facts: VaultFacts, flexible: bool) -> Point:
    """The point that is asked for. Where none of those before a moment fits, the whole list is read, so that the
    refusal names what there is."""
    wanted, odata = _wanted(restore), "" if restore.cross_region else _filter(restore, parts.now())
    try:
        return choose(_listed(parts, restore, facts, odata), wanted, parts.now(), flexible)
    except NoPoint:
        if not odata:
            raise
        return choose(_listed(parts, restore, facts, ""), wanted, parts.now(), flexible)


def _listed(parts: Parts, restore: Restore, facts: VaultFacts, odata: str) -> list[PointRead]:
    """The instance's points, of the secondary region for a cross-region restore."""
    if restore.cross_region:
        items = parts.azure.secondary_points(restore.instance, facts)
    else:
        items = parts.azure.points(restore.instance, odata)
    return [point for point in map(read_point, items) if point]


def _filter(restore: Restore, now: datetime) -> str:
    wanted = restore.asked.get("recoveryPoint")
    if not isinstance(wanted, dict) or "atOrBefore" not in wanted:
        return ""
    # whether the bounds are inclusive nobody knows: a day more is asked for, and `choose` is exact
    end = min(utc(wanted["atOrBefore"]), now) + timedelta(days=1)
    return request_bodies.points_filter(None, f"{iso(end)[:19]}.0000000Z")


def _guard_requests(parts: Parts, restore: Restore) -> tuple[str, ...]:
    asked = restore.asked.get("resourceGuardRequests")
    if asked == "auto":
        return parts.azure.guard_requests(restore.vault)
    return tuple(asked) if isinstance(asked, list) else ()


def cooldown(parts: Parts, restore: Restore) -> AzureError | None:
    """A refusal while the instance had a restore within its cooldownHours, by the vault's own jobs."""
    entry = parts.read_desk().instances.get(restore.instance_name or "")
    if entry is None or not entry.cooldown_hours or restore.dry_run:
        return None
    since = parts.now() - timedelta(hours=entry.cooldown_hours)
    own = {attempt.request_id for attempt in restore.attempts}
    for read in parts.azure.jobs(restore.vault, None):
        recent = read.job.started and read.job.started >= since and read.ended != "failed"
        of_it = read.category == "restore" and read.instance == restore.instance.lower()
        if recent and of_it and read.activity_id not in own:
            return refusal(
                "CoolingDown",
                f"{restore.instance_name} was restored at {read.job.started:%Y-%m-%d %H:%M} UTC (job {read.job.id}); "
                f"its cooldownHours is {entry.cooldown_hours:g}.",
                "Azure recommends one restore a day for flexible servers: ask again later, or lower cooldownHours.",
            )
    return None
