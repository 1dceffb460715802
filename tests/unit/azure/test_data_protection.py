"""The client of the Data Protection API against a scripted transport: what it sends, and how it sorts each answer."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import pytest

from shared.azure.arm_calls import ArmCalls
from shared.azure.arm_client import TokenAuth
from shared.azure.data_protection import DataProtection, correlation
from shared.azure.port import Doubt, Gone, NotSent, Rejected
from shared.domain.problems import Trouble
from shared.domain.restore import Attempt, Phase, Plan, Point, Restore
from tests.kits.fakes import START, VAULT

BASE = "https://management.azure.com"
INSTANCE = f"{VAULT}/backupInstances/pg-a"
REQUEST_ID = "aaaaaaaa-0000-0000-0000-000000000001"
TRACKED = {"azure-asyncoperation": f"{BASE}/subscriptions/x/op?api-version=1&t=abc%2Fd", "retry-after": "7"}
HTML = httpx.Response(502, html="<html>bad gateway</html>")

RESTORE = Restore(
    id="yoeytdsl-01m3vnbwg00000000000000000",
    phase=Phase.SUBMITTING,
    vault=VAULT,
    instance=INSTANCE,
    instance_name="pg-a",
    source="http",
    asked={},
    plan=Plan(kind="files", container="https://dumps.blob.core.windows.net/drills", location="westeurope"),
    point=Point(id="pt-1", time=START, tier="VaultStore"),
    attempts=(Attempt(number=1, request_id=REQUEST_ID, at=START),),
    accepted_at=START,
    due=START,
)


@dataclass
class Transport:
    """Answers in turn, remembers each request; one more than was planned is refused."""

    answers: list[httpx.Response | Exception]
    seen: list[httpx.Request] = field(default_factory=list)
    forgotten: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        assert self.answers, f"unexpected {request.method} {request.url}"
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def forget(self) -> None:
        self.forgotten += 1

    @property
    def azure(self) -> DataProtection:
        auth = TokenAuth(BASE, lambda: "secret-token", self.forget)
        client = httpx.Client(base_url=BASE, auth=auth, transport=httpx.MockTransport(self), follow_redirects=False)
        return DataProtection(ArmCalls(client, client, "2024-04-01", 60), lambda: "secret-token")


def answering(*answers: httpx.Response | Exception) -> Transport:
    return Transport(list(answers))


def in_time() -> None: ...


def test_submit_posts_once_with_both_ids_the_token_and_the_body() -> None:
    transport = answering(httpx.Response(202, headers=TRACKED))
    taken = transport.azure.submit(RESTORE, in_time)
    request = transport.seen[0]
    assert (request.method, str(request.url)) == ("POST", f"{BASE}{INSTANCE}/restore?api-version=2024-04-01")
    assert request.headers["x-ms-client-request-id"] == REQUEST_ID
    assert request.headers["x-ms-correlation-request-id"] == correlation(RESTORE)
    assert request.headers["authorization"] == "Bearer secret-token"
    sent = json.loads(request.content)
    assert sent["recoveryPointId"] == "pt-1"
    assert sent["restoreTargetInfo"]["targetDetails"]["filePrefix"].endswith(f"{RESTORE.id}-1")
    assert (taken.tracking, taken.retry_after) == (TRACKED["azure-asyncoperation"], 7.0)


def said(status: int, code: str = "UserErrorNo") -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": code, "message": "words"}})


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.ConnectError("no"), NotSent),
        (httpx.ConnectTimeout("no"), NotSent),
        (httpx.PoolTimeout("no"), NotSent),
        (said(401), NotSent),
        (said(429), NotSent),
        (said(400), Rejected),
        (said(403), Rejected),
        (said(404), Rejected),
        (said(409), Doubt),
        (said(412), Doubt),
        (said(425), Doubt),
        (said(400, "UserErrorMaxConcurrentOperationLimitReached"), Doubt),
        (said(400, "UserErrorAnotherOperationInProgress"), Doubt),
        (said(400, "CloudServiceRetryableError"), Doubt),
        (httpx.Response(400, json={"code": "UserErrorNo", "message": "at the top"}), Doubt),
        (httpx.Response(400, html="<html>no</html>"), Doubt),
        (httpx.Response(403, json={"message": "a proxy's no"}), Doubt),
        (httpx.Response(404, json={}), Doubt),
        (said(408), Doubt),
        (said(500), Doubt),
        (said(503), Doubt),
        (HTML, Doubt),
        (httpx.Response(204), Doubt),
        (httpx.Response(307, headers={"location": "https://evil.example/x"}), Doubt),
        (httpx.Response(200, content=b'{"status": "Succ'), Doubt),
        (httpx.ReadTimeout("late"), Doubt),
        (httpx.WriteTimeout("late"), Doubt),
        (httpx.ReadError("reset"), Doubt),
        (httpx.WriteError("reset"), Doubt),
        (httpx.RemoteProtocolError("cut"), Doubt),
        (httpx.DecodingError("not gzip"), Doubt),
    ],
    ids=lambda value: getattr(value, "__name__", None) or getattr(value, "status_code", None) or type(value).__name__,
)
def test_every_answer_to_the_post_is_one_of_three_and_none_is_tried_again(
    answer: httpx.Response | Exception, expected: type[Exception]
) -> None:
    transport = answering(answer)
    with pytest.raises(expected):
        transport.azure.submit(RESTORE, in_time)
    assert len(transport.seen) == 1
    assert transport.forgotten == (getattr(answer, "status_code", 0) == 401), "a 401 is forgotten, not repeated"


def test_a_429_to_the_post_says_so_and_how_long() -> None:
    transport = answering(httpx.Response(429, headers={"retry-after": "33"}))
    with pytest.raises(NotSent) as caught:
        transport.azure.submit(RESTORE, in_time)
    assert (caught.value.throttled, caught.value.retry_after) == (True, 33.0)


def test_stalled_beyond_the_window_nothing_is_sent() -> None:
    def stalled() -> None:
        raise NotSent("21 s passed between the save and the POST: not sent")

    transport = answering()
    with pytest.raises(NotSent):
        transport.azure.submit(RESTORE, stalled)
    assert transport.seen == []


def test_a_200_with_the_job_needs_no_operation() -> None:
    transport = answering(httpx.Response(200, json={"jobId": f"{VAULT}/backupJobs/j-1"}))
    taken = transport.azure.submit(RESTORE, in_time)
    assert taken.operation is not None
    assert (taken.tracking, taken.operation.job_id) == (None, "j-1")


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
