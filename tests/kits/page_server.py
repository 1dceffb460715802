"""The page of a world of fakes behind a port, for one person: what App Service does with headers, and no more."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from shared.api.http import Answer, Call, answered
from shared.pages.site import Site
from tests.kits.page_kit import Browser


class PageServer:
    """`with PageServer(browser) as page: … page.url`."""

    def __init__(self, browser: Browser) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(browser.site, browser.header))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(site: Site, person: str) -> type[BaseHTTPRequestHandler]:
    class Served(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(False)

        def do_POST(self) -> None:
            self._answer(True)

        def _answer(self, acts: bool) -> None:
            parts = urlsplit(self.path)
            if not f"{parts.path}/".startswith("/desk/"):
                return self._send(Answer(404, b""))
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): text for name, text in self.headers.items()} | {"x-ms-client-principal": person}
            path = unquote(parts.path.removeprefix("/desk").strip("/"))
            call = Call({"path": path}, dict(parse_qsl(parts.query)), headers, body)
            return self._send(answered(site.act if acts else site.show, call))

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, text in {**answer.headers, "Content-Type": f"{answer.content_type}; charset=utf-8"}.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Silent."""

    return Served
