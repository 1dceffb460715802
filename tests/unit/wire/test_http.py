"""Plain HTTP over real sockets: deadlines, limits, kept connections; what is sent again."""

import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest

from local.emulator.gateway.tls import pair
from shared.wire.connection_string import table_service
from shared.wire.http import KEPT, Answer, Http, NoAnswer, NotSent
from shared.wire.service import WAITS, Service, Unanswered, bearer
from tests.kits.raw_server import at_once, drip, raw_server, together, whole

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n"


def http() -> Http:
    return Http(ssl.create_default_context)


def ends(connection: socket.socket, over: threading.Event) -> None:
    """An answer after which the peer hangs up without a word."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    connection.shutdown(socket.SHUT_RDWR)


def hangs_up(connection: socket.socket, over: threading.Event) -> None:
    connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX-Slow: ", HEAD + b"\r\n", HEAD.replace(b"99999", b"5")])
def test_a_peer_that_drips_is_left_at_the_deadline(head: bytes) -> None:
    with raw_server(drip(head)) as server, pytest.raises(NoAnswer, match="TimeoutError"):
        http().call("GET", f"{server.url}/", {}, None, 0.3, 10**6)


def test_an_answer_is_read_to_its_limit_and_no_further() -> None:
    with raw_server(whole(b"x" * 100)) as server:
        assert http().call("GET", f"{server.url}/a?b", {}, None, 5, 100).body == b"x" * 100
        with pytest.raises(NoAnswer, match="AnswerTooLarge"):
            http().call("GET", f"{server.url}/", {}, None, 5, 99)
    big = b"x" * 10**6
    with raw_server(whole(big, "Connection: close"), whole(big)) as server:
        for _ in range(2):
            assert http().call("GET", server.url, {}, None, 20, 10**6).body == big
    endless = b"HTTP/1.1 200 OK\r\n\r\n"
    with raw_server(drip(endless)) as server, pytest.raises(NoAnswer, match="AnswerTooLarge"):
        http().call("GET", f"{server.url}/", {}, None, 30, 3)


def cut_off(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(HEAD + b"\r\n{}")
    connection.shutdown(socket.SHUT_RDWR)


def test_half_an_answer_is_none() -> None:
    with raw_server(cut_off) as server, pytest.raises(NoAnswer, match="IncompleteRead"):
        http().call("GET", f"{server.url}/", {}, None, 5, 10**6)


def test_a_token_goes_over_https_only() -> None:
    with raw_server(whole(b"{}")) as server:
        service = Service(http(), server.url, "v", bearer(lambda scope: "a-token"))
        with pytest.raises(Unanswered, match="https only"):
            service.call("GET", "/x")
        assert server.served == 0


def test_a_connection_serves_again_until_its_peer_ends_it() -> None:
    caller = http()
    with raw_server(whole(b"a", "ETag: x"), whole(b"b"), ends, whole(b"c"), whole(b"d", "Connection: close")) as server:
        for n in range(6):
            answer = caller.call("POST", f"{server.url}/", {}, b"body", 5, 100)
            assert answer.status == 200
            if n == 2:
                _wait_for_the_end(caller)
        assert server.connections == 3  # one for three calls, one for two, one more
        caller.close()
        caller.call("GET", f"{server.url}/", {}, None, 5, 100)
        assert server.connections == 4


def _wait_for_the_end(caller: Http) -> None:
    """Until the peer's hanging up has come over."""
    ((_, (_, wire)),) = next(iter(caller._rest.values()))
    wire.inner.settimeout(5)
    wire.inner.recv(1, socket.MSG_PEEK)


def test_as_many_connections_rest_as_a_sweep_has_threads() -> None:
    assert KEPT >= 16 + 16 + 16
    caller = http()
    with raw_server(together(3)) as server:
        for _ in range(2):
            at_once(3, lambda: caller.call("GET", server.url, {}, None, 5, 9))
        assert server.connections == 3
        caller.close()


def test_who_is_not_there_or_not_trusted_was_sent_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(NotSent, match="ConnectionRefusedError"):
        http().call("GET", f"http://127.0.0.1:{port}/", {}, None, 5, 9)
    certificate, key = pair(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=certificate)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_over_tls, args=(listening, context), daemon=True).start()
        url = f"https://127.0.0.1:{listening.getsockname()[1]}/"
        with pytest.raises(NotSent, match="SSLCertVerificationError"):
            http().call("GET", url, {}, None, 5, 9)
        assert Http(lambda: trusting).call("GET", url, {}, None, 5, 9).body == b"ok"


def _over_tls(listening: socket.socket, context: ssl.SSLContext) -> None:
    for _ in range(2):
        with suppress(OSError), context.wrap_socket(listening.accept()[0], server_side=True) as connection:
            connection.recv(65536)
            whole(b"ok")(connection, threading.Event())


# --- what is sent again ----------------------------------------------------------------------------------------------
class Planned:
    """Answers as planned."""

    def __init__(self, *answers: int | Exception, **headers: str) -> None:
        self.answers, self.headers, self.calls = list(answers), headers, 0
        self.seconds: list[float] = []

    def call(self, method: str, url: str, headers: Mapping[str, str], body: Any, seconds: float, most: int) -> Answer:
        answer = self.answers[min(self.calls, len(self.answers) - 1)]
        self.calls += 1
        self.seconds.append(seconds)
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer, "", {name.replace("_", "-"): value for name, value in self.headers.items()}, b"")


def tried(method: str, planned: Planned, **more: Any) -> tuple[int | str, list[float]]:
    slept: list[float] = []
    service = Service(cast("Http", planned), "https://a.example", "v", sleep=slept.append, **more)
    try:
        return service.call(method, "/x").status, slept
    except Unanswered as error:
        return str(error), slept


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_status_that_passes_is_tried_four_times(status: int) -> None:
    for method in ("GET", "PUT"):
        assert tried(method, Planned(status)) == (status, list(WAITS))
        assert tried(method, Planned(status, 200)) == (200, [0.0])
    again = status in (429, 500, 503, 504)
    for method in ("POST", "PATCH", "DELETE"):
        assert tried(method, Planned(status)) == (status, list(WAITS) if again else [])
    assert tried("GET", Planned(404)) == (404, [])


def test_a_write_that_was_sent_is_not_sent_again_and_one_that_was_not_is() -> None:
    for method in ("POST", "PATCH", "DELETE"):
        assert tried(method, Planned(NoAnswer("x"))) == ("x", [])
        assert tried(method, Planned(NotSent("y"), 204)) == (204, [0.0])
    for method in ("GET", "PUT"):
        assert tried(method, Planned(NoAnswer("x"), 204)) == (204, [0.0])
        assert tried(method, Planned(NoAnswer("x"))) == ("x", list(WAITS))


def test_all_tries_have_one_deadline() -> None:
    assert tried("GET", Planned(503, 200, retry_after="7")) == (200, [7.0])
    assert tried("GET", Planned(503, 200, retry_after="soon")) == (200, [0.0])
    assert tried("GET", Planned(503, 200, retry_after="60")) == (503, [])
    assert tried("GET", Planned(NoAnswer("x")), total=1.0) == ("x", [0.0])
    planned = Planned(200)
    tried("GET", planned, total=3.0)
    assert planned.seconds[0] <= 3.0


def test_a_signature_is_no_part_of_what_is_shown() -> None:
    sas = "SharedAccessSignature=sig=sesame;TableEndpoint=https://desk.example"
    service = table_service(Http(ssl.create_default_context), sas)
    assert service.sas == "sig=sesame"
    assert "sesame" not in repr(service)
