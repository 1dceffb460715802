"""What a poller meets: signed URLs that must not change, a first poll that still runs, job lists, waits."""

import base64
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local.emulator.world import ticks
from local.emulator.world.seed import Instance, Point, Seed, Vault
from tests.kits.emulator_kit import FLEX, PG, SINGLES, Azure, as_files, instance_path, vault_path


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    with Azure(tmp_path_factory.mktemp("polling"), page_size=4) as running:
        yield running


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


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


def test_a_vault_may_be_followed_at_its_resource_group(tmp_path: Path) -> None:
    server = Instance(server="s", group="groupRG", location="westus", points=(Point(age_hours=1),))
    vault = Vault(name="grouped", group="groupRG", location="westus", instances=(server,), async_scope="resourceGroup")
    with Azure(tmp_path, Seed(vaults=(vault,))) as azure:
        answer = azure.post(f"{instance_path(vault, server)}/restore", as_files(azure.newest(vault, server)))
        assert "/groupRG/providers/Microsoft.DataProtection/operationStatus/" in answer.headers["Azure-AsyncOperation"]
        assert azure.followed(answer, 3)["status"] == "Succeeded"


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


def test_an_operation_may_end_before_its_first_poll_where_that_is_wanted(tmp_path: Path) -> None:
    with Azure(tmp_path, ends_at_first_poll=True) as prompt:
        answer = prompt.post(f"{instance_path(FLEX, PG)}/restore", as_files(prompt.newest(FLEX, PG)))
        prompt.clock.forward(600)
        assert prompt.http.get(answer.headers["Azure-AsyncOperation"]).json()["status"] == "Succeeded"


def test_the_etag_of_a_running_job_moves_where_that_is_wanted(tmp_path: Path) -> None:
    with Azure(tmp_path, etag_every=20) as restless:
        job = restless.restore(FLEX, PG, as_files(restless.newest(FLEX, PG)))
        marks = []
        for _ in range(3):
            marks.append(restless.job(FLEX, job)["properties"]["etag"])
            restless.clock.forward(20)
        assert len(set(marks)) == 3


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


def test_a_job_may_take_its_own_time(tmp_path: Path) -> None:
    slow = Instance(server="slow", group="g", location="eastus2", points=(Point(age_hours=1),), job_seconds=600)
    vault = Vault(name="slowVault", group="g", location="eastus2", instances=(slow,))
    with Azure(tmp_path, Seed(vaults=(vault,))) as azure:
        job = azure.restore(vault, slow, as_files(azure.newest(vault, slow)))
        azure.clock.forward(599)
        assert azure.job(vault, job)["properties"]["status"] == "InProgress"
        azure.clock.forward(1)
        assert azure.job(vault, job)["properties"]["duration"] == "PT10M"
