"""How the emulator is spoken to: tokens, versions, casing, paging, filters, and operation URLs that must not change."""

import base64
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from emulator_kit import (
    API,
    EMPDB,
    FLEX,
    GUARDED,
    PG,
    SINGLES,
    WORLD,
    Azure,
    as_files,
    instance_path,
    vault_path,
)

from local.emulator import ticks

POINTS = f"{instance_path(SINGLES, EMPDB)}/recoveryPoints"


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    with Azure(tmp_path_factory.mktemp("protocol"), page_size=4) as running:
        yield running


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_no_token_no_answer(azure: Azure) -> None:
    bare = httpx.get(azure.emulator.url + POINTS, params={"api-version": API})
    assert code(bare) == (401, "AuthenticationFailed")
    assert bare.headers["WWW-Authenticate"].startswith("Bearer ")


def test_one_token_may_be_expected(tmp_path: Path) -> None:
    with Azure(tmp_path, token="the-one") as strict:
        assert code(strict.get(vault_path(FLEX))) == (401, "InvalidAuthenticationToken")
        right = {"Authorization": "Bearer the-one"}
        assert strict.http.get(vault_path(FLEX), params={"api-version": API}, headers=right).status_code == 200


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("2021-07-01", 200),
        ("2022-12-01", 200),
        ("2026-06-01", 200),
        ("2024-04-01-preview", 400),
        ("2020-01-01", 400),
        ("", 400),
    ],
)
def test_api_versions(azure: Azure, version: str, expected: int) -> None:
    query = {"api-version": version} if version else {}
    assert azure.http.get(vault_path(FLEX), params=query).status_code == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/a", (404, "InvalidResourceType")),
        (vault_path(FLEX).replace(WORLD.subscription, "0" * 36), (404, "SubscriptionNotFound")),
        (vault_path(FLEX).replace("flexRG", "noRG"), (404, "ResourceGroupNotFound")),
        (vault_path(FLEX) + "2", (404, "ResourceNotFound")),
        (instance_path(FLEX, PG) + "2", (404, "UserErrorGenericResourceNotFound")),
        (f"{POINTS}/{'0' * 32}", (404, "UserErrorGenericResourceNotFound")),
        (f"{vault_path(FLEX)}/backupJobs/none", (404, "UserErrorGenericResourceNotFound")),
        (
            f"{vault_path(FLEX)}/backupResourceGuardProxies/DppResourceGuardProxy",
            (404, "UserErrorGenericResourceNotFound"),
        ),
        (f"{instance_path(FLEX, PG)}/restore", (405, "MethodNotAllowed")),
    ],
)
def test_what_is_not_there(azure: Azure, path: str, expected: tuple[int, str]) -> None:
    assert code(azure.get(path)) == expected


def test_a_points_friendly_name_is_not_its_id(azure: Azure) -> None:
    friendly = azure.points(SINGLES, EMPDB)[0]["properties"]["friendlyName"]
    assert code(azure.get(f"{POINTS}/{friendly}"))[0] == 404
    answer = azure.post(f"{instance_path(SINGLES, EMPDB)}/restore", as_files(friendly))
    assert code(answer) == (404, "UserErrorGenericResourceNotFound")


def test_casing_does_not_matter(azure: Azure) -> None:
    assert azure.get(POINTS.upper()).json()["value"] == azure.get(POINTS).json()["value"]
    point = azure.newest(FLEX, PG)
    body = {
        "RESTOREREQUESTOBJECT": {
            "ObjectType": "azureBackupRecoveryPointBasedRestoreRequest",
            "recoverypointid": point,
            "SourceDataStoreType": "vaultstore",
            "RestoreTargetInfo": {
                "objecttype": "restoreFilesTargetInfo",
                "RecoveryOption": "failifexists",
                "TargetDetails": {
                    "FILEPREFIX": "p",
                    "RestoreTargetLocationType": "azureblobs",
                    "URL": "https://a.blob.core.windows.net/c",
                },
            },
        }
    }
    assert azure.post(f"{instance_path(FLEX, PG)}/VALIDATErestore", body).status_code == 202


def test_pages_hold_every_point_once(azure: Azure) -> None:
    names: list[str] = []
    url: str | None = f"{POINTS}?api-version={API}&$filter="
    pages = 0
    while url:
        body = azure.http.get(url).json()
        names += [each["name"] for each in body["value"]]
        url, pages = body.get("nextLink"), pages + 1
    assert (pages, len(names), len(set(names))) == (3, len(EMPDB.points), len(EMPDB.points))


def test_no_next_page_is_said_in_two_ways(azure: Azure) -> None:
    last = [azure.get(f"{instance_path(FLEX, PG)}/recoveryPoints").json() for _ in range(2)]
    assert sorted("nextLink" in body for body in last) == [False, True]
    assert all(body.get("nextLink") is None for body in last)


def test_a_made_up_skip_token_is_refused(azure: Azure) -> None:
    assert code(azure.get(POINTS, **{"$skipToken": "abc"})) == (400, "BMSUserErrorInvalidInput")


def test_a_filter_includes_both_ends(azure: Azure) -> None:
    first, second, third = (each["properties"]["recoveryPointTime"] for each in azure.points(SINGLES, EMPDB)[:3])
    assert times(azure, f"startDate eq '{third}' and endDate eq '{second}'") == [second, third]
    assert times(azure, f"startDate eq '{first}'") == [first]
    assert times(azure, f"startDate eq '{first}' and endDate eq '{third}'") == []


def times(azure: Azure, text: str) -> list[str]:
    found = azure.get(POINTS, **{"$filter": text}).json()["value"]
    return [each["properties"]["recoveryPointTime"] for each in found]


@pytest.mark.parametrize(
    "text",
    [
        "startDate ge '2026-01-01T00:00:00.0000000Z'",
        "startDate eq '2026-01-01T00:00:00Z'",
        "startDate eq 2026-01-01T00:00:00.0000000Z",
        "startDate eq '2026-13-01T00:00:00.0000000Z'",
        "startDate eq '2026-01-01T00:00:00.0000000Z' or endDate eq '2026-01-01T00:00:00.0000000Z'",
        "isVisible eq true",
    ],
)
def test_another_filter_grammar_is_refused(azure: Azure, text: str) -> None:
    assert code(azure.get(POINTS, **{"$filter": text})) == (400, "BMSUserErrorInvalidInput")


@pytest.fixture
def accepted(azure: Azure) -> httpx.Response:
    return azure.post(f"{instance_path(FLEX, PG)}/restore", as_files(azure.newest(FLEX, PG)))


def test_where_an_operation_is_followed(accepted: httpx.Response) -> None:
    status, result = accepted.headers["Azure-AsyncOperation"], accepted.headers["Location"]
    assert f"{vault_path(FLEX)}/operationStatus/" in status
    assert "/locations/eastus2/operationResults/" in result
    assert min(len(status), len(result)) > 2500
    name = status.partition("/operationStatus/")[2].partition("?")[0]
    assert name.endswith("==")
    assert base64.b64decode(name).count(b";") == 1


def test_an_altered_operation_url_is_refused(azure: Azure, accepted: httpx.Response) -> None:
    url = accepted.headers["Azure-AsyncOperation"]
    for altered in (
        url.partition("&t=")[0],
        url[:-1] + ("A" if url[-1] != "A" else "B"),
        url.replace("api-version=2024-04-01", "api-version=2025-01-01"),
        url.replace("==?", "%3D%3D?"),
        url.replace("flexRG", "flexrg"),
        url + "&extra=1",
    ):
        assert code(azure.http.get(altered)) == (403, "AuthorizationFailed"), altered[:200]
    assert azure.http.get(url).status_code == 200


def test_an_operation_runs_for_one_poll_at_least(azure: Azure, accepted: httpx.Response) -> None:
    azure.clock.forward(600)
    result = accepted.headers["Location"]
    still = azure.http.get(result)
    assert (still.status_code, still.headers["Retry-After"]) == (202, "30")
    assert azure.http.get(still.headers["Location"]).status_code == 200


def test_job_ids_come_in_two_casings(azure: Azure) -> None:
    answers = [azure.post(f"{instance_path(FLEX, PG)}/restore", as_files(azure.newest(FLEX, PG))) for _ in range(2)]
    ids = [azure.followed(answer, 3)["properties"]["jobId"] for answer in answers]
    assert sorted("/resourcegroups/" in each for each in ids) == [False, True]
    assert sorted("/BackupVaults/" in each for each in ids) == [False, True]


def test_in_2021_operations_were_followed_at_the_location(azure: Azure) -> None:
    path = f"{instance_path(FLEX, PG)}/validateRestore"
    body = {"restoreRequestObject": as_files(azure.newest(FLEX, PG))}
    answer = azure.http.post(path, params={"api-version": "2021-07-01"}, json=body)
    assert "/locations/eastus2/operationStatus/" in answer.headers["Azure-AsyncOperation"]
    assert azure.http.get(answer.headers["Azure-AsyncOperation"]).json()["status"] == "Inprogress"


def test_the_guards_proxy_names_the_request_to_send(azure: Azure) -> None:
    proxy = azure.get(f"{vault_path(GUARDED)}/backupResourceGuardProxies/DppResourceGuardProxy").json()
    details = proxy["properties"]["resourceGuardOperationDetails"]
    assert [each["defaultResourceRequest"].rpartition("/resourceGuards/")[2] for each in details] == [
        "restoreGuard/dppTriggerRestoreRequests/default"
    ]


def test_a_doctor_finds_resources_and_assignments(azure: Azure) -> None:
    account = WORLD.resources[0].id
    assert azure.get(account, **{"api-version": "2023-01-01"}).json()["type"] == "Microsoft.Storage/storageAccounts"
    container = f"{account}/blobServices/default/containers/drills"
    kind = azure.get(container, **{"api-version": "2023-01-01"}).json()["type"]
    assert kind == "Microsoft.Storage/storageAccounts/blobServices/containers"
    assert code(azure.get(f"{account}2", **{"api-version": "2023-01-01"})) == (404, "ResourceNotFound")
    path = f"{container}/providers/Microsoft.Authorization/roleAssignments"
    granted = azure.get(path, **{"api-version": "2022-04-01", "$filter": "atScope()"}).json()["value"]
    assert len(granted) == len(WORLD.vaults) - 1
    assert {each["properties"]["scope"] for each in granted} == {account}


def test_only_fourteen_days_of_jobs_are_listed(azure: Azure) -> None:
    path = f"{vault_path(SINGLES)}/backupJobs"
    listed = azure.get(path).json()
    oldest = ticks.full(azure.clock.now - 14 * ticks.DAY)
    assert all(each["properties"]["startTime"] > oldest for each in listed["value"])
    assert listed["nextLink"]


def test_jobs_show_late_in_lists_where_that_is_wanted(tmp_path: Path) -> None:
    with Azure(tmp_path, listing_delay=60) as slow:
        job = slow.restore(FLEX, PG, as_files(slow.newest(FLEX, PG)))
        path = f"{vault_path(FLEX)}/backupJobs"
        assert slow.job(FLEX, job)["name"] == job
        assert job not in [each["name"] for each in slow.get(path).json()["value"]]
        slow.clock.forward(60)
        assert job in [each["name"] for each in slow.get(path).json()["value"]]


def test_a_faster_world_asks_for_shorter_waits(tmp_path: Path) -> None:
    with (
        Azure(tmp_path / "whole", speed=25) as whole,
        Azure(tmp_path / "exact", speed=25, fractional_retry_after=True) as exact,
    ):
        waits = []
        for each in (whole, exact):
            body = {"restoreRequestObject": as_files(each.newest(FLEX, PG))}
            waits.append(each.post(f"{instance_path(FLEX, PG)}/validateRestore", body).headers["Retry-After"])
    assert waits == ["1", "0.400"]
