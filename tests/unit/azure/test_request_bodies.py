"""Our bodies, cell by cell: what azure-mgmt-dataprotection serialises for the same request, names and values."""

import itertools
import json
from typing import Any

import pytest
from azure.mgmt.dataprotection import models as sdk
from azure.mgmt.dataprotection._utils.model_base import SdkJSONEncoder

from shared.azure import request_bodies
from shared.domain.restore import Plan, Point, Restore
from tests.kits.restores import (
    CONTAINER,
    CONTAINER_ID,
    DATABASE,
    FILES,
    FLEXIBLE,
    GUARD,
    IDENTITY,
    INSTANCE,
    NOW,
    POINT,
    SECRET,
    SERVER,
    SINGLE,
    VAULT,
    a_restore,
)

KINDS, TIERS, SERVERS = ("files", "database"), ("VaultStore", "ArchiveStore"), ("single", "flexible")
SCOPES, EXTRAS = ("vault", "cross-region"), ("plain", "guard", "identity", "guard and identity")
CELLS = [
    cell
    for cell in itertools.product(KINDS, TIERS, SERVERS, SCOPES, EXTRAS)
    if not (cell[2] == "flexible" and (cell[0] == "database" or cell[1] == "ArchiveStore"))  # impossible: refused
]


def ours(kind: str, tier: Any, server: str, scope: str, extra: str) -> Restore:
    location = "eastus" if scope == "cross-region" else "westus"
    plan = (FILES if kind == "files" else DATABASE).model_copy(
        update={"location": location, "identity": IDENTITY if "identity" in extra else None}
    )
    return a_restore(
        plan=plan,
        point=Point(id=POINT, time=NOW, tier=tier),
        datasource=FLEXIBLE if server == "flexible" else SINGLE,
        cross_region=scope == "cross-region",
        guard_requests=(GUARD,) if "guard" in extra else (),
        asked={"rehydration": {"priority": "High", "retainDays": 12}} if tier == "ArchiveStore" else {},
    )


def theirs(kind: str, tier: str, server: str, scope: str, extra: str) -> sdk.AzureBackupRestoreRequest:
    location = "eastus" if scope == "cross-region" else "westus"
    identity = sdk.IdentityDetails(use_system_assigned_identity=False, user_assigned_identity_arm_url=IDENTITY)
    common: dict[str, Any] = {
        "recovery_point_id": POINT,
        "source_data_store_type": tier,
        "restore_target_info": files_target(location) if kind == "files" else database_target(location),
        **({"resource_guard_operation_requests": [GUARD]} if "guard" in extra else {}),
        **({"identity_details": identity} if "identity" in extra else {}),
    }
    if tier == "VaultStore":
        return sdk.AzureBackupRecoveryPointBasedRestoreRequest(**common)
    return sdk.AzureBackupRestoreWithRehydrationRequest(
        rehydration_priority="High", rehydration_retention_duration="P12D", **common
    )


def files_target(location: str) -> sdk.RestoreTargetInfoBase:
    prefix = "pg-prod-01-01JC00000000000000000RESTORE-3"
    details = sdk.TargetDetails(
        file_prefix=prefix,
        restore_target_location_type="AzureBlobs",
        url=CONTAINER,
        target_resource_arm_id=CONTAINER_ID,
    )
    return sdk.RestoreFilesTargetInfo(recovery_option="FailIfExists", restore_location=location, target_details=details)


def database_target(location: str) -> sdk.RestoreTargetInfoBase:
    database = "Microsoft.DBforPostgreSQL/servers/databases"
    secret = sdk.SecretStoreResource(uri=SECRET, secret_store_type="AzureKeyVault")
    return sdk.RestoreTargetInfo(
        recovery_option="FailIfExists",
        restore_location=location,
        datasource_info=sdk.Datasource(
            object_type="Datasource",
            datasource_type=database,
            resource_id=f"{SERVER}/databases/emp21",
            resource_name="emp21",
            resource_type=database,
            resource_location=location,
            resource_uri="",
        ),
        datasource_set_info=sdk.DatasourceSet(
            object_type="DatasourceSet",
            datasource_type=database,
            resource_id=SERVER,
            resource_name="target-server",
            resource_type="Microsoft.DBforPostgreSQL/servers",
            resource_location=location,
            resource_uri="",
        ),
        datasource_auth_credentials=sdk.SecretStoreBasedAuthCredentials(secret_store_resource=secret),
    )


def serialised(model: Any) -> Any:
    return json.loads(json.dumps(model, cls=SdkJSONEncoder))


@pytest.mark.parametrize("cell", CELLS, ids=" | ".join)
def test_each_cell_says_what_microsofts_sdk_says(cell: tuple[str, str, str, str, str]) -> None:
    restore, request = ours(*cell), theirs(*cell)
    assert request_bodies.restore_body(restore, 3) == serialised(request)
    wrapped = sdk.ValidateRestoreRequestObject(restore_request_object=request)
    assert request_bodies.validate_body(restore, 3) == serialised(wrapped)
    details = sdk.CrossRegionRestoreDetails(source_region="westus", source_backup_instance_id=INSTANCE)
    across = sdk.CrossRegionRestoreRequestObject(restore_request_object=request, cross_region_restore_details=details)
    assert request_bodies.cross_region_body(restore, 3) == serialised(across)


def test_the_other_cross_region_bodies_too() -> None:
    points = sdk.FetchSecondaryRPsRequestParameters(source_region="westus", source_backup_instance_id=INSTANCE)
    job = sdk.CrossRegionRestoreJobRequest(source_region="westus", source_backup_vault_id=VAULT, job_id="j1")
    jobs = sdk.CrossRegionRestoreJobsRequest(source_region="westus", source_backup_vault_id=VAULT)
    assert request_bodies.secondary_points_body(INSTANCE, "westus") == serialised(points)
    assert request_bodies.cross_region_job_body(VAULT, "westus", "j1") == serialised(job)
    assert request_bodies.cross_region_jobs_body(VAULT, "westus") == serialised(jobs)


def test_an_archived_point_is_rehydrated_for_fifteen_days_unless_said_otherwise() -> None:
    body = request_bodies.restore_body(a_restore(point=Point(id=POINT, time=NOW, tier="ArchiveStore")), 1)
    assert body["objectType"] == "AzureBackupRestoreWithRehydrationRequest"
    assert (body["rehydrationPriority"], body["rehydrationRetentionDuration"]) == ("Standard", "P15D")


def test_rehydration_is_not_said_where_the_point_is_in_the_vault() -> None:
    asked = {"rehydration": {"priority": "High", "retainDays": 30}}
    rehydrated = Point(id=POINT, time=NOW, tier="VaultStore", rehydrated=True)
    body = request_bodies.restore_body(a_restore(asked=asked, point=rehydrated), 1)
    assert body["objectType"] == "AzureBackupRecoveryPointBasedRestoreRequest"
    assert not [name for name in body if name.startswith("rehydration")]


def test_a_prefix_of_the_target_stands_first_and_id_and_attempt_last() -> None:
    plan = FILES.model_copy(update={"prefix": "q3"})
    details = request_bodies.restore_body(a_restore(plan=plan), 2)["restoreTargetInfo"]["targetDetails"]
    assert details["filePrefix"] == "q3-01JC00000000000000000RESTORE-2"


def test_without_the_containers_id_none_is_sent() -> None:
    plan = Plan(kind="files", location="westus", container=CONTAINER)
    details = request_bodies.restore_body(a_restore(plan=plan), 1)["restoreTargetInfo"]["targetDetails"]
    assert "targetResourceArmId" not in details


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, ""),
        ("2026-06-16T00:00:00.0000000Z", None, "startDate eq '2026-06-16T00:00:00.0000000Z'"),
        (
            "2026-06-16T00:00:00.0000000Z",
            "2026-07-16T00:00:00.0000000Z",
            "startDate eq '2026-06-16T00:00:00.0000000Z' and endDate eq '2026-07-16T00:00:00.0000000Z'",
        ),
    ],
)
def test_the_filter_of_a_point_list(start: str | None, end: str | None, expected: str) -> None:
    assert request_bodies.points_filter(start, end) == expected
