"""Sockets for attacks: a thief that remembers who calls it, and an ARM whose answers lead wherever a test says."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

LINKS = ("location", "azure-asyncoperation", "operation-location")
DROPPED = ("content-length", "transfer-encoding", "connection", "date", "server", "content-encoding")


class _Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Silent."""

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def reply(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in [*headers, ("Content-Length", str(len(body)))]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@dataclass
class Thief:
    """Whoever calls it is written down, with what it brought."""

    port: int = 0
    seen: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass
class CrookedArm:
    """Passes calls on to `upstream`. While `link` is set its answers lead there: next pages, operations, redirects."""

    upstream: str = ""
    port: int = 0
    link: str | None = None
    redirect: bool = False
    spoilt: int = 0
    authorized: set[str] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def _serving(handler: type[_Quiet]) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def a_thief() -> Iterator[Thief]:
    thief = Thief()

    class Handler(_Quiet):
        def do_GET(self) -> None:
            self.body()
            thief.seen.append({"path": self.path, **{name.lower(): text for name, text in self.headers.items()}})
            self.reply(200, [], b'{"value": [], "status": "Succeeded"}')

        def do_POST(self) -> None:
            self.do_GET()

        do_PUT = do_PATCH = do_POST  # noqa: N815 - the base class's names

    with _serving(Handler) as thief.port:
        yield thief


@contextmanager
def a_crooked_arm() -> Iterator[CrookedArm]:
    arm = CrookedArm()
    http = httpx.Client(timeout=30, trust_env=False)

    class Handler(_Quiet):
        def do_GET(self) -> None:
            body = self.body()
            if not arm.upstream:
                return self.reply(503, [], b"")
            arm.authorized.add(self.headers.get("authorization") or "")
            link = arm.link
            if link and arm.redirect:
                arm.spoilt += 1
                return self.reply(307, [("Location", link)], b"")
            sent = {name: text for name, text in self.headers.items() if name.lower() != "host"}
            answer = http.request(self.command, arm.upstream + self.path, content=body, headers=sent)
            return self.reply(answer.status_code, *_spoilt(arm, link, answer))

        def do_POST(self) -> None:
            self.do_GET()

        do_PUT = do_DELETE = do_POST  # noqa: N815 - the base class's names

    with http, _serving(Handler) as arm.port:
        yield arm


def _spoilt(arm: CrookedArm, link: str | None, answer: httpx.Response) -> tuple[list[tuple[str, str]], bytes]:
    headers, body = [(n, t) for n, t in answer.headers.multi_items() if n.lower() not in DROPPED], answer.content
    headers.append(("Date", answer.headers["date"]))
    if link is None:
        return [(n, t.replace(arm.upstream, arm.url)) for n, t in headers], body
    for at, (name, _) in enumerate(headers):
        if name.lower() in LINKS:
            headers[at], arm.spoilt = (name, link), arm.spoilt + 1
    if b'"value"' in body and isinstance(said := json.loads(body), dict) and isinstance(said.get("value"), list):
        body, arm.spoilt = json.dumps({**said, "nextLink": link}).encode(), arm.spoilt + 1
    return headers, body
