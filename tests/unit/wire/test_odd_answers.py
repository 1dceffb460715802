"""Answers that http.client would take for something else, and calls of which no byte could be sent."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator

import pytest

from shared.wire.http import TOO_LARGE, Http, NoAnswer, NotSent, _Socket
from tests.kits.raw_server import Answer, at_once, raw_server, together, whole


@pytest.fixture
def http() -> Iterator[Http]:
    made = Http(ssl.create_default_context)
    yield made
    made.close()


def says(*pieces: bytes, ends: bool = False) -> Answer:
    """Exactly these bytes; `ends`: and no more."""

    def answer(connection: socket.socket, over: threading.Event) -> None:
        for piece in pieces:
            connection.sendall(piece)
        if ends:
            connection.shutdown(socket.SHUT_RDWR)

    return answer


def test_white_space_around_a_headers_value_is_no_part_of_it(http: Http) -> None:
    with raw_server(whole(b"", "Azure-AsyncOperation: \t https://a/b?c=1 \t ", "Retry-After: 30 ")) as server:
        headers = http.call("GET", server.url, {}, None, 5, 9).headers
    assert (headers["azure-asyncoperation"], headers["retry-after"]) == ("https://a/b?c=1", "30")


def test_a_hint_before_an_answer_is_never_taken_for_it_nor_the_answer_for_the_next_one(http: Http) -> None:
    late = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nA"
    with raw_server(says(b"HTTP/1.1 103 Early Hints\r\n\r\n", late), whole(b"B")) as server:
        with pytest.raises(NoAnswer, match="Informational"):
            http.call("GET", f"{server.url}/a", {}, None, 5, 9)
        assert http.call("GET", f"{server.url}/b", {}, None, 5, 9).body == b"B"
        assert server.connections == 2


def test_an_answer_with_a_line_that_ends_its_headers_too_soon_is_none(http: Http) -> None:
    broken = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nBad line\r\nAzure-AsyncOperation: https://a/b\r\n\r\n"
    with raw_server(says(broken)) as server, pytest.raises(NoAnswer, match="UnreadableHeaders") as caught:
        http.call("POST", server.url, {}, b"", 5, 9)
    assert caught.value.head is None


@pytest.mark.parametrize(
    ("sent", "head"),
    [
        (b"HTTP/1.1 200 OK\r\nX: a\r\r\nLocation: /o\r\nContent-Length: 2\r\n\r\n{}", False),
        (b"HTTP/1.1 202 OK\r\nTransfer-Encoding: chunked \r\n\r\n2\r\n{}\r\n0\r\n\r\n", True),
    ],
    ids=["a bare CR", "white space after chunked"],
)
def test_what_would_be_misread_is_no_answer_at_once(http: Http, sent: bytes, head: bool) -> None:
    with raw_server(says(sent)) as server, pytest.raises(NoAnswer, match="UnreadableHeaders") as caught:
        http.call("GET", server.url, {}, None, 5, 99)
    assert (caught.value.head is not None) is head


@pytest.mark.parametrize("kind", ["multipart/mixed; boundary=x", "message/rfc822", "text/plain"])
def test_an_answer_of_any_kind_is_read(http: Http, kind: str) -> None:
    with raw_server(whole(b"{}", f"Content-Type: {kind}", "X-A: b")) as server:
        answer = http.call("GET", server.url, {}, None, 5, 99)
    assert (answer.body, answer.headers["x-a"]) == (b"{}", "b")


def test_a_204_has_no_body_whatever_its_headers_say(http: Http) -> None:
    with raw_server(says(b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n")) as server:
        assert http.call("GET", server.url, {}, None, 5, 99).status == 204


def test_a_whole_answer_whose_peer_has_hung_up_is_taken_and_its_connection_is_not_kept(http: Http) -> None:
    ended = says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", ends=True)
    with raw_server(ended, whole(b"b")) as server:
        assert http.call("GET", server.url, {}, None, 5, 99).body == b"a"
        assert http._rest in ({}, {server.url: []})
        assert http.call("GET", server.url, {}, None, 5, 99).body == b"b"


@pytest.mark.parametrize(
    ("sent", "why", "status"),
    [
        (b"HTTP/1.1 202 Accepted\r\nX-A: b\r\nContent-Length: 9\r\n\r\n{", "IncompleteRead", 202),
        (b"HTTP/1.1 202 Accepted\r\nX-A: b\r\nContent-Length: 12\r\n\r\n123456789012", TOO_LARGE, 202),
        (b"HTTP/1.1 202 Accepted\r\nX-A: b", "HeadersCut", None),
        (b"HTTP/1.1 202 Accepted\r\nX-A: b\r\n", "HeadersCut", None),
        (b"HTTP/1.1 ", "BadStatusLine", None),
    ],
)
def test_of_an_answer_that_is_cut_its_head_is_told_where_that_came(
    http: Http, sent: bytes, why: str, status: int | None
) -> None:
    with raw_server(says(sent, ends=True)) as server, pytest.raises(NoAnswer) as caught:
        http.call("POST", server.url, {}, b"", 5, 9)
    head = caught.value.head
    assert str(caught.value) == why
    assert (head.status, head.headers["x-a"], head.body) == (status, "b", b"") if head else status is None


def no_authorities() -> ssl.SSLContext:
    raise FileNotFoundError("bundle")


@pytest.mark.parametrize(
    ("trusted", "url", "seconds"),
    [
        (no_authorities, "https://127.0.0.1:9/", 5.0),
        (ssl.create_default_context, "http://a..b/", 5.0),
        (ssl.create_default_context, f"http://{'a' * 64}.example/", 5.0),
        (ssl.create_default_context, "http://127.0.0.1:99999999/", 5.0),
        (ssl.create_default_context, "http://127.0.0.1:9/", -1.0),
    ],
    ids=["authorities", "an empty label", "a long label", "a port", "no time left"],
)
def test_what_stops_a_call_before_its_first_byte_is_not_sent(trusted: object, url: str, seconds: float) -> None:
    with pytest.raises(NotSent):
        Http(trusted).call("POST", url, {}, b"{}", seconds, 9)  # type: ignore[arg-type]


def test_a_call_whose_last_check_took_all_its_time_is_not_sent(http: Http) -> None:
    with raw_server(whole(b"ok")) as server:
        with pytest.raises(NotSent, match="NoTimeLeft"):
            http.call("POST", server.url, {}, b"{}", 0.05, 9, before=lambda: time.sleep(0.06))
        assert server.served == 0


def test_a_wait_that_begins_after_the_deadline_is_none() -> None:
    one, other = socket.socketpair()
    with one, other, pytest.raises(TimeoutError, match="deadline passed"):
        _Socket(one).sendall(b"x")


def test_no_more_connections_rest_than_may_and_that_is_said(caplog: pytest.LogCaptureFixture) -> None:
    caller = Http(ssl.create_default_context, kept=1)
    with raw_server(together(2)) as server:
        for _ in range(2):
            at_once(2, lambda: caller.call("GET", server.url, {}, None, 5, 9))
        assert server.connections == 3
        caller.close()
    assert caplog.text.count("a connection is closed: as many as may are at rest") == 2
