"""The calls to ARM: the last look before the first byte, the total time of a POST, low budgets, the end of lists."""

import math
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.stack.answers import answer, arm_over
from shared.azure.arm_calls import LOW, ArmCalls, left_of_budget, tracking
from shared.azure.arm_client import ArmClient
from shared.azure.data_protection import DataProtection
from shared.azure.port import Doubt, NotSent
from shared.azure.recovery_points import read_point
from shared.composition.app import App
from shared.config.settings import from_environment
from shared.domain.problems import Trouble
from shared.wire.http import Http
from shared.wire.trust import trusted
from tests.kits.raw_server import raw_server, whole
from tests.unit.azure.kit import in_time

BASE = "https://management.azure.com"
PATH = "/subscriptions/11111111-2222-3333-4444-555555555555/providers/x"
REMAINING = "x-ms-ratelimit-remaining-subscription-reads"


def calls(answers: Callable[[httpx.Request], httpx.Response], low: list[str] | None = None) -> ArmCalls:
    told = low if low is not None else []
    return ArmCalls(arm_over(answers), "2024-04-01", 60, told.append)


@contextmanager
def ended(url: str, total: float = 60) -> Iterator[ArmCalls]:
    """Calls over real sockets, which are closed at the end."""
    http = Http(trusted)
    try:
        yield ArmCalls(ArmClient(http, url, lambda: "token"), "1", total)
    finally:
        http.close()


def until(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + 10
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    return true()


def taken(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")


# --- the POST that must not happen twice ------------------------------------------------------------------------------
@pytest.mark.parametrize("good", [0, 1, 2])
def test_it_is_looked_once_more_when_the_first_byte_is_about_to_leave(good: int) -> None:
    """`good`: how many looks find nothing against it."""
    looks = []

    def check() -> None:
        looks.append(1)
        if len(looks) > good:
            raise NotSent("too late")

    with raw_server(taken) as server, ended(server.url) as arm:
        if good == 2:
            assert arm.post_once(PATH, {}, {}, check).status == 202
        else:
            with pytest.raises(NotSent):
                arm.post_once(PATH, {}, {}, check)
        assert until(lambda: server.connections == min(good, 1)), "the second look is when all is ready"
    assert (len(looks), server.served) == (min(good + 1, 2), good // 2)


def test_each_such_post_has_a_connection_of_its_own_and_other_calls_share_one() -> None:
    """A kept one may be dead, which would put a POST in doubt."""
    with raw_server(whole(b"{}")) as server, ended(server.url) as arm:
        for _ in range(3):
            arm.get("GET", PATH)
        assert server.connections == 1
        for _ in range(3):
            arm.post_once(PATH, {}, {}, in_time)
        assert server.connections == 4
        arm.get("GET", PATH)
        assert server.connections == 4


def slow(connection: socket.socket, over: threading.Event) -> None:
    """A whole 202 whose one header takes two seconds; no wait of it is long."""
    connection.sendall(b"HTTP/1.1 202 Accepted\r\nX-Slow: ")
    for _ in range(100):
        over.wait(0.02)
        connection.sendall(b"x")
    connection.sendall(b"\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize(("total", "answered"), [(1, False), (60, True)])
def test_the_post_and_its_answer_have_one_total_time(total: float, answered: bool) -> None:
    with raw_server(slow) as server, ended(server.url, total) as arm:
        if answered:
            assert arm.post_once(PATH, {}, {}, lambda: None).status == 202
        else:
            with pytest.raises(Doubt, match="was lost"):
                arm.post_once(PATH, {}, {}, lambda: None)
        assert server.served == 1


@pytest.mark.parametrize(
    ("status", "named", "taken_so"),
    [(202, "Azure-AsyncOperation", True), (202, "Location", True), (202, "X", False), (500, "Location", False)],
)
def test_of_a_202_whose_body_did_not_come_the_operation_that_it_names_is_enough(
    status: int, named: str, taken_so: bool
) -> None:
    def cut(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(f"HTTP/1.1 {status} X\r\n{named}: {BASE}/op\r\nContent-Length: 9\r\n\r\n{{".encode())
        connection.shutdown(socket.SHUT_RDWR)

    with raw_server(cut) as server, ended(server.url) as arm:
        if taken_so:
            assert tracking(arm.post_once(PATH, {}, {}, in_time)) == f"{BASE}/op"
        else:
            with pytest.raises(Doubt, match="was lost"):
                arm.post_once(PATH, {}, {}, in_time)


def cut_off(status: int) -> Callable[[socket.socket, threading.Event], None]:
    """A head whose body never comes."""

    def answer(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(f"HTTP/1.1 {status} X\r\nRetry-After: 60\r\nContent-Length: 9\r\n\r\n{{".encode())
        connection.shutdown(socket.SHUT_RDWR)

    return answer


@pytest.mark.parametrize("status", [401, 429, 503, 404, 400])
def test_of_an_answer_that_passes_the_head_is_enough(status: int) -> None:
    passes = status in (401, 429, 503)
    with raw_server(cut_off(status)) as server, ended(server.url) as arm:
        with pytest.raises(Trouble) as caught:
            arm.get("GET", PATH)
        assert (caught.value.status, caught.value.retry_after) == ((status, 60) if passes else (None, None))
        assert caught.value.throttled is (status == 429)
        if status in (401, 429):
            assert arm.post_once(PATH, {}, {}, in_time).status == status
        else:
            with pytest.raises(Doubt):
                arm.post_once(PATH, {}, {}, in_time)


def test_the_total_time_of_the_post_is_the_paces(tmp_path: Path) -> None:
    settings = from_environment({"AzureWebJobsStorage": "UseDevelopmentStorage=true"}, tmp_path)
    app = App(settings)
    assert isinstance(app.azure, DataProtection)
    assert app.azure._calls._total == app.pace.submit_total == 60


# --- budgets ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "left", "rests"), [(200, LOW, True), (200, LOW + 1, False), (404, 0, True), (429, 0, False)]
)
def test_a_subscription_rests_when_three_calls_are_left(status: int, left: int, rests: bool) -> None:
    low: list[str] = []
    arm = calls(lambda request: httpx.Response(status, headers={REMAINING: str(left)}), low)
    arm.call("GET", PATH, None, {})
    assert LOW == 3
    assert low == (["11111111-2222-3333-4444-555555555555"] if rests else [])


def test_the_least_of_all_that_is_said_counts() -> None:
    other = "x-ms-ratelimit-remaining-tenant-reads"
    assert left_of_budget(answer(httpx.Response(200, headers={REMAINING: "7", other: "2", "x-other": "0"}))) == 2
    assert left_of_budget(answer(httpx.Response(200, headers={REMAINING: "many", other: "5"}))) == 5
    assert left_of_budget(answer(httpx.Response(200))) == math.inf


# --- what is no answer ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", [201, 202, 204])
def test_a_read_that_is_answered_without_a_200_is_no_empty_answer(status: int) -> None:
    with pytest.raises(Trouble, match=f"{status} where 200 is"):
        calls(lambda request: httpx.Response(status)).get("GET", PATH)


@pytest.mark.parametrize("link", [None, "", 5, {}, [f"{BASE}/x"]])
def test_a_list_ends_where_its_link_is_none(link: Any) -> None:
    arm = calls(lambda request: httpx.Response(200, json={"value": [1], "nextLink": link}))
    assert list(arm.pages("GET", PATH)) == [1]


@pytest.mark.parametrize(
    ("item", "found"),
    [
        ({"name": "p", "properties": {"recoveryPointTime": "2026-10-01T00:00:00Z"}}, "p"),
        ({"properties": {"recoveryPointTime": "2026-10-01T00:00:00Z", "recoveryPointId": "q"}}, "q"),
        ({"name": "", "properties": {"recoveryPointTime": "2026-10-01T00:00:00Z"}}, None),
        ({"properties": {"recoveryPointTime": "2026-10-01T00:00:00Z"}}, None),
        ({"name": "p", "properties": {"recoveryPointTime": "soon"}}, None),
        ({"name": "p"}, None),
        ("p", None),
    ],
)
def test_a_point_needs_an_id_and_a_time(item: Any, found: str | None) -> None:
    read = read_point(item)
    assert (read.id if read else None) == found
