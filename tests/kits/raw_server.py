"""A server that answers as a test says, byte by byte: for peers that drip, pack bombs, or never end."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Answer = Callable[[socket.socket, threading.Event], None]


@dataclass
class RawServer:
    """`answers` answer the requests in their order, the last one again and again; `over` ends those that drip."""

    answers: list[Answer]
    url: str = ""
    connections: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    served: int = 0

    def serve(self, listening: socket.socket) -> None:
        while not self.over.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while _read_request(connection):
                answer = self.answers[min(self.served, len(self.answers) - 1)]
                self.served += 1
                answer(connection, self.over)


def _read_request(connection: socket.socket) -> bool:
    """Reads one request whole: its head and its body may come apart. False at the connection's end."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (piece := connection.recv(65536)):
            return False
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)^content-length: *([0-9]+)", head, re.MULTILINE)
    missing = int(length[1]) - len(body) if length else 0
    while missing > 0:
        if not (piece := connection.recv(65536)):
            return False
        missing -= len(piece)
    return True


def whole(body: bytes, *headers: str) -> Answer:
    """An answer at once."""

    def answer(connection: socket.socket, over: threading.Event) -> None:
        lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers]
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    return answer


def together(number: int) -> Answer:
    """An answer to each of so many calls once all of them are there."""
    barrier = threading.Barrier(number)

    def answer(connection: socket.socket, over: threading.Event) -> None:
        barrier.wait(10)
        whole(b"x")(connection, over)

    return answer


def at_once(number: int, call: Callable[[], object]) -> None:
    """So many calls, each from a thread of its own; returns when all have ended."""
    threads = [threading.Thread(target=call) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def drip(head: bytes) -> Answer:
    """`head`, then a byte every 20 ms without end: no single read ever waits for long."""

    def answer(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(head)
        while not over.wait(0.02):
            connection.sendall(b"x")

    return answer


@contextmanager
def raw_server(*answers: Answer) -> Iterator[RawServer]:
    """It listens for as long as the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made = RawServer(list(answers), f"http://127.0.0.1:{listening.getsockname()[1]}")
        threading.Thread(target=made.serve, args=(listening,), daemon=True).start()
        try:
            yield made
        finally:
            made.over.set()
