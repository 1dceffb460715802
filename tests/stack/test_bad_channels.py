"""A channel that drips and one that sends a gzip bomb, on the whole stack: `DESK_BAD_CHANNELS=1 pytest` runs it."""

import gzip
import os
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from local.stack.stack import Options, Stack
from tests.kits.raw_server import Answer, raw_server, whole
from tests.kits.stack_kit import ask, ended, told

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("DESK_BAD_CHANNELS"), reason="takes minutes; DESK_BAD_CHANNELS=1 runs it"),
]
NAMES = ("pg-prod-01", "pg-prod-02", "geo-flex", "pg-stage-01")
BATCHES = 4
BOMB = gzip.compress(b"\0" * (200 * 2**20), 9)  # 200 MiB of zeros in 200 KiB
MIB = 2**20


def drips(connection: socket.socket, over: threading.Event) -> None:
    """One byte every five seconds."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not over.wait(5):
        connection.sendall(b"x")


def resident(stack: Stack) -> int:
    """Bytes of memory that the host and its children have."""
    process = stack.hosts[0].process
    assert process is not None
    kin = {process.pid}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, parent = int(status.parent.name), int(status.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if parent in kin:
            kin.add(pid)
    return sum(int((Path("/proc") / str(pid) / "statm").read_text().split()[1]) for pid in kin) * os.sysconf(
        "SC_PAGE_SIZE"
    )


def batch(stack: Stack) -> float:
    """Seconds until a restore of each instance is closed; its notices may still be on their way."""
    began = time.monotonic()
    restores = [ask(stack, instance=name) for name in NAMES]
    while not all(stack.http.get(f"/api/restores/{one}").json()["closed"] for one in restores):
        assert time.monotonic() - began < 240
        time.sleep(0.1)
    return time.monotonic() - began


@pytest.fixture
def raw() -> Iterator[Callable[[Answer], str]]:
    with ExitStack() as made:
        yield lambda answer: made.enter_context(raw_server(answer)).url


def test_restores_end_as_fast_and_memory_does_not_grow(
    raw: Callable[[Answer], str], request: pytest.FixtureRequest
) -> None:
    spoilt = {"SLACK_URL": raw(drips), "TEAMS_URL": raw(whole(BOMB, "Content-Encoding: gzip"))}
    with Stack(Options()) as good, Stack(Options(environ=spoilt)) as bad:
        batch(good), batch(bad)  # both are warm
        before = resident(bad)
        pairs = [(batch(good), batch(bad)) for _ in range(BATCHES)]
        grown = (resident(bad) - before) / MIB
        ratio = statistics.median(one for _, one in pairs) / statistics.median(one for one, _ in pairs)
        last = ask(bad)
        while not bad.http.get(f"/api/restores/{last}").json()["closed"]:
            time.sleep(0.1)
        time.sleep(2)
        view = bad.http.get(f"/api/restores/{last}").json()
        assert len(told(bad, view)) >= 2, "the other channel got its notices"
        assert ended(good, ask(good))["phase"] == "succeeded"
    words = f"with a dripping and a bombing channel: ratio {ratio:.2f}, memory {grown:+.1f} MiB"
    request.node.user_properties.append(("said", words))
    assert ratio <= 1.2, words
    assert grown < 50, words
