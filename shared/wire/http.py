"""HTTP by the standard library: kept connections, one deadline for all of a call, a limit for its answer's size.

A worker's first answer waits for what it imports: the SDKs of storage and identity, and requests below them, take
200 CPU ms, httpx 45, and this a few.
"""

import io
import logging
import select
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from email.errors import MissingHeaderBodySeparatorDefect
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from threading import Lock
from urllib.parse import urlsplit

from shared.frozen import frozen

CONNECT = 5.0  # seconds of a call that a new connection may take
KEPT = 64  # connections at rest, one for each thread of a sweep: 16 workers, 16 channels, HTTP and the queues
OLDEST = 60.0  # seconds after which a connection at rest is closed
TOO_LARGE = "AnswerTooLarge"
NO_BODY = frozenset({204, 304})
log = logging.getLogger("desk")


class NotSent(Exception):
    """No connection: the service knows nothing of the call."""


class NoAnswer(Exception):
    """The call was sent, or a part of it, and no whole answer came in its time. `head`: the answer without its body,
    where all that stands before the body did come."""

    def __init__(self, why: str, head: "Answer | None" = None) -> None:
        super().__init__(why)
        self.head = head


@frozen
class Answer:
    """An answer, whatever its status; names of headers in lower case."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes


class _Socket:
    """What http.client uses of a socket; each wait ends at the call's deadline."""

    def __init__(self, inner: socket.socket) -> None:
        self.inner, self.end, self.readers, self.closed = inner, 0.0, 0, False
        self.ended = False  # the peer has hung up, and that was read

    def _wait(self) -> socket.socket:
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the call's deadline passed")
        self.inner.settimeout(left)
        return self.inner

    def sendall(self, data: bytes) -> None:
        self._wait().sendall(data)

    def receive_into(self, buffer: memoryview) -> int:
        count = self._wait().recv_into(buffer)
        self.ended = self.ended or not count
        return count

    def makefile(self, _: str) -> io.BufferedReader:
        self.readers += 1
        return io.BufferedReader(_Incoming(self))

    def close(self) -> None:
        """http.client closes the socket of an answer that ends with its connection, and then reads on."""
        self.closed = True
        if not self.readers:
            self.inner.close()


class _Incoming(io.RawIOBase):
    """What comes in on a socket."""

    def __init__(self, of: _Socket) -> None:
        self._of = of

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        return self._of.receive_into(buffer)

    def close(self) -> None:
        if not self.closed:
            self._of.readers -= 1
            if self._of.closed:
                self._of.close()
        super().close()


type Connection = tuple[HTTPConnection, _Socket]


def _exchanged(
    opened: Connection, method: str, target: str, body: bytes | None, headers: Mapping[str, str], most: int
) -> Answer:
    """The call sent and its answer read; NoAnswer."""
    head, (connection, wire) = None, opened
    try:
        connection.request(method, target, body, dict(headers))
        with connection.getresponse() as response:
            head = _head(response, wire.ended)
            if "transfer-encoding" in head.headers and not response.chunked:
                raise NoAnswer("UnreadableHeaders", head)  # http.client would take the chunks for the body
            content = b"" if head.status in NO_BODY else response.read(most + 1)
            if response.length and len(content) <= most:  # http.client raises for chunks alone
                raise IncompleteRead(content)
    except (OSError, HTTPException, ValueError) as error:
        raise NoAnswer(type(error).__name__, head) from error
    if len(content) > most:
        raise NoAnswer(TOO_LARGE, head)
    return replace(head, body=content)


def _head(response: HTTPResponse, cut: bool) -> Answer:
    """All of an answer but its body; NoAnswer where http.client takes something else for it. `cut`: it has ended, which
    http.client takes for the end of its headers."""
    if cut:
        raise NoAnswer("HeadersCut")
    if response.status < 200:  # another answer follows, which the next call would take for its own
        raise NoAnswer("Informational")
    rest = response.headers.get_payload()  # what the parser of mails takes for the mail, after a line that is no header
    broken = any(isinstance(defect, MissingHeaderBodySeparatorDefect) for defect in response.headers.defects)
    if broken or (isinstance(rest, str) and rest):
        raise NoAnswer("UnreadableHeaders")
    names = {name.lower(): value.strip(" \t") for name, value in response.headers.items()}
    return Answer(response.status, response.reason, names, b"")


def _clock() -> float:
    """Seconds that go on while the machine sleeps, where the system can tell."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Http:
    """Calls to any number of hosts. No proxy and no .netrc of the environment, no redirect is followed."""

    def __init__(self, trusted: Callable[[], ssl.SSLContext], kept: int = KEPT) -> None:
        """`trusted`: the TLS context, asked for with each new connection over TLS. `kept`: how many may be at rest."""
        self._trusted, self._kept, self._lock = trusted, kept, Lock()
        self._rest: dict[str, list[tuple[float, Connection]]] = {}

    def call(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        seconds: float,
        most: int,
        before: Callable[[], None] | None = None,
    ) -> Answer:
        """One call of `seconds` at the most, whose answer has `most` bytes at the most; NotSent, NoAnswer. `before` is
        called when all is ready for the first byte, and may raise; such a call has a connection of its own, for one
        that was kept may be dead."""
        if seconds <= 0:
            raise NotSent("NoTimeLeft")
        origin, end = "/".join(url.split("/", 3)[:3]), time.monotonic() + seconds
        kept = self._at_rest(origin) if before is None else None
        connection, wire = kept or self._opened(origin, min(CONNECT, seconds))
        wire.end = end
        try:
            if before is not None:
                before()
            if kept is None and time.monotonic() >= end:
                raise NotSent("NoTimeLeft")
            answer = _exchanged((connection, wire), method, url.removeprefix(origin), body, headers, most)
        except BaseException:
            connection.close()
            raise
        if before is not None or wire.ended:
            connection.close()
        elif connection.sock is not None:  # http.client closes it where the answer says so
            self._keep(origin, (connection, wire))
        return answer

    def _opened(self, origin: str, seconds: float) -> Connection:
        made: HTTPConnection | None = None
        try:
            parts = urlsplit(origin)
            where, port = parts.hostname or "", parts.port
            secure = parts.scheme == "https"
            made = HTTPSConnection(where, port, context=self._trusted()) if secure else HTTPConnection(where, port)
            made.timeout = seconds
            made.connect()
        except (OSError, HTTPException, ValueError) as error:
            if made:
                made.close()
            raise NotSent(type(error).__name__) from error
        wire = _Socket(made.sock)
        made.sock = wire
        return made, wire

    def _at_rest(self, origin: str) -> Connection | None:
        """The one used last, of those that the service did not close."""
        while True:
            with self._lock:
                rest = self._rest.get(origin)
                if not rest:
                    return None
                since, connection = rest.pop()
            waiting = select.poll()
            waiting.register(connection[1].inner, select.POLLIN)
            if _clock() - since < OLDEST and not waiting.poll(0):  # what comes unasked is its end
                return connection
            connection[0].close()

    def _keep(self, origin: str, connection: Connection) -> None:
        with self._lock:
            rest = self._rest.setdefault(origin, [])
            if len(rest) < self._kept:
                rest.append((_clock(), connection))
                return
        log.warning("a connection is closed: as many as may are at rest")
        connection[0].close()

    def close(self) -> None:
        """Closes what is at rest."""
        with self._lock:
            rest, self._rest = self._rest, {}
        for _, (connection, _) in (each for several in rest.values() for each in several):
            connection.close()

    __del__ = close
