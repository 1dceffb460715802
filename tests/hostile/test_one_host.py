"""Any string as a link in Azure's answers: the only host that ever sees an Authorization header is the endpoint's."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskctl.arm_reader import Absent, ArmReader, Hidden
from shared.azure.arm_calls import ArmCalls
from shared.azure.arm_client import ArmClient
from shared.azure.data_protection import DataProtection
from shared.azure.one_host import Link, link_on
from shared.azure.port import Gone, Rejected
from shared.domain.problems import Trouble
from shared.wire.http import Http
from shared.wire.trust import trusted

VAULT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.DataProtection/backupVaults/v"
TRIES = 5_000


@dataclass
class Listener:
    """A real socket that answers each GET as `answer` says, and remembers every Authorization header."""

    answer: Callable[[str], tuple[int, dict[str, str], str]]
    seen: list[str] = field(default_factory=list)
    port: int = 0


@contextmanager
def listening(answer: Callable[[str], tuple[int, dict[str, str], str]]) -> Iterator[Listener]:
    listener = Listener(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet an answer: two would wait 40 ms for each other

        def do_GET(self) -> None:
            listener.seen.append(self.headers.get("authorization") or "")
            status, headers, text = listener.answer(self.path)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(text.encode()))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Both:
    """ARM, whose lists point wherever `link` says, and another listener on this machine."""

    arm: Listener
    other: Listener
    link: str = ""


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    holder: list[Both] = []

    def paged(path: str) -> tuple[int, dict[str, str], str]:
        if path.split("?")[0].endswith("/backupInstances"):
            return 200, {}, json.dumps({"value": [], "nextLink": holder[0].link})
        return 200, {}, '{"value": [], "status": "Succeeded"}'

    with listening(paged) as arm, listening(lambda path: (200, {}, '{"value": []}')) as other:
        holder.append(Both(arm, other))
        yield holder[0]


def links() -> st.SearchStrategy[str]:
    """Anything, and what looks most like a link: OTHER and ARM stand for the two listeners' hosts and ports."""
    slashes = st.sampled_from(["//", "/", "", "///", "\\\\", "/\\", "//\t", "/%2f"])
    scheme = st.sampled_from(["", "http:", "HTTP:", "https:", "hTTps:", " http:", "ftp:", "\thttp:", "http:http:"])
    user = st.sampled_from(["", "ARM@", "a:b@", "ARM%40", "ARM\\@", "ARM#@", "ARM?@"])
    host = st.sampled_from(["OTHER", "ARM", "OTHER#ARM", "ARM.OTHER", "[::1]", "[::1", "localhost:OTHERPORT"])
    port = st.sampled_from(["", ":OTHERPORT", ":", ":99999999", ":x"])
    tail = st.text(max_size=12) | st.sampled_from(["/steal", "/..//OTHER/x", "?next", "#x"])
    built = st.builds(lambda *parts: "".join(parts), scheme, slashes, user, host, port, tail)
    return built | st.text(max_size=40)


def placed(link: str, both: Both) -> str:
    named = link.replace("OTHERPORT", str(both.other.port)).replace("OTHER", f"127.0.0.1:{both.other.port}")
    return named.replace("ARM", f"127.0.0.1:{both.arm.port}")


@pytest.fixture(scope="module")
def arm(both: Both) -> Iterator[ArmClient]:
    http = Http(trusted)
    yield ArmClient(http, f"http://127.0.0.1:{both.arm.port}", lambda: "the-token")
    http.close()


@settings(max_examples=TRIES, deadline=None)
@given(link=links())
def test_no_link_takes_the_token_elsewhere(link: str, both: Both, arm: ArmClient) -> None:
    both.link = placed(link, both)
    azure = DataProtection(ArmCalls(arm, "2024-04-01", 6), lambda: "the-token")
    with suppress(Trouble, Rejected):
        list(azure.instances(VAULT))
    with suppress(Trouble, Rejected, Gone):
        azure.operation(both.link, "operation")
    assert both.other.seen == []
    assert set(both.arm.seen) == {"Bearer the-token"}


@settings(max_examples=60, deadline=None)
@given(link=links())
def test_nor_from_the_desk_of_a_person(link: str, both: Both) -> None:
    both.link = placed(link, both)
    with ArmReader(f"http://127.0.0.1:{both.arm.port}") as reader, suppress(Absent, Hidden):
        list(reader.pages(f"{VAULT}/backupInstances"))
    assert both.other.seen == []


def test_the_links_of_the_review_are_refused() -> None:
    arm = "https://management.azure.com"
    whole = ("https://management.azure.com:8443/x", "http://management.azure.com/x", "https://a@management.azure.com/x")
    for link in (
        "//other/steal",
        "HTTPS://other/steal",
        *whole,
        "https://management.azure.com.other/x",
        "https://[::1",
    ):
        assert link_on(arm, link) is None, link
    same = ("HTTPS://Management.Azure.com:443/x", "/x", "//management.azure.com/x")
    assert {link_on(arm, link) for link in same} == {Link("https://management.azure.com/x")}


def test_the_client_itself_refuses_another_host_and_redirects(both: Both, arm: ArmClient) -> None:
    before = len(both.other.seen)
    for link in (
        Link(f"http://127.0.0.1:{both.other.port}/steal"),
        Link(f"{arm.endpoint}@127.0.0.1:{both.other.port}/"),
    ):
        with pytest.raises(Trouble, match="another host"):
            arm.call("GET", link, None, {}, 5, 100)
    with listening(lambda path: (302, {"Location": f"http://127.0.0.1:{both.other.port}/"}, "")) as redirecting:
        there = replace(arm, endpoint=f"http://127.0.0.1:{redirecting.port}")
        with pytest.raises(Trouble, match="redirect"):
            DataProtection(ArmCalls(there, "2024-04-01", 6), lambda: "x").datasource(f"{VAULT}/backupInstances/i")
    assert len(both.other.seen) == before
