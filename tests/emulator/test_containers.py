"""Containers through ARM, in rows and in Azurite alike; and the real dumps that a files job leaves in one."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from azure.storage.blob import ContainerClient

from local.emulator.api.containers import SOFT_DELETE_DAYS
from local.stack.azurite import Azurite
from tests.kits.emulator_kit import API, FLEX, PG, WORLD, Azure, as_files

ACCOUNT = WORLD.resources[0].id
SERVICE = f"{ACCOUNT}/blobServices/default"
NAME = "rd-abcdefgh-01k00000000000000000000000-1"
URL = f"https://testossstorageaccount.blob.core.windows.net/{NAME}"
HEAD = "aaaaaaaa-0000-0000-0000-000000000000"
DUMPS = {f"{HEAD}_database_shop.sql": b"PGDMP shop", f"{HEAD}_roles.sql": b"-- roles"}


@pytest.fixture(scope="module", params=["rows", pytest.param("azurite", marks=pytest.mark.slow)])
def azure(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    folder = tmp_path_factory.mktemp("containers")
    dumps = folder / "dumps" / "custom"
    dumps.mkdir(parents=True)
    for name, content in DUMPS.items():
        (dumps / name).write_bytes(content)
    more: dict[str, Any] = {"dumps": dumps.parent}
    if request.param == "rows":
        with Azure(folder / "world", **more) as running:
            yield running
        return
    with (
        Azurite(folder / "azurite", in_memory=True) as azurite,
        Azure(folder / "world", blobs=azurite.blob_endpoint, blobs_key=azurite.key, **more) as running,
    ):
        yield running


def put(azure: Azure, name: str, metadata: dict[str, str] | None = None) -> httpx.Response:
    body = {"properties": {"publicAccess": "None", "metadata": metadata or {}}}
    return azure.http.put(f"{SERVICE}/containers/{name}", params={"api-version": API}, json=body)


def code(answer: httpx.Response) -> str:
    return str(answer.json()["error"]["code"])


def test_a_container_is_made_shown_listed_and_deleted(azure: Azure) -> None:
    assert put(azure, NAME, {"restoredesk": "x"}).status_code == 201
    assert put(azure, NAME, {"restoredesk": "x"}).status_code == 200
    shown = azure.get(f"{SERVICE}/containers/{NAME}").json()
    assert (shown["name"], shown["properties"]["metadata"]) == (NAME, {"restoredesk": "x"})
    assert NAME in [one["name"] for one in azure.get(f"{SERVICE}/containers").json()["value"]]
    gone = azure.http.delete(f"{SERVICE}/containers/{NAME}", params={"api-version": API})
    again = azure.http.delete(f"{SERVICE}/containers/{NAME}", params={"api-version": API})
    assert (gone.status_code, again.status_code) == (200, 204)
    assert code(azure.get(f"{SERVICE}/containers/{NAME}")) == "ContainerNotFound"
    assert code(put(azure, NAME)) == "ContainerBeingDeleted"
    azure.clock.forward(31)
    assert put(azure, NAME).status_code == 201


@pytest.mark.parametrize("name", ["Rd-1", "a", "a--b", "-ab", "ab-", "a" * 64, "a_b"])
def test_a_name_that_azure_refuses_is_refused(azure: Azure, name: str) -> None:
    answer = put(azure, name)
    assert (answer.status_code, code(answer)) == (400, "InvalidResourceName")


@pytest.mark.parametrize("key", ["restore-desk", "1st", "", "a.b"])
def test_a_metadata_name_that_is_no_identifier_is_refused(azure: Azure, key: str) -> None:
    answer = put(azure, "fine", {key: "x"})
    assert (answer.status_code, code(answer)) == (400, "InvalidMetadata")


def test_an_account_that_is_not_there_and_soft_delete(azure: Azure) -> None:
    other = SERVICE.replace("testossstorageaccount", "nowhere")
    assert code(azure.get(f"{other}/containers")) == "ResourceNotFound"
    policy = azure.get(SERVICE).json()["properties"]["containerDeleteRetentionPolicy"]
    assert policy == {"enabled": True, "days": SOFT_DELETE_DAYS}


def test_a_list_is_paged(azure: Azure) -> None:
    for number in range(3):
        put(azure, f"page-{number}")
    names, url = [], f"{SERVICE}/containers?api-version={API}&$maxpagesize=2"
    while url:
        page = azure.http.get(url).json()
        names += [one["name"] for one in page["value"]]
        url = page.get("nextLink")
    assert {"page-0", "page-1", "page-2"} <= set(names)
    assert names == sorted(names)


def restored(azure: Azure, url: str) -> dict[str, object]:
    body = as_files(azure.newest(FLEX, PG))
    body["restoreTargetInfo"]["targetDetails"]["url"] = url
    job = azure.restore(FLEX, PG, body)
    azure.clock.forward(200)
    found: dict[str, object] = azure.job(FLEX, job)["properties"]
    return found


def test_a_files_job_leaves_the_dumps_under_a_uuid(azure: Azure) -> None:
    put(azure, "dest")
    assert restored(azure, URL.replace(NAME, "dest"))["status"] == "Completed"
    kept = azure.emulator_containers()
    if kept is None:
        return
    url, key = kept
    credential = {"account_name": "testossstorageaccount", "account_key": key}
    with ContainerClient(f"{url}/testossstorageaccount", "dest", credential=credential) as client:
        found = {blob.name: client.download_blob(blob.name).readall() for blob in client.list_blobs()}
    assert {name[36:]: content for name, content in found.items()} == {name[36:]: c for name, c in DUMPS.items()}
    assert not set(found) & set(DUMPS)


def test_a_job_whose_container_is_gone_fails_and_writes_nothing(azure: Azure) -> None:
    assert restored(azure, URL.replace(NAME, "never-made"))["status"] == "Failed"
