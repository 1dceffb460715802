"""Microsoft's own SDK, unchanged, over TLS: points, validations, restores and jobs, here and across regions."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.credentials import AccessTokenInfo
from azure.mgmt.dataprotection import DataProtectionMgmtClient, models

from local.emulator import Emulator, Options
from tests.kits.emulator_kit import EMPDB, GEO, GUARDED, SINGLES, WORLD, instance_path, vault_path

CONTAINER = "https://testossstorageaccount.blob.core.windows.net/testcontainerrestore"
POLL = 0.01

pytestmark = pytest.mark.slow


class Token:
    """The SDK takes any object that gives tokens."""

    def get_token_info(self, *_: str, **__: Any) -> AccessTokenInfo:
        return AccessTokenInfo("token", int(time.time()) + 3600)

    def get_token(self, *_: str, **__: Any) -> Any:
        return self.get_token_info()

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    options = Options(
        state=tmp_path_factory.mktemp("sdk"), tls=True, speed=2000, page_size=3, fractional_retry_after=True
    )
    with Emulator(options) as running:
        yield running


@pytest.fixture
def azure(emulator: Emulator) -> Iterator[DataProtectionMgmtClient]:
    trusted = str(emulator.certificate)
    with DataProtectionMgmtClient(
        Token(), WORLD.subscription, base_url=emulator.url, connection_verify=trusted
    ) as client:
        yield client


def as_files(point: str) -> models.AzureBackupRecoveryPointBasedRestoreRequest:
    details = models.TargetDetails(file_prefix="sdk", restore_target_location_type="AzureBlobs", url=CONTAINER)
    target = models.RestoreFilesTargetInfo(
        recovery_option="FailIfExists", restore_location="westus", target_details=details
    )
    return models.AzureBackupRecoveryPointBasedRestoreRequest(
        recovery_point_id=point, source_data_store_type="VaultStore", restore_target_info=target
    )


def ended(azure: DataProtectionMgmtClient, job: str) -> models.AzureBackupJobResource:
    while True:
        found = azure.jobs.get(SINGLES.group, SINGLES.name, job)
        if found.properties and found.properties.status != "InProgress":
            return found
        time.sleep(0.01)


def test_a_restore_from_first_to_last(azure: DataProtectionMgmtClient) -> None:
    where = (SINGLES.group, SINGLES.name, EMPDB.name)
    points = list(azure.recovery_points.list(*where))
    assert len(points) == len(EMPDB.points)
    newest = azure.recovery_points.get(*where, points[3].name or "")
    request = as_files(newest.name or "")
    asked = models.ValidateRestoreRequestObject(restore_request_object=request)
    azure.backup_instances.begin_validate_for_restore(*where, asked, polling_interval=POLL).result()
    result = azure.backup_instances.begin_trigger_restore(*where, request, polling_interval=POLL).result()
    job = ended(azure, (result.job_id or "").rpartition("/")[2])
    assert job.properties
    assert job.properties.status == "Completed"
    assert job.properties.extended_info
    assert job.properties.extended_info.recovery_destination == CONTAINER
    assert job.name in [each.name for each in azure.jobs.list(SINGLES.group, SINGLES.name)]


def test_a_refused_validation_is_an_error_to_the_sdk(azure: DataProtectionMgmtClient) -> None:
    where = (SINGLES.group, SINGLES.name, EMPDB.name)
    expired = list(azure.recovery_points.list(*where))[2]
    asked = models.ValidateRestoreRequestObject(restore_request_object=as_files(expired.name or ""))
    poller = azure.backup_instances.begin_validate_for_restore(*where, asked, polling_interval=POLL)
    with pytest.raises(Exception, match="UserErrorRecoveryPointExpired"):
        poller.result()


def test_across_regions(azure: DataProtectionMgmtClient) -> None:
    orders, where = GEO.instances[0], (GEO.group, "centralus")
    of_orders = models.FetchSecondaryRPsRequestParameters(
        source_region=GEO.location, source_backup_instance_id=instance_path(GEO, orders)
    )
    point = next(iter(azure.fetch_secondary_recovery_points.list(*where, of_orders)))
    details = models.CrossRegionRestoreDetails(
        source_region=GEO.location, source_backup_instance_id=instance_path(GEO, orders)
    )
    request = as_files(point.name or "")
    asked = models.CrossRegionRestoreRequestObject(restore_request_object=request, cross_region_restore_details=details)
    validated = models.ValidateCrossRegionRestoreRequestObject(
        restore_request_object=request, cross_region_restore_details=details
    )
    azure.backup_instances.begin_validate_cross_region_restore(*where, validated, polling_interval=POLL).result()
    result = azure.backup_instances.begin_trigger_cross_region_restore(*where, asked, polling_interval=POLL).result()
    wanted = models.CrossRegionRestoreJobRequest(
        source_region=GEO.location, source_backup_vault_id=vault_path(GEO), job_id=result.job_id or ""
    )
    job = azure.fetch_cross_region_restore_job.get(*where, wanted)
    assert job.properties
    assert job.properties.operation_category == "CrossRegionRestore"
    of_vault = models.CrossRegionRestoreJobsRequest(source_region=GEO.location, source_backup_vault_id=vault_path(GEO))
    assert [each.name for each in azure.fetch_cross_region_restore_jobs.list(*where, of_vault)] == [job.name]


def test_what_surrounds_a_restore(azure: DataProtectionMgmtClient) -> None:
    vault = azure.backup_vaults.get(GEO.group, GEO.name)
    assert vault.properties.replicated_regions == ["centralus"]
    names = [each.name for each in azure.backup_instances.list(SINGLES.group, SINGLES.name)]
    assert sorted(name or "" for name in names) == sorted(each.name for each in SINGLES.instances)
    instance = azure.backup_instances.get(SINGLES.group, SINGLES.name, EMPDB.name)
    assert instance.properties
    assert instance.properties.data_source_set_info
    assert instance.properties.data_source_set_info.resource_name == "testpostgresql"
    proxy = azure.dpp_resource_guard_proxy.get(GUARDED.group, GUARDED.name, "DppResourceGuardProxy")
    assert proxy.properties
    assert proxy.properties.resource_guard_operation_details
