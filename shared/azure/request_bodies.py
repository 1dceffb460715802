"""The bodies of validateRestore, restore and their cross-region twins, in the casing of Azure's specification. Pure.

https://learn.microsoft.com/rest/api/dataprotection/backup-instances/trigger-restore
"""

from typing import Any

from shared.domain.resource_ids import SINGLE_DATABASE, SINGLE_SERVER
from shared.domain.restore import Plan, Restore

POINT_BASED = "AzureBackupRecoveryPointBasedRestoreRequest"
WITH_REHYDRATION = "AzureBackupRestoreWithRehydrationRequest"


def restore_body(restore: Restore, attempt: int) -> dict[str, Any]:
    """AzureBackupRestoreRequest: the body of `restore`, and what validateRestore wraps. Times aside, all is known."""
    assert restore.point is not None
    assert restore.plan is not None
    archived = restore.point.tier == "ArchiveStore"
    body: dict[str, Any] = {
        "objectType": WITH_REHYDRATION if archived else POINT_BASED,
        "recoveryPointId": restore.point.id,
        "sourceDataStoreType": restore.point.tier,
        "restoreTargetInfo": _target(restore, restore.plan, attempt),
    }
    if archived:
        rehydration = restore.asked.get("rehydration") or {}
        body["rehydrationPriority"] = rehydration.get("priority", "Standard")
        body["rehydrationRetentionDuration"] = f"P{rehydration.get('retainDays', 15)}D"
    if restore.guard_requests:
        body["resourceGuardOperationRequests"] = list(restore.guard_requests)
    if restore.plan.identity:
        body["identityDetails"] = {
            "useSystemAssignedIdentity": False,
            "userAssignedIdentityArmUrl": restore.plan.identity,
        }
    return body


def _target(restore: Restore, plan: Plan, attempt: int) -> dict[str, Any]:
    common = {"recoveryOption": "FailIfExists", "restoreLocation": plan.location}
    if plan.kind == "files":
        details = {
            "filePrefix": restore.file_prefix(attempt),
            "restoreTargetLocationType": "AzureBlobs",
            "url": plan.container,
            **({"targetResourceArmId": plan.container_id} if plan.container_id else {}),
        }
        return {"objectType": "RestoreFilesTargetInfo", **common, "targetDetails": details}
    return {
        "objectType": "RestoreTargetInfo",
        **common,
        "datasourceInfo": _resource("Datasource", SINGLE_DATABASE, f"{plan.server}/databases/{plan.database}", plan),
        "datasourceSetInfo": _resource("DatasourceSet", SINGLE_SERVER, f"{plan.server}", plan),
        "datasourceAuthCredentials": {
            "objectType": "SecretStoreBasedAuthCredentials",
            "secretStoreResource": {"secretStoreType": "AzureKeyVault", "uri": plan.secret},
        },
    }


def _resource(kind: str, resource_type: str, resource_id: str, plan: Plan) -> dict[str, Any]:
    return {
        "objectType": kind,
        "datasourceType": SINGLE_DATABASE,
        "resourceID": resource_id,
        "resourceName": resource_id.rsplit("/", 1)[1],
        "resourceType": resource_type,
        "resourceLocation": plan.location,
        "resourceUri": "",
    }


def validate_body(restore: Restore, attempt: int) -> dict[str, Any]:
    """ValidateRestoreRequestObject: the wrapper with its one property."""
    return {"restoreRequestObject": restore_body(restore, attempt)}


def cross_region_body(restore: Restore, attempt: int) -> dict[str, Any]:
    """CrossRegionRestoreRequestObject, alike for validateCrossRegionRestore and crossRegionRestore: stays wrapped."""
    return {
        "restoreRequestObject": restore_body(restore, attempt),
        "crossRegionRestoreDetails": {
            "sourceRegion": restore.source_region,
            "sourceBackupInstanceId": restore.instance,
        },
    }


def secondary_points_body(instance: str, source_region: str) -> dict[str, str]:
    """FetchSecondaryRPsRequestParameters."""
    return {"sourceRegion": source_region, "sourceBackupInstanceId": instance}


def cross_region_job_body(vault: str, source_region: str, job_id: str) -> dict[str, str]:
    """CrossRegionRestoreJobRequest."""
    return {"sourceRegion": source_region, "sourceBackupVaultId": vault, "jobId": job_id}


def cross_region_jobs_body(vault: str, source_region: str) -> dict[str, str]:
    """CrossRegionRestoreJobsRequest."""
    return {"sourceRegion": source_region, "sourceBackupVaultId": vault}


def points_filter(start: str | None, end: str | None) -> str:
    """The `$filter` of a point list, as Azure CLI sends it; moments are `yyyy-MM-ddTHH:mm:ss.0000000Z`."""
    halves = (f"startDate eq '{start}'" if start else "", f"endDate eq '{end}'" if end else "")
    return " and ".join(half for half in halves if half)
