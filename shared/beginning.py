"""The beginning of a restore: its turn, its recovery point, its validation."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from shared import wire
from shared.events import Event, Refused, TurnTaken, ValidationStarted, Waiting
from shared.impossible import impossible, refusal
from shared.outcomes import Failed
from shared.parts import Parts, Rejected, VaultFacts
from shared.points import NoPoint, PointRead, choose, read_point
from shared.problems import Trouble
from shared.restore import AzureError, Datasource, Restore
from shared.retries import passes
from shared.steps import IllegalStep
from shared.values import utc

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)  # callers may mean any time


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
        return Failed(no.error, None)


def _validate(parts: Parts, restore: Restore) -> Event:
    if restore.plan is None:
        raise IllegalStep(f"{restore.id} was accepted without a plan")
    facts = vault_facts(parts, restore.vault)
    source = datasource(parts, restore.vault, restore.instance)
    location = restore.plan.location or (facts.secondary if restore.cross_region else facts.location)
    plan = restore.plan.model_copy(update={"location": location})
    fault = impossible(restore, plan, source, facts) or cooldown(parts, restore)
    if fault:
        return Refused(fault)
    point = choose(listed_points(parts, restore, facts), restore.asked, parts.now(), source.flexible)
    guards = _guard_requests(parts, restore)
    told = {"point": point, "datasource": source, "plan": plan, "guard_requests": guards}
    ready = restore.model_copy(update={**told, "source_region": facts.location})
    taken = parts.azure.validate(ready, len(restore.attempts) + 1)
    wait = max(taken.retry_after or 0, parts.pace.validation_likely if taken.tracking else 0)
    due = parts.now() + timedelta(seconds=wait)
    return ValidationStarted(point, source, plan, guards, facts.location, taken.tracking, due)


def vault_facts(parts: Parts, vault: str) -> VaultFacts:
    """What a vault says of itself: read once a day, shared by all."""
    known = parts.board.recall(vault, "vault")
    if known and (parts.now() - known[0]).total_seconds() < parts.pace.facts_fresh:
        return VaultFacts(**known[1])
    facts = parts.azure.vault(vault)
    parts.board.remember(vault, "vault", vars(facts), parts.now())
    return facts


def instance_name(instance: str) -> str:
    """Under which an instance's own facts are remembered."""
    return "instance-" + instance.rsplit("/", 1)[-1].lower()


def learn_instances(parts: Parts, vault: str, instances: set[str]) -> None:
    """Where two or more of a vault's instances are not known yet, one list tells of them all."""
    since = parts.now() - timedelta(seconds=parts.pace.facts_fresh)
    wanted = {instance_name(instance) for instance in instances} - parts.board.known(vault, "instance-", since)
    found: dict[str, dict[str, Any]] = {}
    if len(wanted) < 2:
        return
    with suppress(Rejected):  # each is then asked for by itself, and says why not
        for identity, source in parts.azure.instances(vault):
            if instance_name(identity) in wanted:
                found[instance_name(identity)] = source.json_value()
            if len(found) == len(wanted):
                break
    parts.board.remember_all(vault, found, parts.now())


def datasource(parts: Parts, vault: str, instance: str) -> Datasource:
    """What an instance protects: read once a day."""
    name = instance_name(instance)
    known = parts.board.recall(vault, name)
    if known and (parts.now() - known[0]).total_seconds() < parts.pace.facts_fresh:
        return Datasource.model_validate(known[1])
    found = parts.azure.datasource(instance)
    parts.board.remember(vault, name, found.json_value(), parts.now())
    return found


def listed_points(parts: Parts, restore: Restore, facts: VaultFacts) -> list[PointRead]:
    """The instance's points, of the secondary region for a cross-region restore."""
    if restore.cross_region:
        items = parts.azure.secondary_points(restore.instance, facts)
    else:
        items = parts.azure.points(restore.instance, _filter(restore))
    return [point for point in map(read_point, items) if point]


def _filter(restore: Restore) -> str:
    wanted = restore.asked.get("recoveryPoint")
    if not isinstance(wanted, dict) or "atOrBefore" not in wanted:
        return ""
    # whether the bounds are inclusive nobody knows: a day more is asked for, and `choose` is exact
    end = min(max(utc(wanted["atOrBefore"]), FIRST), LAST) + timedelta(days=1)
    return wire.points_filter(None, end.strftime("%Y-%m-%dT%H:%M:%S.0000000Z"))


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
