"""Every outside call ends: whatever its peer does, by one deadline, and with no more in memory than its limit."""

import gzip
import tracemalloc
from collections.abc import Iterator

import httpx
import pytest

from shared.domain.problems import Trouble
from shared.notices import notifier
from shared.notices.messages import Message
from shared.notices.notifier import HttpPost
from shared.wire.bounded_http import bounded, bounded_transport
from tests.kits.raw_server import drip, raw_server, whole

BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
HEADERS = b"HTTP/1.1 200 OK\r\nX-Slow: "
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n"


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30, transport=bounded_transport(), headers={"Accept-Encoding": "gzip"}) as made:
        yield made


@pytest.mark.parametrize("head", [BODY, HEADERS, CHUNKED], ids=["body", "headers", "chunked"])
@pytest.mark.parametrize("before", [0, 1], ids=["a new connection", "a connection used before"])
def test_a_peer_that_drips_is_left_at_the_deadline(client: httpx.Client, head: bytes, before: int) -> None:
    with raw_server(*[whole(b"ok")] * before, drip(head)) as server:
        for _ in range(before):
            assert bounded(client, "GET", server.url, 5, 1000)[0].content == b"ok"
        with pytest.raises(httpx.TimeoutException):
            bounded(client, "GET", server.url, 0.5, 10_000_000)
        assert server.connections == 1


def test_a_call_without_a_deadline_of_its_own_has_the_clients_time_outs(client: httpx.Client) -> None:
    with raw_server(whole(b"ok")) as server:
        assert client.get(server.url).content == b"ok"


def test_a_client_of_httpx_alone_would_wait_for_ever() -> None:
    """Why the transport is needed: the same peer, the same time-outs per read, and no end."""
    with raw_server(drip(BODY)) as server, httpx.Client(timeout=0.5) as plain, plain.stream("GET", server.url) as got:
        pieces = got.iter_raw()
        assert len([next(pieces) for _ in range(100)]) == 100, "2 s, four times the time-out"


def test_no_more_of_an_answer_is_kept_than_its_limit(client: httpx.Client) -> None:
    with raw_server(drip(BODY + b"y" * 70_000)) as server:
        answer, complete = bounded(client, "GET", server.url, 10, 64 * 1024)
    assert (answer.status_code, len(answer.content), complete) == (200, 64 * 1024, False)


def test_a_gzip_bomb_takes_no_memory(client: httpx.Client) -> None:
    bomb = gzip.compress(b"\0" * 200_000_000, 9)
    with raw_server(whole(bomb, "Content-Encoding: gzip")) as server:
        tracemalloc.start()
        try:
            answer, complete = bounded(client, "GET", server.url, 30, 64 * 1024)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert (len(answer.content), complete) == (64 * 1024, False)
    assert peak < 5_000_000, f"{peak / 1e6:.0f} MB"


def test_a_packed_answer_is_unpacked_and_other_packings_are_refused(client: httpx.Client) -> None:
    packed = whole(gzip.compress(b'{"a": 1}'), "Content-Encoding: gzip")
    with raw_server(packed, whole(b"zz", "Content-Encoding: br"), whole(b"zz", "Content-Encoding: gzip")) as server:
        assert bounded(client, "GET", server.url, 10, 1000)[0].json() == {"a": 1}
        for _ in range(2):
            with pytest.raises(httpx.DecodingError):
                bounded(client, "GET", server.url, 10, 1000)


def test_a_post_to_a_channel_has_both_limits(client: httpx.Client) -> None:
    post = HttpPost(client, lambda scope: "", bounded)
    with raw_server(drip(BODY + b"y" * 70_000)) as server:
        status, body, _ = post(Message("POST", server.url, {}, b"{}"))
    assert (status, len(body)) == (200, notifier.MAX_ANSWER)
    assert notifier.POST_TOTAL <= 15


def test_a_token_that_no_header_can_carry_is_no_crash(client: httpx.Client) -> None:
    post = HttpPost(client, lambda scope: "tökén", bounded)
    with raw_server(whole(b"ok")) as server, pytest.raises(Trouble):
        post(Message("POST", server.url, {}, b"{}", scope="https://x/.default"))
