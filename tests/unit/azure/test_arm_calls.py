"""The calls to ARM: the last look before the first byte, the total time of a POST, low budgets, the end of lists."""

import math
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.azure.arm_calls import LOW, ArmCalls, left_of_budget
from shared.azure.bounded_http import bounded_transport
from shared.azure.data_protection import DataProtection
from shared.azure.port import Doubt, NotSent
from shared.azure.recovery_points import read_point
from shared.composition.app import App
from shared.config.settings import from_environment
from shared.domain.problems import Trouble
from tests.kits.raw_server import raw_server

BASE = "https://management.azure.com"
PATH = "/subscriptions/11111111-2222-3333-4444-555555555555/providers/x"
REMAINING = "x-ms-ratelimit-remaining-subscription-reads"


def calls(answer: Callable[[httpx.Request], httpx.Response], low: list[str] | None = None) -> ArmCalls:
    client = httpx.Client(base_url=BASE, transport=httpx.MockTransport(answer))
    told = low if low is not None else []
    return ArmCalls(client, client, "2024-04-01", 60, told.append)


# --- the POST that must not happen twice ------------------------------------------------------------------------------
@pytest.mark.parametrize("good", [0, 1, 2])
def test_it_is_looked_once_more_when_the_first_byte_is_about_to_leave(good: int) -> None:
    """`good`: how many looks find nothing against it."""
    looks, sent = [], []

    def check() -> None:
        looks.append(1)
        if len(looks) > good:
            raise NotSent("too late")

    def answer(request: httpx.Request) -> httpx.Response:
        trace: Callable[[str, dict[str, Any]], None] = request.extensions["trace"]
        trace("connection.connect_tcp.started", {})
        trace("http11.send_request_headers.started", {})
        sent.append(request)
        return httpx.Response(202)

    if good == 2:
        calls(answer).post_once(PATH, {}, {}, check)
        assert (len(looks), len(sent)) == (2, 1)
        return
    with pytest.raises(NotSent):
        calls(answer).post_once(PATH, {}, {}, check)
    assert (len(looks), sent) == (good + 1, [])


def slow(connection: socket.socket, over: threading.Event) -> None:
    """A whole 202 whose one header takes two seconds; no wait of it is long."""
    connection.sendall(b"HTTP/1.1 202 Accepted\r\nX-Slow: ")
    for _ in range(100):
        over.wait(0.02)
        connection.sendall(b"x")
    connection.sendall(b"\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize(("total", "answered"), [(1, False), (60, True)])
def test_the_post_and_its_answer_have_one_total_time(total: float, answered: bool) -> None:
    with (
        raw_server(slow) as server,
        httpx.Client(base_url=server.url, timeout=30, transport=bounded_transport()) as one,
    ):
        arm = ArmCalls(one, one, "1", total)
        if answered:
            assert arm.post_once(PATH, {}, {}, lambda: None).status_code == 202
        else:
            with pytest.raises(Doubt, match="was lost"):
                arm.post_once(PATH, {}, {}, lambda: None)
        assert server.served == 1


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
    assert left_of_budget(httpx.Response(200, headers={REMAINING: "7", other: "2", "x-other": "0"})) == 2
    assert left_of_budget(httpx.Response(200, headers={REMAINING: "many", other: "5"})) == 5
    assert left_of_budget(httpx.Response(200)) == math.inf


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
