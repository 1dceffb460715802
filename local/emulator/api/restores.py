"""validateRestore and restore, here and across regions: what is accepted, what it starts, where it can be followed."""

import base64
import uuid

from local.emulator.api import checks, request_bodies
from local.emulator.api.calls import NOT_FOUND, Answer, Call, RefusedError, World, the_instance
from local.emulator.api.checks import Refusal
from local.emulator.api.request_bodies import (
    DatabaseTarget,
    FilesTarget,
    MalformedError,
    RehydrationRestore,
    RestoreAsk,
)
from local.emulator.hindrance.faults import JobFault
from local.emulator.wire.vault_bodies import rehydration_status
from local.emulator.world import deliveries, left_behind
from local.emulator.world.inventory import HeldInstance, HeldPoint
from local.emulator.world.left_behind import Job, Operation
from local.emulator.world.seed import FLEXIBLE, stable_guid
from local.emulator.world.ticks import DAY

_TRANSFERRED = 71_152
_STORES = {"vaultstore": "VaultStore", "archivestore": "ArchiveStore"}
RETRY_SECONDS = {"validate": 10, "restore": 30}


def validate(world: World, call: Call) -> Answer:
    held = the_instance(world, call)
    ask = request_bodies.read(request_bodies.ValidateAsk, call.body).restore_request_object
    return accept_validation(world, call, held, ask, "")


def restore(world: World, call: Call) -> Answer:
    held = the_instance(world, call)
    return accept_restore(world, call, held, request_bodies.read_restore(call.body), "")


def accept_validation(world: World, call: Call, held: HeldInstance, ask: RestoreAsk, region: str) -> Answer:
    """`region` is the secondary one of a cross-region call, else empty."""
    point = _the_point(world, held, ask)
    refusal = _ordered(call, "validate") or checks.refusal(ask, held, point, call.now) or _taken(world, ask)
    ends = call.now + world.options.span(world.options.validate_seconds)
    return _accepted(world, call, held, _operation(call, held, "validate", ends, region, refusal))


def accept_restore(world: World, call: Call, held: HeldInstance, ask: RestoreAsk, region: str) -> Answer:
    point = _the_point(world, held, ask)
    if not region and checks.guard_denies(ask, held.held):
        raise RefusedError("UserErrorResourceGuardApprovalRequired")
    refusal = _ordered(call, "operation") or checks.refusal(ask, held, point, call.now) or _too_many(world, call, held)
    ends = call.now + world.options.span(world.options.operation_seconds)
    reference = ""
    if refusal is None:
        job = _job(world, call, held, ask, point, ends, region)
        left_behind.add_job(world.store.db, job)
        _leave_traces(world, call, held, ask, job)
        reference = job.id if region else _reference(world, held, job)
    return _accepted(world, call, held, _operation(call, held, "restore", ends, region, refusal, reference))


def _the_point(world: World, held: HeldInstance, ask: RestoreAsk) -> HeldPoint:
    if wrong := checks.malformed(ask, held):
        raise MalformedError(wrong)
    point = world.inventory.point(held.key, ask.recovery_point_id)
    if point is None:
        raise RefusedError(NOT_FOUND)
    return point


def _ordered(call: Call, stage: str) -> Refusal | None:
    failure = call.struck.failure
    return Refusal(failure.code) if failure and failure.stage == stage else None


def _taken(world: World, ask: RestoreAsk) -> Refusal | None:
    target = ask.restore_target_info
    if isinstance(target, DatabaseTarget) and left_behind.database_exists(
        world.store.db, target.datasource_info.resource_id
    ):
        return Refusal("UserErrorDatabaseNameAlreadyInUse")
    return None


def _too_many(world: World, call: Call, held: HeldInstance) -> Refusal | None:
    limit = world.options.max_concurrent_restores
    if limit and left_behind.running_restores(world.store.db, held.key, call.now) >= limit:
        return Refusal("UserErrorMaxConcurrentOperationLimitReached")
    return None


def _job_failure(world: World, call: Call, held: HeldInstance, ask: RestoreAsk, plan: JobFault) -> str:
    """A key of CODES or nothing."""
    day = int(DAY / world.options.speed)
    if (refusal := _ordered(call, "job") or _taken(world, ask)) is not None:
        return refusal.code
    daily = world.options.flex_daily_limit and held.instance.kind == FLEXIBLE
    if daily and left_behind.restores_since(world.store.db, held.key, call.now - day):
        return "UserErrorRestoreFrequencyExceeded"
    return "CloudInternalError" if plan.outcome == "Failed" else ""


def _job(
    world: World, call: Call, held: HeldInstance, ask: RestoreAsk, point: HeldPoint, starts: int, region: str
) -> Job:
    target, plan = ask.restore_target_info, call.struck.job or JobFault()
    failure = _job_failure(world, call, held, ask, plan)
    rehydrated = _rehydrated(world, held, ask, point, starts)
    works = world.options.span(held.instance.job_seconds or world.options.job_seconds)
    files = isinstance(target, FilesTarget)
    return Job(
        id=str(uuid.uuid4()),
        vault=held.held.key,
        instance=held.key,
        category="CrossRegionRestore" if region else "Restore",
        started=starts,
        ends=None if plan.outcome == "never" else (rehydrated or starts) + works,
        activity=call.request_id if held.held.vault.echoes_request_ids else str(uuid.uuid4()),
        point=point.id,
        point_time=point.time,
        store=_STORES[ask.source_data_store_type],
        destination=_destination(target),
        prefix=target.target_details.file_prefix if isinstance(target, FilesTarget) else None,
        outcome="Failed" if failure else plan.outcome,
        running=plan.status,
        error=failure,
        priority=ask.rehydration_priority.capitalize() if isinstance(ask, RehydrationRestore) else None,
        rehydrated=rehydrated,
        transferred=_TRANSFERRED if files and not failure else 0,
        etag_every=world.options.span(world.options.etag_every) if world.options.etag_every else 0,
    )


def _destination(target: FilesTarget | DatabaseTarget) -> str:
    return target.target_details.url if isinstance(target, FilesTarget) else target.datasource_info.resource_id


def _rehydrated(world: World, held: HeldInstance, ask: RestoreAsk, point: HeldPoint, starts: int) -> int | None:
    """When the archived point will be in the vault; None when it need not be brought there."""
    if not isinstance(ask, RehydrationRestore) or rehydration_status(point, starts) == "COMPLETED":
        return None
    ends = starts + world.options.span(world.options.rehydrate_seconds)
    world.inventory.rehydrate(held.key, point.id, starts, ends, ends + (ask.days or 0) * DAY)
    return ends


def _leave_traces(world: World, call: Call, held: HeldInstance, ask: RestoreAsk, job: Job) -> None:
    """A new database takes its name at once; files appear when the job is done. A failed job leaves nothing."""
    if job.outcome not in ("Completed", "CompletedWithWarnings", "never"):
        return
    target = ask.restore_target_info
    if isinstance(target, DatabaseTarget):
        left_behind.add_database(world.store.db, target.datasource_info.resource_id, job.id)
    elif job.ends is not None:
        variant = (call.struck.job or JobFault()).dumps
        left_behind.add_files(world.store.db, target.target_details.url, _files(world, held, job, variant), job)
        if world.options.dumps:
            deliveries.owe(world.store, job, variant)


def _files(world: World, held: HeldInstance, job: Job, variant: str) -> list[str]:
    """A flexible server does not honour the prefix: field reports find a uuid there."""
    instance = held.instance
    if world.options.dumps:
        return deliveries.names(world.options.dumps, variant, None if instance.kind == FLEXIBLE else job.prefix)
    prefix = str(uuid.uuid4()) if instance.kind == FLEXIBLE else job.prefix
    names = instance.databases if instance.database is None else (instance.database,)
    extra = ("roles", "schema", "tablespace") if instance.kind == FLEXIBLE else ("roles",)
    return [f"{prefix}_database_{name}.sql" for name in names] + [f"{prefix}_{each}.sql" for each in extra]


def _reference(world: World, held: HeldInstance, job: Job) -> str:
    """The service is not of one mind on the casing of these two segments, so neither is this."""
    path = f"{held.held.id}/backupJobs/{job.id}"
    if world.store.count("restores") % 2:
        return path
    return path.replace("/resourceGroups/", "/resourcegroups/", 1).replace("/backupVaults/", "/BackupVaults/", 1)


def _operation(
    call: Call, held: HeldInstance, kind: str, ends: int, region: str, refusal: Refusal | None, reference: str = ""
) -> Operation:
    name = f"{stable_guid('operations', held.held.key)};{uuid.uuid4()}"
    return Operation(
        id=base64.b64encode(name.encode()).decode(),
        kind="restore" if kind == "restore" else "validate",
        vault=held.held.key,
        instance=held.key,
        location=region or held.held.vault.location,
        started=call.now,
        ends=ends,
        activity=call.request_id,
        cross_region=bool(region),
        error=refusal.code if refusal else "",
        detail=refusal.detail if refusal else "",
        job_ref=reference,
    )


def _accepted(world: World, call: Call, held: HeldInstance, operation: Operation) -> Answer:
    expire = call.struck.expire
    left_behind.add_operation(world.store.db, operation, expire.status if expire else 0)
    return Answer(status=202, headers=followed(world, call, held, operation), effect=True)


def followed(world: World, call: Call, held: HeldInstance, operation: Operation) -> dict[str, str]:
    """Both signed URLs and when to come back. In 2021 and across regions both are location-scoped."""
    subscription = f"/subscriptions/{held.held.subscription}"
    provider = "/providers/Microsoft.DataProtection"
    location = f"{subscription}{provider}/locations/{operation.location}"
    scopes = {
        "vault": held.held.id,
        "resourceGroup": f"{subscription}/resourceGroups/{held.held.vault.group}{provider}",
        "location": location,
    }
    by_location = operation.cross_region or call.api_version.startswith("2021")
    status = scopes["location" if by_location else held.held.vault.async_scope]
    return {
        "Azure-AsyncOperation": signed(world, call, f"{status}/operationStatus/{operation.id}"),
        "Location": signed(world, call, f"{location}/operationResults/{operation.id}"),
        "Retry-After": world.options.retry_after(RETRY_SECONDS[operation.kind]),
    }


def signed(world: World, call: Call, path: str) -> str:
    return call.base + world.signer.signed(f"{path}?api-version={call.api_version}", call.now)
