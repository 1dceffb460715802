"""The client of ARM: what it sends, what it never does, and that each of its calls ends."""

import gzip
import json
import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator

import httpx
import pytest

from local.stack.answers import ARM, Answering
from shared.azure.arm_client import ArmClient
from shared.azure.one_host import Link
from shared.domain.problems import Trouble
from shared.domain.version import VERSION
from shared.telemetry import about, correlation
from shared.wire.http import TOO_LARGE, Http, NoAnswer
from shared.wire.trust import trusted
from tests.kits.raw_server import Answer, RawServer, drip, raw_server, whole

X = Link(f"{ARM}/x?a=1")


@pytest.fixture
def http() -> Iterator[Http]:
    made = Http(trusted)
    yield made
    made.close()


def client(http: Http, server: RawServer) -> tuple[ArmClient, Link]:
    return ArmClient(http, server.url, lambda: "token"), Link(f"{server.url}/x")


def sent(body: object = None, carried: str = "token", **headers: str) -> httpx.Request:
    """What one call sends."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    ArmClient(Answering(answer), ARM, lambda: carried).call("POST", X, body, headers, 5, 100)
    return seen[0]


def test_each_call_says_who_it_is_and_what_it_can_read() -> None:
    asked = sent({"a": "é"})
    assert (str(asked.url), asked.method) == (f"{ARM}/x?a=1", "POST")
    assert asked.headers["user-agent"] == f"restore-desk/{VERSION}"
    assert (asked.headers["accept"], asked.headers["accept-encoding"]) == ("application/json", "gzip")
    assert (asked.headers["authorization"], asked.headers["content-type"]) == ("Bearer token", "application/json")
    assert asked.content == '{"a":"é"}'.encode()
    assert "content-type" not in sent().headers
    assert "x-ms-correlation-request-id" not in asked.headers


def test_a_restores_calls_carry_its_id_unless_they_say_another() -> None:
    with about("one"):
        assert sent().headers["x-ms-correlation-request-id"] == correlation("one")
        assert sent(**{"x-ms-correlation-request-id": "b"}).headers["x-ms-correlation-request-id"] == "b"


@pytest.mark.parametrize("token", ["tökén", "to\nken", "to\x7fken"])
def test_a_token_that_no_header_can_carry_is_not_sent(token: str) -> None:
    with pytest.raises(Trouble, match="nothing was sent") as caught:
        sent(carried=token)
    assert caught.value.__cause__ is None, "it would hold the token"


def test_a_token_that_comes_after_the_calls_deadline_sends_nothing() -> None:
    def late() -> str:
        time.sleep(0.02)
        return "token"

    slow = ArmClient(Answering(lambda request: httpx.Response(500)), ARM, late)
    with pytest.raises(Trouble, match="too late"):
        slow.call("GET", X, None, {}, 0.01, 100)


def cut(status: int) -> Answer:
    """An answer whose body never comes."""

    def answer(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(f"HTTP/1.1 {status} X\r\nx-ms-request-id: azures\r\nContent-Length: 9\r\n\r\n".encode())
        connection.shutdown(socket.SHUT_RDWR)

    return answer


@pytest.mark.parametrize("status", [202, 401])
def test_of_an_answer_whose_body_did_not_come_the_log_has_azures_own_id(
    http: Http, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    forgotten: list[int] = []
    with raw_server(cut(status)) as server, caplog.at_level("INFO", "desk"):
        arm = ArmClient(http, server.url, lambda: "token", lambda: forgotten.append(1))
        with pytest.raises(NoAnswer, match="IncompleteRead"):
            arm.call("POST", Link(f"{server.url}/x"), {}, {}, 5, 100)
    (line,) = [record.getMessage() for record in caplog.records if "desk.arm" in record.getMessage()]
    assert f'"status":{status}' in line
    assert '"request_id":"azures"' in line
    assert json.loads(line.partition(" ")[2])["ms"] < 5000
    assert forgotten == ([1] if status == 401 else [])


# --- real sockets -----------------------------------------------------------------------------------------------------
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
SLOW, CHUNKED = b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n"


@pytest.mark.parametrize("head", [HEAD, SLOW, CHUNKED], ids=["body", "headers", "chunked"])
@pytest.mark.parametrize("before", [0, 1], ids=["a new connection", "a connection used before"])
def test_a_peer_that_drips_is_left_at_the_deadline(http: Http, head: bytes, before: int) -> None:
    with raw_server(*[whole(b"ok")] * before, drip(head)) as server:
        arm, link = client(http, server)
        for _ in range(before):
            assert arm.call("GET", link, None, {}, 5, 1000).body == b"ok"
        with pytest.raises(NoAnswer):
            arm.call("GET", link, None, {}, 0.5, 10_000_000)
        assert server.connections == 1


def test_a_packed_answer_is_unpacked_and_what_cannot_be_is_none(http: Http) -> None:
    good = gzip.compress(json.dumps({"a": 1}).encode())
    packed = "Content-Encoding: gzip"
    bad = [whole(b"zz", "Content-Encoding: br"), whole(b"zz", packed), whole(good[:-9], packed)]
    with raw_server(whole(good, packed), whole(b"", packed), *bad) as server:
        arm, link = client(http, server)
        assert arm.call("GET", link, None, {}, 5, 1000).body == b'{"a": 1}'
        assert arm.call("GET", link, None, {}, 5, 1000).body == b""
        for why in ("PackedOtherwise", "CannotBeUnpacked", "CannotBeUnpacked"):
            with pytest.raises(NoAnswer, match=why):
                arm.call("GET", link, None, {}, 5, 1000)


def test_a_gzip_bomb_takes_no_memory(http: Http) -> None:
    bomb = gzip.compress(b"\0" * 200_000_000, 9)
    with raw_server(whole(bomb, "Content-Encoding: gzip")) as server:
        arm, link = client(http, server)
        tracemalloc.start()
        try:
            with pytest.raises(NoAnswer, match=TOO_LARGE):
                arm.call("GET", link, None, {}, 30, 2**20)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 5_000_000, f"{peak / 1e6:.0f} MB"
