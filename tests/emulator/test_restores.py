"""What the emulator accepts, what it refuses and how, and what a restore leaves behind."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest

from local.emulator.world.seed import Instance, Point, Seed, Vault
from tests.kits.emulator_kit import (
    API,
    CONTAINER,
    EMPDB,
    FLEX,
    GUARDED,
    PG,
    SILENT,
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

CONTAINER_ID = f"{WORLD.resources[0].id}/blobServices/default/containers/drills"
MISSING = object()


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    with Azure(tmp_path_factory.mktemp("restores")) as running:
        yield running


def changed(body: Json, path: str, value: object) -> Json:
    """A copy with one property set or, for MISSING, taken out."""
    copy = deepcopy(body)
    *parents, last = path.split(".")
    where = copy
    for name in parents:
        where = where[name]
    if value is MISSING:
        del where[last]
    else:
        where[last] = value
    return copy


DETAILS = "restoreTargetInfo.targetDetails"
SOURCE = "restoreTargetInfo.datasourceInfo"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("objectType", MISSING),
        ("objectType", "AzureBackupRecoveryTimeBasedRestoreRequest"),
        ("recoveryPointId", MISSING),
        ("sourceDataStoreType", MISSING),
        ("sourceDataStoreType", "SnapshotStore"),
        ("restoreTargetInfo", MISSING),
        ("restoreTargetInfo.objectType", "ItemLevelRestoreTargetInfo"),
        ("restoreTargetInfo.recoveryOption", "Overwrite"),
        (DETAILS, MISSING),
        (f"{DETAILS}.filePrefix", MISSING),
        (f"{DETAILS}.filePrefix", ""),
        (f"{DETAILS}.url", "testossstorageaccount/drills"),
        (f"{DETAILS}.url", CONTAINER + "/"),
        (f"{DETAILS}.restoreTargetLocationType", "Invalid"),
        (f"{DETAILS}.targetResourceArmId", CONTAINER),
        (f"{DETAILS}.targetResourceArmId", CONTAINER_ID.replace("drills", "other")),
    ],
)
def test_a_malformed_request_is_refused_at_once(azure: Azure, path: str, value: object) -> None:
    body = changed(as_files(azure.newest(SINGLES, EMPDB)), path, value)
    for verb, sent in (("restore", body), ("validateRestore", {"restoreRequestObject": body})):
        answer = azure.post(f"{instance_path(SINGLES, EMPDB)}/{verb}", sent)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BMSUserErrorInvalidInput")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (SOURCE, MISSING),
        (f"{SOURCE}.resourceID", MISSING),
        (
            f"{SOURCE}.resourceID",
            "/subscriptions/s/resourceGroups/g/providers/providers/Microsoft.DBforPostgreSQL/servers/a/databases/b",
        ),
        (f"{SOURCE}.datasourceType", "OssDB"),
        ("restoreTargetInfo.datasourceSetInfo.resourceID", "/subscriptions/s"),
        ("restoreTargetInfo.datasourceAuthCredentials.secretStoreResource.secretStoreType", MISSING),
    ],
)
def test_a_malformed_database_target_is_refused_at_once(azure: Azure, path: str, value: object) -> None:
    body = changed(as_database(azure.newest(SINGLES, EMPDB), "new"), path, value)
    assert azure.post(f"{instance_path(SINGLES, EMPDB)}/restore", body).status_code == 400


def test_restore_takes_the_bare_request_and_validate_the_wrapped_one(azure: Azure) -> None:
    body = as_files(azure.newest(FLEX, PG))
    assert azure.post(f"{instance_path(FLEX, PG)}/restore", {"restoreRequestObject": body}).status_code == 400
    assert azure.post(f"{instance_path(FLEX, PG)}/validateRestore", body).status_code == 400
    marked = {"objectType": "ValidateRestoreRequestObject", "restoreRequestObject": body}
    assert azure.post(f"{instance_path(FLEX, PG)}/validateRestore", marked).status_code == 202


@pytest.mark.parametrize("text", ["", "[]", "{,}", '{"restoreRequestObject": {"a": 1,}}', "[" * 100_000])
def test_what_is_not_json_is_refused(azure: Azure, text: str) -> None:
    path = f"{instance_path(FLEX, PG)}/restore?api-version={API}"
    for kind, expected in (("application/json", 400), ("text/plain", 415)):
        answer = azure.http.post(path, content=text, headers={"Content-Type": kind})
        assert answer.status_code == expected


def refused(azure: Azure, instance: Instance, body: Json, vault: Vault = SINGLES) -> str:
    """By validation and, unvalidated, by the restore's operation, in the same words: both are 202 first."""
    error = azure.validate(vault, instance, body)["error"]
    answer = azure.post(f"{instance_path(vault, instance)}/restore", body)
    assert azure.followed(answer, 3)["error"]["code"] == error["code"]
    assert azure.http.get(answer.headers["Location"]).status_code == 400
    return str(error["code"])


def test_points_that_cannot_be_restored_are_refused(azure: Azure) -> None:
    _, hidden, expired, *_ = (each["name"] for each in azure.points(SINGLES, EMPDB))
    archived, rehydrated = (each["name"] for each in azure.points(SINGLES, EMPDB)[-2:])
    vaulted = azure.newest(SINGLES, EMPDB)
    assert refused(azure, EMPDB, as_files(hidden)) == "UserErrorRecoveryPointNotInDataStore"
    assert refused(azure, EMPDB, as_files(expired)) == "UserErrorRecoveryPointExpired"
    assert refused(azure, EMPDB, as_files(archived)) == "UserErrorRecoveryPointNotInDataStore"
    assert refused(azure, EMPDB, from_archive(vaulted)) == "UserErrorRecoveryPointNotInDataStore"
    assert azure.validate(SINGLES, EMPDB, as_files(rehydrated))["status"] == "Succeeded"


def test_archive_needs_a_rehydration_request_of_ten_to_thirty_days(azure: Azure) -> None:
    archived = azure.points(SINGLES, EMPDB)[-2]["name"]
    plain = as_files(archived, sourceDataStoreType="ArchiveStore")
    assert refused(azure, EMPDB, plain) == "UserErrorRehydrationRequired"
    for days in ("P9D", "P31D", "15D", "PT15D"):
        body = from_archive(archived, rehydrationRetentionDuration=days)
        assert refused(azure, EMPDB, body) == "UserErrorInvalidRehydrationDuration"
    for days in ("P10D", "P30D"):
        body = from_archive(archived, rehydrationRetentionDuration=days)
        assert azure.validate(SINGLES, EMPDB, body)["status"] == "Succeeded"
    underscored = from_archive(archived, rehydration_priority="Standard")
    del underscored["rehydrationPriority"]
    assert azure.post(f"{instance_path(SINGLES, EMPDB)}/restore", underscored).status_code == 400


def test_a_flexible_server_restores_as_files_from_the_vault_only(azure: Azure) -> None:
    point = azure.newest(FLEX, PG)
    assert refused(azure, PG, as_database(point, "new"), FLEX) == "UserErrorRestoreTargetNotSupported"
    assert refused(azure, PG, from_archive(point), FLEX) == "UserErrorArchiveNotSupported"
    error = azure.validate(FLEX, PG, from_archive(point))["error"]
    assert error["additionalInfo"][0]["info"]["properties"]["Synthetic"] == "true"


def test_an_existing_database_is_found_by_validation_and_by_the_job(azure: Azure) -> None:
    body = as_database(azure.newest(SINGLES, EMPDB), "once")
    assert azure.validate(SINGLES, EMPDB, body)["status"] == "Succeeded"
    first, second = azure.restore(SINGLES, EMPDB, body), azure.restore(SINGLES, EMPDB, body)
    assert azure.validate(SINGLES, EMPDB, body)["error"]["code"] == "UserErrorDatabaseNameAlreadyInUse"
    azure.clock.forward(120)
    assert azure.job(SINGLES, first)["properties"]["status"] == "Completed"
    failed = azure.job(SINGLES, second)["properties"]
    assert (failed["status"], failed["errorDetails"][0]["code"]) == ("Failed", "UserErrorDatabaseNameAlreadyInUse")
    assert failed["extendedInfo"]["subTasks"][0]["taskStatus"] == "Failed"


def test_a_guarded_vault_wants_the_guards_word_and_its_own_identity(azure: Azure) -> None:
    guarded, held = GUARDED.instances[0], GUARDED
    body = as_files(azure.newest(GUARDED, guarded))
    assert azure.post(f"{instance_path(GUARDED, guarded)}/restore", body).status_code == 403
    assert azure.validate(GUARDED, guarded, body)["error"]["code"] == "UserErrorVaultIdentityNotFound"
    proxy = azure.get(f"{vault_path(held)}/backupResourceGuardProxies").json()["value"][0]["properties"]
    allowed = body | {
        "resourceGuardOperationRequests": [proxy["resourceGuardOperationDetails"][0]["defaultResourceRequest"]],
        "identityDetails": {"useSystemAssignedIdentity": False, "userAssignedIdentityArmUrl": held.user_identities[0]},
    }
    assert azure.restore(GUARDED, guarded, allowed)


def test_a_job_carries_the_clients_id_where_the_vault_echoes_it(azure: Azure) -> None:
    quiet = SILENT.instances[0]
    loud = azure.restore(FLEX, PG, as_files(azure.newest(FLEX, PG)), x_ms_client_request_id="attempt-1")
    silent = azure.restore(SILENT, quiet, as_files(azure.newest(SILENT, quiet)), x_ms_client_request_id="attempt-1")
    assert azure.job(FLEX, loud)["properties"]["activityID"] == "attempt-1"
    assert azure.job(SILENT, silent)["properties"]["activityID"] != "attempt-1"


def test_a_repeated_post_starts_a_second_restore(azure: Azure) -> None:
    body = as_files(azure.newest(FLEX, PG))
    jobs = {azure.restore(FLEX, PG, body, x_ms_client_request_id="same") for _ in range(2)}
    assert len(jobs) == 2


def test_files_appear_when_the_job_is_done(azure: Azure) -> None:
    azure.reset()
    azure.restore(FLEX, PG, as_files(azure.newest(FLEX, PG), "flex"))
    azure.restore(SINGLES, EMPDB, as_files(azure.newest(SINGLES, EMPDB), "single"))
    assert azure.http.get("/_emulator/files").json() == []
    azure.clock.forward(120)
    files = azure.http.get("/_emulator/files").json()
    names = [each["name"] for each in files]
    assert {each["container"] for each in files} == {CONTAINER}
    assert "single_database_empdb11.sql" in names
    assert not any(name.startswith("flex_") for name in names)
    assert sum(name.endswith(("_database_app.sql", "_database_postgres.sql", "_roles.sql")) for name in names) == 4


def test_a_rehydrated_copy_does_not_last(tmp_path: Path) -> None:
    gone = Point(age_hours=900, store="ArchiveStore", rehydrated_for_days=-1)
    old = Instance(server="old", database="db", group="g", location="westus", points=(gone,))
    vault = Vault(name="oldVault", group="g", location="westus", instances=(old,))
    with Azure(tmp_path, Seed(vaults=(vault,))) as azure:
        point = azure.points(vault, old)[0]
        assert point["properties"]["recoveryPointDataStoresDetails"][0]["rehydrationStatus"] == "DELETED"
        assert refused(azure, old, as_files(point["name"]), vault) == "UserErrorRecoveryPointNotInDataStore"
        assert azure.validate(vault, old, from_archive(point["name"]))["status"] == "Succeeded"


def test_limits_on_restores_of_one_instance(tmp_path: Path) -> None:
    with Azure(tmp_path, max_concurrent_restores=1, flex_daily_limit=True) as azure:
        body = as_files(azure.newest(FLEX, PG))
        azure.restore(FLEX, PG, body)
        answer = azure.post(f"{instance_path(FLEX, PG)}/restore", body)
        assert azure.followed(answer, 3)["error"]["code"] == "UserErrorMaxConcurrentOperationLimitReached"
        azure.clock.forward(120)
        second = azure.restore(FLEX, PG, body)
        azure.clock.forward(120)
        assert azure.job(FLEX, second)["properties"]["errorDetails"][0]["code"] == "UserErrorRestoreFrequencyExceeded"
        azure.clock.forward(86_400)
        third = azure.restore(FLEX, PG, body)
        azure.clock.forward(120)
        assert azure.job(FLEX, third)["properties"]["status"] == "Completed"
