"""How the emulator is spoken to: tokens, versions, casing, paging, filters, and operation URLs that must not change."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.kits.emulator_kit import (
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
        ("/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/a", (404, "SubscriptionNotFound")),
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
