"""Operations and jobs as the service writes them at a given moment. Pure."""

from collections.abc import Callable
from typing import Any, Literal

from local.emulator.wire.codes import CODES
from local.emulator.wire.errors import Json, asynchronous, user_facing
from local.emulator.wire.vault_bodies import friendly_name, policy_id, policy_name
from local.emulator.world import ticks
from local.emulator.world.inventory import HeldInstance
from local.emulator.world.left_behind import Job, Operation
from local.emulator.world.seed import source_id
from local.emulator.world.ticks import SECOND

View = Literal["get", "list"]

# What a job's etag lags behind its events by, as seen.
_ETAG_LAG = SECOND // 4


def operation_status(path: str, what: Operation, now: int, *, running: bool) -> Json:
    """`path` is the URL's own, so the id shows the scope it was asked under."""
    body: Json = {
        "id": path,
        "name": what.id,
        "status": "Inprogress" if running else "Failed" if what.error else "Succeeded",
        "startTime": ticks.trimmed(what.started),
        "endTime": ticks.NEVER if running else ticks.whole(what.ends),
    }
    if running:
        return body
    if what.error:
        return body | {"error": asynchronous(what.error, what.activity, what.detail)}
    return body | ({"properties": operation_result(what)} if what.kind == "restore" else {})


def operation_result(what: Operation) -> Json:
    return ({"jobId": what.job_ref} if what.job_ref else {}) | {"objectType": "OperationJobExtendedInfo"}


def job(held: HeldInstance, what: Job, now: int, view: View) -> Json:
    """A list has no extendedInfo and spells the duration another way; across regions nulls are left out."""
    properties = _source(held, what) | _kind(what) | _state(what, now, view)
    properties["extendedInfo"] = _extended(held, what, now) if view == "get" else None
    across = what.category == "CrossRegionRestore"
    return _resource(held, what, _without_nulls(properties) if across else properties)


def _source(held: HeldInstance, what: Job) -> Json:
    subscription, instance = held.held.subscription, held.instance
    return {
        "activityID": what.activity,
        "subscriptionId": subscription,
        "backupInstanceId": held.id,
        "policyId": policy_id(held),
        "dataSourceId": source_id(subscription, instance),
        "vaultName": held.held.vault.name,
        "backupInstanceFriendlyName": friendly_name(held, "\\" if what.category == "CrossRegionRestore" else "/"),
        "policyName": policy_name(held),
        "sourceResourceGroup": instance.group,
        "dataSourceSetName": instance.server if instance.database else None,
        "dataSourceName": instance.database or instance.server,
        "sourceSubscriptionID": subscription,
        "dataSourceLocation": instance.location,
        "dataSourceType": instance.kind,
    }


def _kind(what: Job) -> Json:
    backup = what.category == "Backup"
    return {
        "sourceDataStoreName": None,
        "sourceDataStoreType": what.store if what.category == "Restore" else None,
        "destinationDataStoreName": "VaultStore" if backup else None,
        "progressEnabled": not backup,
        "operationCategory": what.category,
        "operation": "Backup" if backup else "Restore",
        "restoreType": None,
        "isUserTriggered": not backup,
        "rehydrationPriority": what.priority,
        "supportedActions": [] if backup else [""],
        "progressUrl": None,
        "isCrossRegionRestore": None,
    }


def _state(what: Job, now: int, view: View) -> Json:
    spell: Callable[[int], str] = ticks.iso_duration if view == "get" else ticks.timespan
    ended = what.ends if what.done(now) else None
    failed = ended is not None and what.error
    return {
        "etag": ticks.etag(_changed(what, now) + _ETAG_LAG),
        "startTime": ticks.trimmed(what.started),
        "endTime": None if ended is None else ticks.trimmed(ended),
        "status": what.status(now),
        "duration": spell(0 if ended is None else ended - what.started),
        "errorDetails": [user_facing(CODES[what.error], what.activity)] if failed else None,
    }


def _resource(held: HeldInstance, what: Job, properties: Json) -> Json:
    """Across regions the vault's type is written BackupVaults."""
    vault, kind = held.held.id, "backupVaults"
    if what.category == "CrossRegionRestore":
        vault, kind = vault.replace("/backupVaults/", "/BackupVaults/"), "BackupVaults"
    return {
        "properties": properties,
        "id": f"{vault}/backupJobs/{what.id}",
        "name": what.id,
        "type": f"Microsoft.DataProtection/{kind}/backupJobs",
    }


def _changed(what: Job, now: int) -> int:
    """The last event of a job: its start, the end of its rehydration, its end; between them what the options add."""
    if what.done(now) and what.ends:
        return what.ends
    last = what.rehydrated if what.rehydrated and now >= what.rehydrated else what.started
    return last + (max(0, now - last) // what.etag_every * what.etag_every if what.etag_every else 0)


def _extended(held: HeldInstance, what: Job, now: int) -> Json:
    here = {"recoveryPointID": what.point, "recoveryPointTime": ticks.full(what.point_time)}
    backup = what.category == "Backup"
    return {
        "backupInstanceState": None,
        "dataTransferredInBytes": None,
        "targetRecoverPoint": here if backup else None,
        "sourceRecoverPoint": None if backup else here,
        "recoveryDestination": what.destination or None,
        "subTasks": _sub_tasks(held, what, now),
        "additionalDetails": None if what.prefix is None else {"Restore File Prefix": what.prefix},
        "warningDetails": _warnings(held, what) if what.done(now) and what.outcome == "CompletedWithWarnings" else None,
    }


def _sub_tasks(held: HeldInstance, what: Job, now: int) -> list[Json]:
    if what.category == "Backup":
        return [_task(1, "Trigger Backup", "Completed")]
    if what.rehydrated is None:
        return [_restore_task(1, held, what, now)]
    if now < what.rehydrated:
        return [_task(1, "Rehydrate Recovery Point", "InProgress"), _task(2, "Trigger Restore", "NotStarted")]
    return [_task(1, "Rehydrate Recovery Point", "Completed"), _restore_task(2, held, what, now)]


def _restore_task(number: int, held: HeldInstance, what: Job, now: int) -> Json:
    if not what.done(now):
        return _task(number, "Trigger Restore", "InProgress")
    details = {
        "DataTransferredInBytes": str(what.transferred),
        "TaskId": what.activity,
        "DatasourceType": held.instance.kind,
    }
    unfinished = what.outcome in ("Failed", "Cancelled")
    return _task(number, "Trigger Restore", what.outcome if unfinished else "Completed", details)


def _task(number: int, name: str, status: str, details: Json | None = None) -> Json:
    return {
        "taskId": number,
        "taskName": name,
        "taskStatus": status,
        "taskProgress": None,
        "additionalDetails": details,
    }


def _warnings(held: HeldInstance, what: Job) -> list[Json]:
    warning = user_facing(CODES["UserErrorMissingDBPermissions"], what.activity)
    return [{"resourceName": held.instance.database or held.instance.server, "warning": warning}]


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value
