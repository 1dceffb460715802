"""The reads of the Data Protection API against a scripted transport: what each sends, and how it sorts each answer."""

from collections.abc import Callable

import httpx
import pytest

from shared.azure.data_protection import DataProtection
from shared.azure.port import Gone, Rejected
from shared.domain.problems import Trouble
from tests.kits.fakes import VAULT
from tests.unit.azure.kit import BASE, HTML, INSTANCE, REQUEST_ID, RESTORE, TRACKED, answering, said

READS: list[tuple[str, Callable[[DataProtection], object]]] = [
    ("vault", lambda azure: azure.vault(VAULT)),
    ("datasource", lambda azure: azure.datasource(INSTANCE)),
    ("points", lambda azure: azure.points(INSTANCE, "")),
    ("jobs", lambda azure: list(azure.jobs(VAULT, None))),
    ("job", lambda azure: azure.job(RESTORE, "j-1")),
    ("validate", lambda azure: azure.validate(RESTORE, 1)),
    ("operation", lambda azure: azure.operation(TRACKED["azure-asyncoperation"], "operation")),
]


@pytest.mark.parametrize(("name", "read"), READS, ids=[name for name, _ in READS])
@pytest.mark.parametrize(
    "answer",
    [said(429), said(500), said(503), said(401), said(408), HTML, httpx.ReadTimeout("late"), httpx.ConnectError("no")],
    ids=["429", "500", "503", "401", "408", "html", "timeout", "unreached"],
)
def test_what_passes_is_trouble_in_every_read_and_nothing_is_repeated(
    name: str, read: Callable[[DataProtection], object], answer: httpx.Response | Exception
) -> None:
    transport = answering(answer)
    with pytest.raises(Trouble):
        read(transport.azure)
    assert len(transport.seen) == 1


# a validation's body is not read while an operation is named
JSON_READS = [(name, read) for name, read in READS if name != "validate"]


@pytest.mark.parametrize("read", [read for _, read in JSON_READS], ids=[name for name, _ in JSON_READS])
@pytest.mark.parametrize(
    "answer",
    [httpx.Response(200, content=b'{"value": ['), httpx.Response(200, html="<html>log in</html>")],
    ids=["cut", "html"],
)
def test_an_answer_that_is_not_json_is_trouble_too(
    read: Callable[[DataProtection], object], answer: httpx.Response
) -> None:
    with pytest.raises(Trouble):
        read(answering(answer).azure)


@pytest.mark.parametrize(
    "answer", [httpx.Response(204), httpx.Response(200), httpx.Response(202), httpx.Response(200, json={})]
)
def test_an_empty_answer_is_no_empty_list_of_jobs(answer: httpx.Response) -> None:
    with pytest.raises(Trouble):
        list(answering(answer).azure.jobs(VAULT, None))


def job_item(name: str) -> dict[str, object]:
    inner = {"status": "InProgress", "operationCategory": "Restore", "backupInstanceId": INSTANCE}
    return {"name": name, "properties": {**inner, "activityID": REQUEST_ID, "startTime": "2026-10-01T12:00:00Z"}}


@pytest.mark.parametrize(
    "link", [f"{BASE}:443/next?$skipToken=a%20b", f"{BASE.upper()}/next?$skipToken=a%20b", "/next?$skipToken=a%20b"]
)
def test_a_link_may_be_spelt_with_its_port_in_capitals_or_relative(link: str) -> None:
    first = httpx.Response(200, json={"value": [{"name": "a"}], "nextLink": link})
    transport = answering(first, httpx.Response(200, json={"value": [{"name": "b"}]}))
    assert [read.job.id for read in transport.azure.jobs(VAULT, None)] == ["a", "b"]
    followed = transport.seen[1].url
    assert (followed.host, followed.path, followed.params["$skipToken"]) == (httpx.URL(BASE).host, "/next", "a b")
    assert "api-version" not in followed.params, "a link is followed as it stands"


def test_a_list_that_leads_back_to_itself_ends_with_an_error() -> None:
    page = httpx.Response(200, json={"value": [], "nextLink": f"{BASE}/again"})
    with pytest.raises(Trouble, match="leads back"):
        list(answering(page, page, page).azure.jobs(VAULT, None))


def test_jobs_are_read_to_the_last_page_by_the_link_as_it_stands() -> None:
    link = f"{BASE}{VAULT}/backupJobs?api-version=2024-04-01&$skipToken=a%2Bb=="
    first = httpx.Response(200, json={"value": [job_item("j-1")], "nextLink": link})
    transport = answering(first, httpx.Response(200, json={"value": [job_item("j-2")]}))
    assert [read.job.id for read in transport.azure.jobs(VAULT, None)] == ["j-1", "j-2"]
    assert transport.seen[1].url.raw_path.endswith(b"skipToken=a%2Bb==")


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/x",
        "http://management.azure.com/x",
        "https://management.azure.com.evil.example/",
        "https://management.azure.com@evil.example/",
    ],
)
def test_the_token_goes_to_no_other_host(link: str) -> None:
    transport = answering(httpx.Response(200, json={"value": [], "nextLink": link}))
    with pytest.raises(Trouble):
        list(transport.azure.jobs(VAULT, None))
    with pytest.raises(Gone):
        transport.azure.operation(link, "operation")
    assert len(transport.seen) == 1


def test_an_operation_url_is_followed_verbatim_and_204_404_410_mean_gone() -> None:
    url = TRACKED["azure-asyncoperation"]
    done = httpx.Response(200, json={"status": "Succeeded", "properties": {"jobId": "j-9"}})
    transport = answering(done, httpx.Response(204), httpx.Response(404), httpx.Response(410))
    operation, _ = transport.azure.operation(url, "operation")
    assert (operation.ended, operation.job_id, str(transport.seen[0].url)) == ("succeeded", "j-9", url)
    for _ in range(3):
        with pytest.raises(Gone):
            transport.azure.operation(url, "operation")


def test_a_job_that_is_not_there_is_gone_and_one_that_is_forbidden_is_rejected() -> None:
    transport = answering(said(404), said(403))
    with pytest.raises(Gone):
        transport.azure.job(RESTORE, "j-1")
    with pytest.raises(Rejected):
        transport.azure.job(RESTORE, "j-1")
