"""HTTP, queue and timer functions of the sample app, run by one host against Azurite."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from local.host.bindings import ncrontab
from local.stack.azurite import Azurite
from tests.kits.host_kit import MASTER, YEARLY, Started, empty, eventually, queue, values


@pytest.fixture(scope="module")
def given(azurite: Azurite) -> dict[str, str]:
    return values(azurite)


@pytest.fixture(scope="module")
def host(given: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    with Started(tmp_path_factory.mktemp("host"), given, "--body-limit", "1000") as started:
        yield started


def test_it_says_when_it_is_ready(host: Started) -> None:
    assert host.functions[:2] == ["echo", "teapot"]
    assert host.functions[-3:] == ["work", "work_poison", "tick"]


def test_a_function_gets_the_request_and_its_answer_is_sent_as_it_is(host: Started) -> None:
    answer = host.http.post(
        "/api/echo/Ann%20B/7?a=1&a=2&none=", content=b"\xff\x00", headers=[("X-Note", "x"), ("X-Note", "y")]
    )
    assert (answer.status_code, answer.headers["content-type"], answer.headers["x-name"]) == (
        200,
        "application/json",
        "Ann B",
    )
    assert answer.json() == {
        "method": "POST",
        "url": f"{host.http.base_url}/api/echo/Ann%20B/7?a=1&a=2&none=",
        "params": {"a": "1,2"},
        "route": {"name": "Ann B", "number": "7"},
        "header": "x,y",
        "body": "ff00",
    }


def test_bytes_status_and_cookies_of_an_async_function(host: Started) -> None:
    answer = host.http.get("/api/teapot")
    assert (answer.status_code, answer.content) == (418, bytes(range(256)))
    assert answer.headers.get_list("set-cookie") == ["one=1; path=/a; httponly", "two=2; path=/; secure; samesite=lax"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/api", 404),
        ("GET", "/api/nowhere", 404),
        ("GET", "/teapot", 404),
        ("GET", "/api/echo/a/b", 404),
        ("DELETE", "/api/echo/a", 404),  # the method is part of the route
        ("OPTIONS", "/api/teapot", 418),  # none named: any
        ("HEAD", "/api/teapot", 418),
        ("GET", "/api/boom", 500),
        ("GET", "/api/locked", 401),
        ("GET", "/api/locked?code=wrong", 401),
        ("GET", f"/api/locked?code={MASTER}", 200),
        ("GET", "/api/vault", 401),
        ("GET", f"/api/vault?code={MASTER}", 200),
        ("GET", "/admin/host/status", 401),
        ("GET", f"/admin/host/status?code={MASTER}", 200),
        ("GET", f"/admin/elsewhere?code={MASTER}", 404),
        ("POST", "/admin/functions/tick", 401),
        ("POST", f"/admin/functions/nobody?code={MASTER}", 404),
        ("POST", f"/admin/functions/echo?code={MASTER}", 400),
    ],
)
def test_statuses(host: Started, method: str, path: str, status: int) -> None:
    answer = host.http.request(method, path)
    assert answer.status_code == status
    if status in (401, 404, 500):
        assert answer.content == b""


def test_keys_are_handed_out_per_function(host: Started) -> None:
    admin = {"x-functions-key": MASTER}

    def key(path: str) -> str:
        return str(host.http.get(path, headers=admin).json()["keys"][0]["value"])

    def tried(path: str, value: str) -> int:
        return host.http.get(path, headers={"x-functions-key": value}).status_code

    locked, other, all_functions = (
        key(f"/admin/{path}/keys") for path in ("functions/locked", "functions/boom", "host")
    )
    assert [tried("/api/locked", value) for value in (locked, other, all_functions)] == [200, 401, 200]
    assert [tried("/api/vault", value) for value in (locked, all_functions, MASTER)] == [401, 401, 200]
    assert [tried("/admin/host/status", value) for value in (locked, all_functions)] == [401, 401]


def test_a_body_over_the_limit(host: Started) -> None:
    assert host.http.post("/api/echo/a", content=b"x" * 1000).status_code == 200
    assert host.http.post("/api/echo/a", content=b"x" * 1001).status_code == 413
    assert host.http.post("/api/echo/a", content=iter([b"x" * 600, b"x" * 600])).status_code == 413


def test_an_output_binding_feeds_the_queue_trigger(host: Started, given: dict[str, str]) -> None:
    assert host.http.post("/api/pass-on", content="über das Band").status_code == 202
    (seen,) = eventually(lambda: host.saw(function="work", body="über das Band"))
    assert seen["count"] == 1
    assert seen["receipt"] is True
    inserted, visible, expires = (datetime.fromisoformat(seen[key]) for key in ("inserted", "visible", "expires"))
    assert visible - inserted >= timedelta(minutes=10)
    assert expires - inserted == timedelta(days=7)
    eventually(lambda: empty(queue(given)))


def test_a_failing_message_ends_with_the_poison_queues_function(host: Started, given: dict[str, str]) -> None:
    queue(given).send_message("fail always")
    eventually(lambda: host.saw(function="work_poison", body="fail always"))
    assert [one["count"] for one in host.saw(function="work", body="fail always")] == [1, 2, 3]
    eventually(lambda: empty(queue(given)) and empty(queue(given, "-poison")))


def test_a_timer_and_a_queue_function_run_by_hand(host: Started) -> None:
    admin = {"x-functions-key": MASTER}
    assert host.http.post("/admin/functions/TICK", headers=admin).status_code == 202
    (tick,) = eventually(lambda: host.saw(function="tick"))
    assert tick["past_due"] is False
    assert datetime.fromisoformat(tick["status"]["Next"]) == ncrontab.parse(YEARLY).next(datetime.now(UTC))
    answer = host.http.post("/admin/functions/work_poison", headers=admin, json={"input": "by hand"})
    assert answer.status_code == 202
    eventually(lambda: host.saw(function="work_poison", body="by hand"))
    for wrong in (b"{", b"[]", b'{"input": 5}'):
        assert host.http.post("/admin/functions/tick", headers=admin, content=wrong).status_code == 400


def test_the_log_tells_ends_and_nothing_secret(host: Started, given: dict[str, str]) -> None:
    host.http.post("/api/echo/logged?secret=in-query", content="secret in body", headers={"x-functions-key": MASTER})
    host.http.get("/api/boom%0aINFO host forged")
    host.http.get("/api/boom")
    queue(given).send_message("secret message")
    ends = ("function=work ok", "GET /api/boom 500")
    eventually(lambda: all(end in host.log.read_text() for end in ends))
    log = host.log.read_text()
    assert "function=echo ok ms=" in log
    assert "http POST /api/echo/logged 200 ms=" in log
    assert "RuntimeError: boom was called" in log
    assert "%0aINFO" in log
    for secret in (MASTER, "in-query", "secret in body", "secret message", "AccountKey"):
        assert secret not in log
