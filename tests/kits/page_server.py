"""The page of a world of fakes behind a port, for one person: what App Service does with headers, and no more."""

import threading
from http.server import ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from shared.api.http import Answer, Call, answered
from shared.pages.site import Site
from tests.kits.answering import Answering
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


def _handler(site: Site, person: str) -> type[Answering]:
    class Served(Answering):
        def answer(self) -> None:
            parts = urlsplit(self.path)
            if not f"{parts.path}/".startswith("/desk/"):
                return self._send(Answer(404, b""))
            body = self.body()
            headers = {name.lower(): text for name, text in self.headers.items()} | {"x-ms-client-principal": person}
            path = unquote(parts.path.removeprefix("/desk").strip("/"))
            call = Call({"path": path}, dict(parse_qsl(parts.query)), headers, body)
            return self._send(answered(site.act if self.command == "POST" else site.show, call))

        def _send(self, answer: Answer) -> None:
            self.send(answer, f"{answer.content_type}; charset=utf-8")

    return Served
