"""What the desk's answers need to leave by a socket: a handler that sends one whole, and writes no log."""

from http.server import BaseHTTPRequestHandler

from shared.api.http import Answer


class Answering(BaseHTTPRequestHandler):
    """A subclass's `answer` decides on each call, and sends."""

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        raise NotImplementedError

    def body(self) -> bytes:
        """As many bytes as the caller announced."""
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def send(self, answer: Answer, content_type: str) -> None:
        self.send_response(answer.status)
        for name, text in {**answer.headers, "Content-Type": content_type}.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Silent."""
