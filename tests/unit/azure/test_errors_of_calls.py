"""What goes wrong with a call to ARM: each bad answer, and each no before a byte left, has its own error and words."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from shared.azure.arm_calls import (
    MAX_ANSWER,
    MOST_PAGES,
    ArmCalls,
    has_code,
    raise_for,
    read_dict,
    rejected,
    retry_after,
)
from shared.azure.arm_client import Tokens, arm_client
from shared.azure.bounded_http import bounded, bounded_transport
from shared.azure.containers import read_container
from shared.azure.data_protection import DataProtection
from shared.azure.lenient_json import LONGEST_JOB, Loose, number, read_duration
from shared.azure.port import BlobContainer, Doubt, NotSent, Rejected
from shared.azure.unusable import unusable
from shared.domain.clouds import CHINA, GOVERNMENT, PUBLIC, Cloud
from shared.domain.problems import Trouble
from tests.kits.fakes import VAULT
from tests.kits.raw_server import raw_server, whole
from tests.kits.restores import a_restore

BASE = "https://management.azure.com"
ACCOUNT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/drillstore"
type Answer = Callable[[httpx.Request], httpx.Response]


def calls(answer: Answer) -> ArmCalls:
    client = httpx.Client(base_url=BASE, transport=httpx.MockTransport(answer))
    return ArmCalls(client, client, "2024-04-01", 60)


def azure(answer: Answer) -> DataProtection:
    return DataProtection(calls(answer), lambda: "token")


def says(status: int, body: Any = None, **headers: str) -> Answer:
    return lambda request: httpx.Response(status, json=body, headers=headers)


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
    with pytest.raises((Trouble, httpx.StreamError)):
        calls(broken).call("GET", "/x", None, {})


@pytest.mark.parametrize("size", [MAX_ANSWER, MAX_ANSWER + 1])
def test_an_answer_is_read_up_to_16_mib(size: int) -> None:
    arm = calls(lambda request: httpx.Response(200, content=b"x" * size))
    if size <= MAX_ANSWER:
        assert len(arm.call("GET", "/x", None, {}).content) == size
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
    assert str(arm.own_link(f"{BASE}:443/y?z=1")) == f"{BASE}/y?z=1"


def test_what_the_desk_asks_has_a_version_and_a_link_of_azures_is_called_as_it_is() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(200, json={}, headers={"date": "Thu, 01 Oct 2026 12:00:00 GMT"})

    arm = calls(answer)
    assert arm.azure_time() is None
    arm.call("GET", "/x", None, {}, {"api-version": "1", "$filter": "f"})
    arm.call("GET", "/x", None, {})
    arm.call("GET", arm.own_link(f"{BASE}/x?t=1"), None, {})
    assert seen == [
        f"{BASE}/x?api-version=1&%24filter=f", f"{BASE}/x?api-version=2024-04-01", f"{BASE}/x?t=1"
    ]  # fmt: skip
    assert arm.azure_time() == datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("said", ["", "soon", "Thu, 99 Oct 2026 12:00:00 GMT"])
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
        read_dict(httpx.Response(200, content=content))
    assert read_dict(httpx.Response(200)) == {}


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
    assert has_code(httpx.Response(400, json=body)) is own
    assert not has_code(httpx.Response(400, content=b"<html>"))


@pytest.mark.parametrize("status", [401, 408, 425, 429, 500, 501, 502, 503, 504, 507])
def test_what_passes_is_trouble_with_its_status(status: int) -> None:
    with pytest.raises(Trouble) as caught:
        raise_for(httpx.Response(status, headers={"retry-after": "7"}), "request")
    trouble = caught.value
    assert (trouble.status, trouble.retry_after, trouble.throttled) == (status, 7, status == 429)
    assert trouble.what == f"Azure answered {status} (Http{status})"


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 410, 422])
def test_every_other_4xx_is_azures_no(status: int) -> None:
    with pytest.raises(Rejected) as caught:
        raise_for(httpx.Response(status, json={"error": {"code": "X", "message": "m"}}), "job")
    assert (caught.value.status, caught.value.error.code, caught.value.error.stage) == (status, "X", "job")
    assert str(caught.value) == "X: m"


def test_a_no_without_words_says_its_status() -> None:
    found = rejected(httpx.Response(403, content=b"<html>"), "request").error
    assert (found.code, found.message) == ("Http403", "Azure answered 403 without an error body")


def test_a_redirect_is_not_followed_and_a_200_is_good() -> None:
    for status in (300, 302, 308):
        with pytest.raises(Trouble, match=rf"redirect \({status}\)"):
            raise_for(httpx.Response(status), "request")
    for status in (200, 204, 299):
        raise_for(httpx.Response(status), "request")


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("0", 0), ("7.5", 7.5), ("3600", 3600), ("3601", 3600), ("-1", None), ("soon", None), ("nan", None), ("", None)],
)
def test_the_seconds_of_retry_after(said: str, seconds: float | None) -> None:
    assert retry_after(httpx.Response(429, headers={"retry-after": said})) == seconds


# --- the token --------------------------------------------------------------------------------------------------------
@dataclass
class Token:
    token: str
    expires_on: int


def test_a_token_is_fetched_anew_five_minutes_before_it_ends_and_after_a_401() -> None:
    given = [Token("one", 2**40), Token("two", 0), Token("three", 2**40)]
    left = list(given)
    tokens = Tokens(lambda: left.pop(0))
    assert [tokens(), tokens()] == ["one", "one"]
    tokens.forget()
    assert [tokens(), tokens(), tokens()] == ["two", "three", "three"]


@pytest.mark.parametrize(("seconds", "anew"), [(290, True), (400, False)])
def test_a_token_has_five_minutes_left(seconds: int, anew: bool) -> None:
    ends = int(datetime.now(UTC).timestamp()) + seconds
    given = [Token("one", ends), Token("two", ends)]
    tokens = Tokens(lambda: given.pop(0))
    assert [tokens(), tokens()] == ["one", "two" if anew else "one"]


def test_no_token_is_trouble_that_names_its_kind_alone() -> None:
    def fails() -> str:
        raise OSError("secret words")

    with pytest.raises(Trouble, match=r"^no token for Azure \(OSError\)$"):
        DataProtection(calls(says(200)), fails).ready()
    azure(says(200)).ready()


@pytest.mark.parametrize(("cloud", "instance"), [(PUBLIC, False), (GOVERNMENT, False), (CHINA, False)])
def test_microsofts_clouds_are_on_its_own_list_of_authorities(cloud: Cloud, instance: bool) -> None:
    assert cloud.sign_in == {"authority": cloud.authority, "disable_instance_discovery": instance}


# --- time and TLS -----------------------------------------------------------------------------------------------------
def test_a_deadline_that_has_passed_lets_nothing_begin() -> None:
    with raw_server(whole(b"ok")) as server, httpx.Client(transport=bounded_transport()) as client:
        with pytest.raises(httpx.TimeoutException, match="deadline passed"):
            bounded(client, "GET", server.url, 0, 100)
        assert server.served == 0
        assert bounded(client, "GET", server.url, 5, 100)[0].content == b"ok"


def test_tls_begins_within_the_deadline_too() -> None:
    with raw_server(whole(b"no TLS")) as server:
        url = server.url.replace("http://", "https://")
        with (
            arm_client(url, httpx.Auth(), 30, True, ssl.create_default_context()) as client,
            pytest.raises((httpx.ConnectError, httpx.TimeoutException)),
        ):
            bounded(client, "GET", "/x", 5, 100)


# --- Data Protection and containers -----------------------------------------------------------------------------------
def test_what_is_no_attempt_is_not_sent_and_what_is_no_job_is_trouble() -> None:
    with pytest.raises(NotSent, match="no attempt is on the books"):
        azure(says(202)).submit(a_restore(attempts=()), lambda: None)
    with pytest.raises(Trouble, match="is no job"):
        azure(says(200, {"properties": {}})).job(a_restore(), "j")


def test_an_operation_that_is_answered_202_runs() -> None:
    found, wait = azure(says(202, None, **{"retry-after": "9"})).operation(f"{BASE}/op", "operation")
    assert (found.ended, found.job_id, found.error, wait) == ("running", None, None, 9)


@pytest.mark.parametrize("code", ["ContainerNotFound", "containernotfound"])
def test_a_container_that_is_not_there_is_no_fault(code: str) -> None:
    missing = azure(says(404, {"error": {"code": code}}))
    missing.delete_container(ACCOUNT, "rd-x-1")
    assert missing.container(ACCOUNT, "rd-x-1") is None


def test_any_other_no_to_a_container_rises() -> None:
    for act in ("delete_container", "container"):
        with pytest.raises(Rejected, match="AuthorizationFailed"):
            getattr(azure(says(403, {"error": {"code": "AuthorizationFailed"}})), act)(ACCOUNT, "rd-x-1")


def test_a_container_is_the_one_that_was_asked_for() -> None:
    found = {"name": "rd-x-1", "properties": {"metadata": {"RestoreDesk": 5}}}
    assert azure(says(200, found)).container(ACCOUNT, "rd-x-1") == BlobContainer("rd-x-1", {"restoredesk": "5"})
    for body in ({**found, "name": "other"}, {}):
        with pytest.raises(Trouble, match="not the container"):
            azure(says(200, body)).container(ACCOUNT, "rd-x-1")
    assert read_container({"name": "a", "properties": {"metadata": []}}) == BlobContainer("a", {})
    assert read_container({"name": ""}) is None


@pytest.mark.parametrize(("status", "new"), [(201, True), (200, False)])
def test_azure_says_whether_a_container_is_new(status: int, new: bool) -> None:
    assert azure(says(status, {})).make_container(ACCOUNT, "rd-x-1", {"restoredesk": "x"}) is new


@pytest.mark.parametrize(
    ("policy", "days"),
    [
        ({"enabled": True, "days": 7}, 7),
        ({"enabled": False, "days": 7}, 0),
        ({"enabled": "true", "days": 7}, 0),
        ({"enabled": True, "days": "7"}, 0),
        ({"enabled": True}, 0),
        (None, 0),
    ],
)
def test_for_how_long_a_deleted_container_can_be_brought_back(policy: Any, days: int) -> None:
    body = {"properties": {"containerDeleteRetentionPolicy": policy}}
    assert azure(says(200, body)).soft_delete_days(ACCOUNT) == days


def test_the_containers_of_an_account_are_those_with_a_name() -> None:
    body = {"value": [{"name": "a"}, {"name": None}, "x", {"name": "b"}]}
    assert [found.name for found in azure(says(200, body)).containers(ACCOUNT)] == ["a", "b"]


@pytest.mark.parametrize(
    ("body", "facts"),
    [
        ({}, ("", None, None, None)),
        ({"location": "West Europe"}, ("westeurope", None, None, None)),
        ({"properties": {"replicatedRegions": ["NorthEurope", "x"]}}, ("", "northeurope", None, None)),
        ({"properties": {"replicatedRegions": []}}, ("", None, None, None)),
        ({"properties": {"replicatedRegions": "north"}}, ("", None, None, None)),
        (
            {
                "properties": {
                    "featureSettings": {
                        "crossSubscriptionRestoreSettings": {"state": "Disabled"},
                        "crossRegionRestoreSettings": {"state": "Enabled"},
                    }
                }
            },
            ("", None, "Disabled", "Enabled"),
        ),
    ],
)
def test_the_facts_of_a_vault(body: Any, facts: tuple[str, Any, Any, Any]) -> None:
    found = azure(says(200, body)).vault(VAULT)
    assert (found.location, found.secondary, found.cross_subscription, found.cross_region) == facts


def test_an_instance_that_does_not_say_what_it_protects_is_trouble() -> None:
    with pytest.raises(Trouble, match="does not say what it protects"):
        azure(says(200, {"properties": {}})).datasource(f"{VAULT}/backupInstances/pg")


def test_without_a_usable_setting_every_call_is_trouble() -> None:
    nothing = unusable("ARM_ENDPOINT is wrong")
    assert nothing.azure_time() is None
    for act in (lambda: nothing.vault(VAULT), nothing.ready, lambda: nothing.points("x", odata="")):
        with pytest.raises(Trouble, match="ARM_ENDPOINT is wrong"):
            act()


# --- lenient JSON -----------------------------------------------------------------------------------------------------
def test_an_object_is_read_in_any_casing() -> None:
    found = Loose({"Name": "a", "list": [{"x": 1}, 2], "no": None, "zero": 0, "empty": "", "yes": True})
    assert (len(found), sorted(found)) == (6, ["empty", "list", "name", "no", "yes", "zero"])
    assert (found.text("NAME"), found.text("zero"), found.text("empty"), found.text("yes")) == ("a", "0", None, None)
    assert [dict(part) for part in found.parts("LIST")] == [{"x": 1}, {}]
    assert (found.parts("no"), dict(found.part("no")), dict(Loose(5))) == ([], {}, {})
    assert (found.says("name", "a"), found.says("name", "b"), found.says("no", "")) == (True, False, True)


@pytest.mark.parametrize(
    ("value", "found"),
    [(0, 0), ("7.5", 7.5), (True, None), (None, None), ("x", None), ("inf", None), ("nan", None), (10**400, None)],
)
def test_a_number_however_it_is_written(value: object, found: float | None) -> None:
    assert number(value) == found


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT0S", None),
        ("PT0.5S", 0.5),
        ("P1DT2H3M4S", 86400 + 7200 + 180 + 4),
        ("00:00:01", 1),
        ("1.02:03:04.5", 86400 + 7200 + 180 + 4.5),
        ("60.00:00:00", LONGEST_JOB),
        ("60.00:00:01", None),
        ("10675199.02:48:05", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_how_long_a_job_ran(text: str | None, seconds: float | None) -> None:
    assert read_duration(text) == seconds


@pytest.mark.parametrize(
    ("said", "year"),
    [("2026-10-01T00:00:00Z", 2026), ("0001-01-01T00:00:00Z", None), ("0002-01-01T00:00:00Z", 2), ("soon", None),
     ("", None), (None, None), ("9999-12-31T23:59:59-10:00", None)],
)  # fmt: skip
def test_a_moment(said: Any, year: int | None) -> None:
    found = Loose({"at": said}).moment("at")
    assert (found.year if found else None) == year
