"""The bodies of the emulator beside those of Azure: the same names in the same places with the same types."""

from collections.abc import Iterator

import pytest

from tests.kits.emulator_bodies import (
    DONE_JOB,
    ERROR,
    EXTENDED,
    LISTED_JOB,
    NONE,
    POINT,
    REGION_JOB,
    RESULT,
    RUNNING,
    RUNNING_JOB,
    STORE,
    TEXT,
    shape,
)
from tests.kits.emulator_kit import (
    EMPDB,
    FLEX,
    GEO,
    PG,
    SINGLES,
    WORLD,
    Azure,
    Json,
    as_database,
    as_files,
    from_archive,
    instance_path,
    vault_path,
)


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    with Azure(tmp_path_factory.mktemp("shapes")) as running:
        yield running


def test_a_recovery_point(azure: Azure) -> None:
    point = azure.points(FLEX, PG)[0]
    assert shape(point) == POINT
    assert azure.get(point["id"]).json() == point


def test_a_rehydrated_point_says_until_when(azure: Azure) -> None:
    rehydrated = azure.points(SINGLES, EMPDB)[-1]["properties"]["recoveryPointDataStoresDetails"]
    assert [(each["type"], each["rehydrationStatus"]) for each in rehydrated] == [("ArchiveStore", "COMPLETED")]
    assert shape(rehydrated) == [STORE | {"expiryTime": TEXT, "rehydrationExpiryTime": TEXT, "rehydrationStatus": TEXT}]


def test_an_operation_and_its_result(azure: Azure) -> None:
    accepted = azure.post(f"{instance_path(FLEX, PG)}/restore", as_files(azure.newest(FLEX, PG)))
    running = azure.http.get(accepted.headers["Azure-AsyncOperation"]).json()
    assert shape(running) == RUNNING
    assert (running["status"], running["endTime"]) == ("Inprogress", "0001-01-01T00:00:00Z")
    azure.clock.forward(3)
    ended = azure.http.get(accepted.headers["Azure-AsyncOperation"]).json()
    assert shape(ended) == RUNNING | {"properties": RESULT}
    assert shape(azure.http.get(accepted.headers["Location"]).json()) == RESULT


def test_a_validation_has_no_result(azure: Azure) -> None:
    ended = azure.validate(FLEX, PG, as_files(azure.newest(FLEX, PG)))
    assert shape(ended) == RUNNING
    assert ended["status"] == "Succeeded"


def test_a_failed_validation(azure: Azure) -> None:
    ended = azure.validate(SINGLES, EMPDB, as_database(azure.newest(SINGLES, EMPDB), "postgres"))
    assert shape(ended) == RUNNING | {"error": ERROR}
    assert ended["error"]["code"] == "UserErrorDatabaseNameAlreadyInUse"


def test_a_flexible_servers_job_from_start_to_end(azure: Azure) -> None:
    job = azure.restore(FLEX, PG, as_files(azure.newest(FLEX, PG)))
    running = azure.job(FLEX, job)
    assert shape(running) == {"properties": RUNNING_JOB, "id": TEXT, "name": TEXT, "type": TEXT}
    assert running["properties"]["duration"] == "PT0S"
    azure.clock.forward(123.5638367)
    done = azure.job(FLEX, job)["properties"]
    assert shape(done) == DONE_JOB
    assert (done["status"], done["duration"]) == ("Completed", "PT2M")
    assert done["etag"] != running["properties"]["etag"]


def test_a_database_restores_job(azure: Azure) -> None:
    body = as_database(azure.newest(SINGLES, EMPDB), "emprestored21")
    properties = azure.job(SINGLES, azure.restore(SINGLES, EMPDB, body))["properties"]
    assert shape(properties) == RUNNING_JOB | {
        "dataSourceSetName": TEXT,
        "extendedInfo": EXTENDED | {"additionalDetails": NONE},
    }
    assert properties["backupInstanceFriendlyName"] == "testpostgresql/empdb11"
    assert properties["extendedInfo"]["recoveryDestination"].endswith(
        "/servers/targetossserver/databases/emprestored21"
    )


def test_an_archive_restore_rehydrates_first(azure: Azure) -> None:
    archived = azure.points(SINGLES, EMPDB)[-2]["name"]
    job = azure.restore(SINGLES, EMPDB, from_archive(archived))
    azure.clock.forward(130)
    early = azure.job(SINGLES, job)["properties"]
    azure.clock.forward(3500)
    late = azure.job(SINGLES, job)["properties"]
    assert early["rehydrationPriority"] == "Standard"
    assert tasks(early) == [("Rehydrate Recovery Point", "InProgress"), ("Trigger Restore", "NotStarted")]
    assert tasks(late) == [("Rehydrate Recovery Point", "Completed"), ("Trigger Restore", "InProgress")]
    assert early["etag"] != late["etag"]
    store = azure.points(SINGLES, EMPDB)[-2]["properties"]["recoveryPointDataStoresDetails"][0]
    assert store["rehydrationStatus"] == "COMPLETED"


def tasks(properties: Json) -> list[tuple[str, str]]:
    return [(each["taskName"], each["taskStatus"]) for each in properties["extendedInfo"]["subTasks"]]


def test_a_list_of_jobs_has_no_extended_info_and_timespans(azure: Azure) -> None:
    azure.restore(FLEX, PG, as_files(azure.newest(FLEX, PG)))
    body = azure.get(f"{vault_path(FLEX)}/backupJobs").json()
    assert shape(body["value"][-1]["properties"]) == LISTED_JOB
    assert body["nextLink"] is None
    assert {each["properties"]["duration"] for each in body["value"]} >= {"00:03:10", "00:00:00"}
    started = [each["properties"]["startTime"] for each in body["value"]]
    assert started == sorted(started)


def test_jobs_across_regions_leave_nulls_out(azure: Azure) -> None:
    orders = GEO.instances[0]
    region = f"{vault_path(GEO).partition('/backupVaults')[0]}/locations/centralus"
    details = {"sourceRegion": "eastus2", "sourceBackupInstanceId": instance_path(GEO, orders)}
    body = as_database(azure.newest(GEO, orders), "orders-restored", "centralus")
    accepted = azure.post(
        f"{region}/crossRegionRestore", {"restoreRequestObject": body, "crossRegionRestoreDetails": details}
    )
    job = azure.followed(accepted, 3)["properties"]["jobId"]
    of_vault = {"sourceRegion": "eastus2", "sourceBackupVaultId": vault_path(GEO)}
    properties = azure.post(f"{region}/fetchCrossRegionRestoreJob", {**of_vault, "jobId": job}).json()["properties"]
    assert shape(properties) == REGION_JOB
    assert properties["backupInstanceFriendlyName"] == "geo-oss\\orders"
    listed = azure.post(f"{region}/fetchCrossRegionRestoreJobs", of_vault).json()
    assert list(listed) == ["value"]
    assert shape(listed["value"][0]["properties"]) == {k: v for k, v in REGION_JOB.items() if k != "extendedInfo"}


def test_a_backup_instance_spells_data_source_with_a_capital_s(azure: Azure) -> None:
    properties = azure.get(instance_path(FLEX, PG)).json()["properties"]
    server = (
        f"/subscriptions/{WORLD.subscription}/resourceGroups/flexRG"
        "/providers/Microsoft.DBforPostgreSQL/flexibleServers/pg-prod-01"
    )
    assert properties["dataSourceInfo"]["resourceID"] == server
    assert properties["dataSourceSetInfo"]["datasourceType"] == "Microsoft.DBforPostgreSQL/flexibleServers"
    assert properties["currentProtectionState"] == "ProtectionConfigured"


def test_a_vault(azure: Azure) -> None:
    vault = azure.get(vault_path(GEO)).json()
    assert vault["identity"]["type"] == "SystemAssigned"
    assert vault["properties"]["replicatedRegions"] == ["centralus"]
    assert vault["properties"]["featureSettings"]["crossRegionRestoreSettings"] == {"state": "Enabled"}


def test_answers_wear_azures_headers(azure: Azure) -> None:
    path = f"{instance_path(FLEX, PG)}/restore"
    ids = {"x_ms_correlation_request_id": "the-restore", "x_ms_client_request_id": "this-try"}
    answer = azure.post(path, as_files(azure.newest(FLEX, PG)), **ids, x_ms_return_client_request_id="true")
    assert answer.content == b""
    assert answer.headers["x-ms-correlation-request-id"] == "the-restore"
    assert answer.headers["x-ms-client-request-id"] == "this-try"
    assert answer.headers["Retry-After"] == "30"
    assert int(answer.headers["x-ms-ratelimit-remaining-subscription-writes"]) < 1200
