"""What goes wrong with a call to ARM: each bad answer, and each no before a byte left, has its own error and words."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from local.stack.answers import answer
from shared.azure.arm_calls import MAX_ANSWER, MOST_PAGES, has_code, raise_for, read_dict, rejected, retry_after
from shared.azure.port import Doubt, NotSent, Rejected
from shared.domain.problems import Trouble
from shared.wire.http import Answer
from tests.unit.azure.kit import BASE, calls, says


def said(status: int, **about: Any) -> Answer:
    return answer(httpx.Response(status, **about))


# --- one call ---------------------------------------------------------------------------------------------------------
def test_a_post_to_another_host_is_surely_not_sent() -> None:
    with pytest.raises(NotSent, match="another host"):
        calls(says(202)).post_once("https://evil.example/x", {}, {}, lambda: None)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ConnectError("x"), NotSent),
        (httpx.ConnectTimeout("x"), NotSent),
        (httpx.PoolTimeout("x"), NotSent),
        (httpx.UnsupportedProtocol("x"), NotSent),
        (httpx.ReadTimeout("x"), Doubt),
        (httpx.WriteError("x"), Doubt),
        (httpx.RemoteProtocolError("x"), Doubt),
        (httpx.StreamClosed(), Doubt),
    ],
)
def test_what_a_broken_post_may_have_done(error: Exception, kind: type[Exception]) -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(kind):
        calls(broken).post_once("/x", {}, {}, lambda: None)
    with pytest.raises(Trouble):
        calls(broken).call("GET", "/x", None, {})


@pytest.mark.parametrize("size", [MAX_ANSWER, MAX_ANSWER + 1])
def test_an_answer_is_read_up_to_16_mib(size: int) -> None:
    arm = calls(lambda request: httpx.Response(200, content=b"x" * size))
    if size <= MAX_ANSWER:
        assert len(arm.call("GET", "/x", None, {}).body) == size
        return
    with pytest.raises(Trouble, match="longer than 16 MiB"):
        arm.call("GET", "/x", None, {})


def test_a_list_has_a_thousand_pages_at_the_most() -> None:
    asked = []

    def endless(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"value": [], "nextLink": f"{BASE}/page-{len(asked)}"})

    with pytest.raises(Trouble, match="more than 1000 pages"):
        list(calls(endless).pages("GET", "/x"))
    assert MOST_PAGES == 1000
    assert len(asked) == MOST_PAGES + 1


@pytest.mark.parametrize("link", [f"{BASE}/x?again=1", "/x?again=1"])
def test_a_list_that_leads_back_to_a_page_of_its_own_is_no_list(link: str) -> None:
    with pytest.raises(Trouble, match="leads back"):
        list(calls(says(200, {"value": [1], "nextLink": link})).pages("GET", "/x"))


@pytest.mark.parametrize("body", [{}, {"value": None}, {"value": {}}, {"items": []}])
def test_an_answer_without_a_list_is_no_empty_list(body: Any) -> None:
    with pytest.raises(Trouble, match="is no list"):
        list(calls(says(200, body)).pages("GET", "/x"))


def test_a_page_says_the_link_that_led_to_it_and_whether_it_is_the_last() -> None:
    def two(request: httpx.Request) -> httpx.Response:
        more = {} if "page" in str(request.url) else {"nextLink": f"{BASE}/x?page=2"}
        return httpx.Response(200, json={"value": [len(more)], **more})

    assert list(calls(two).sheets("GET", "/x")) == [("", [1], False), (f"{BASE}/x?page=2", [0], True)]


@pytest.mark.parametrize("link", ["https://evil.example/x", "//evil.example/x", "http://management.azure.com/x"])
def test_a_link_of_azures_leads_to_its_own_host_or_nowhere(link: str) -> None:
    arm = calls(says(200, {}))
    assert arm.link(link) is None
    for act in (arm.own_link, lambda said: arm.call("GET", said, None, {})):
        with pytest.raises(Trouble, match="another host"):
            act(link)
    assert arm.own_link(f"{BASE}:443/y?z=1").url == f"{BASE}/y?z=1"


def test_what_the_desk_asks_has_a_version_and_a_link_of_azures_is_called_as_it_is() -> None:
    seen: list[str] = []

    def noted(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(200, json={}, headers={"date": "Thu, 01 Oct 2026 12:00:00 GMT"})

    arm = calls(noted)
    assert arm.azure_time() is None
    arm.call("GET", "/x", None, {}, {"api-version": "1", "$filter": "f"})
    arm.call("GET", "/x", None, {})
    arm.call("GET", arm.own_link(f"{BASE}/x?t=1"), None, {})
    assert seen == [
        f"{BASE}/x?api-version=1&%24filter=f", f"{BASE}/x?api-version=2024-04-01", f"{BASE}/x?t=1"
    ]  # fmt: skip
    assert arm.azure_time() == datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("said", ["", "soon", "Thu, 99 Oct 2026 12:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -0100"])
def test_a_date_that_is_none_is_no_time_of_azures(said: str) -> None:
    arm = calls(says(200, {}, date="Thu, 01 Oct 2026 12:00:00 GMT"))
    arm.call("GET", "/x", None, {})
    later = calls(says(200, {}, **({"date": said} if said else {})))
    later.call("GET", "/x", None, {})
    assert arm.azure_time() is not None
    assert later.azure_time() is None


# --- what an answer says ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "words"),
    [(b"<html>", "is not JSON"), (b"[]", "is no JSON object"), (b"1", "is no JSON object"), (b'{"a":', "is not JSON")],
)
def test_what_is_no_object_is_trouble(content: bytes, words: str) -> None:
    with pytest.raises(Trouble, match=rf"\(200\) {words}"):
        read_dict(said(200, content=content))
    assert read_dict(said(200)) == {}


@pytest.mark.parametrize(
    ("body", "own"),
    [
        ({"error": {"code": "X"}}, True),
        ({"Error": {"Code": "X"}}, True),
        ({"code": "X"}, False),
        ({"error": {"message": "m"}}, False),
        ({"error": "X"}, False),
        ([], False),
    ],
)
def test_azures_own_no_has_a_code_in_its_error(body: Any, own: bool) -> None:
    assert has_code(said(400, json=body)) is own
    assert not has_code(said(400, content=b"<html>"))


@pytest.mark.parametrize("status", [401, 408, 425, 429, 500, 501, 502, 503, 504, 507])
def test_what_passes_is_trouble_with_its_status(status: int) -> None:
    with pytest.raises(Trouble) as caught:
        raise_for(said(status, headers={"retry-after": "7"}), "request")
    trouble = caught.value
    assert (trouble.status, trouble.retry_after, trouble.throttled) == (status, 7, status == 429)
    assert trouble.what == f"Azure answered {status} (Http{status})"


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 410, 422])
def test_every_other_4xx_is_azures_no(status: int) -> None:
    with pytest.raises(Rejected) as caught:
        raise_for(said(status, json={"error": {"code": "X", "message": "m"}}), "job")
    assert (caught.value.status, caught.value.error.code, caught.value.error.stage) == (status, "X", "job")
    assert str(caught.value) == "X: m"


def test_a_no_without_words_says_its_status() -> None:
    found = rejected(said(403, content=b"<html>"), "request").error
    assert (found.code, found.message) == ("Http403", "Azure answered 403 without an error body")


def test_a_redirect_is_not_followed_and_a_200_is_good() -> None:
    for status in (300, 302, 308):
        with pytest.raises(Trouble, match=rf"redirect \({status}\)"):
            raise_for(said(status), "request")
    for status in (200, 204, 299):
        raise_for(said(status), "request")


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("0", 0), ("7.5", 7.5), ("3600", 3600), ("3601", 3600), ("-1", None), ("soon", None), ("nan", None), ("", None)],
)
def test_the_seconds_of_retry_after(told: str, seconds: float | None) -> None:
    assert retry_after(said(429, headers={"retry-after": told})) == seconds
