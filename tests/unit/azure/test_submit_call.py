"""The POST of a restore: every answer is one of three, and none is tried again."""

import json

import httpx
import pytest

from shared.azure.data_protection import correlation
from shared.azure.port import Doubt, NotSent, Rejected
from tests.kits.fakes import VAULT
from tests.unit.azure.kit import BASE, HTML, INSTANCE, REQUEST_ID, RESTORE, TRACKED, answering, in_time, said


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


OTHER = [
    {"code": "OperationInProgress", "details": [{"code": "BadRequest", "message": "m"}]},
    {"code": "CloudInternalError", "details": [{"code": "BadRequest", "message": "m"}]},
    {"code": "BadRequest", "message": "m", "details": [{"code": "RestoreAlreadyInProgress", "message": "n"}]},
    {
        "code": "BadRequest",
        "message": "m",
        "additionalInfo": [{"type": "UserFacingError", "info": {"Code": "UserErrorAnotherOperationInProgress"}}],
    },
    {"code": "AuthorizationFailed", "innerError": {"code": "x", "embeddedInnerError": {"code": "Conflict"}}},
]


@pytest.mark.parametrize("error", OTHER, ids=lambda one: str(one["code"]))
@pytest.mark.parametrize("status", [400, 403])
def test_a_no_that_names_another_operation_anywhere_is_no_certain_no(error: dict[str, object], status: int) -> None:
    """It may be the one that was just started: neither failed nor, for a missing right, sent again by itself."""
    with pytest.raises(Doubt):
        answering(httpx.Response(status, json={"error": error})).azure.submit(RESTORE, in_time)


def test_a_no_that_names_none_is_certain() -> None:
    error = {"code": "BadRequest", "message": "m", "details": [{"code": "UserErrorNo", "message": "n"}]}
    with pytest.raises(Rejected):
        answering(httpx.Response(400, json={"error": error})).azure.submit(RESTORE, in_time)
