"""What a dump's code reaches of the loader at the worst: as a program of the server's own user."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from loader.confined import MACHINES, filter_of
from loader.loaded import verify_loaded
from loader.programs import find
from loader.server import Server
from loader.sources import Folder
from loader.verdict import Outcome
from local.postgres.programs import programs
from tests.loader import traps
from tests.loader.kit import quiet

ROOT = Path(__file__).parents[2]
SECRET = "what-a-token-is-asked-with"
# An identity's endpoint gives a token to whoever sends its header. The attack tries it with the header that it finds,
# and with the right one too, as if it had found it.
ATTACK = r"""
secret=$1 port=$2 loader=$3
env | grep -q "$secret" && echo own environment
grep -lsqz "^IDENTITY_HEADER=$secret" /proc/[0-9]*/environ && echo environment
grep -q heap /proc/$loader/maps 2>/dev/null && echo memory
ls /proc/$loader/fd >/dev/null 2>&1 && echo files
{ exec 3<>/dev/tcp/127.0.0.1/$port; } 2>/dev/null || exit 0
printf 'GET / HTTP/1.0\r\nX-IDENTITY-HEADER: %s\r\n\r\n' "$secret" >&3
grep -q '^a-token' <&3 && echo token
exit 0
"""
ALL_OF_IT = ["environment", "memory", "files", "token"]
# The loader as it runs in its image: not root, and PostgreSQL under its own user. Or as root: PostgreSQL has another.
LOADER = """
import ctypes, os, subprocess, sys
from pathlib import Path
import psycopg
from loader.programs import described
from loader.server import Server
from loader.shielded import PR_SET_DUMPABLE, shield

bins, attack, port, user = sys.argv[1:]
line = ["bash", attack, os.environ["IDENTITY_HEADER"], port, str(os.getpid())]
programs = described(Path(bins))
try:
    psycopg.connect(host="/nowhere")  # imports what it needs while it may be read
except psycopg.OperationalError:
    pass
if int(user):
    os.setgroups([])
    os.setgid(int(user))
    os.setuid(int(user))
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # as of a program that was just started
open_to_all = subprocess.run(line, env={"PATH": os.defpath}, capture_output=True, text=True).stdout
shield()
with Server(programs) as server, server.connect() as connection:
    connection.execute("create table said (words text)")
    connection.execute(f"copy said from program '{' '.join(line)} 2>&1'")
    found = [words for (words,) in connection.execute("select words from said")]
print(open_to_all.split(), found)
"""


class _Endpoint(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        right = self.headers["X-IDENTITY-HEADER"] == SECRET
        self.send_response(200 if right else 401)
        self.end_headers()
        self.wfile.write(b"a-token\n" if right else b"no\n")

    def log_message(self, format: str, *given: object) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Endpoint) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user of this machine may read, with the attack and, for another user, PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="walls-", dir="/tmp") as made:
        folder = Path(made)
        folder.chmod(0o755)
        (folder / "attack").write_text(ATTACK)
        yield folder


def ran(place: Path, port: int, user: int) -> str:
    """What the attack got: before the walls were there, and from within the server."""
    bins = programs()[16].folder
    if user:
        bins = Path(shutil.copytree(bins.parent, place / "programs", symlinks=True)) / "bin"
    line = [sys.executable, "-c", LOADER, str(bins), str(place / "attack"), str(port), str(user)]
    environ = {"IDENTITY_HEADER": SECRET, "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    done = subprocess.run(line, env=environ, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has these walls")
def test_a_server_of_the_loaders_own_user_gets_nothing_of_its_identity(place: Path, port: int) -> None:
    assert ran(place, port, 65534 if os.getuid() == 0 else 0) == f"{ALL_OF_IT} []"


@pytest.mark.slow
@pytest.mark.skipif(os.getuid() != 0, reason="a server of another user takes root")
def test_a_server_of_another_user_gets_nothing_either(place: Path, port: int) -> None:
    assert ran(place, port, 0) == f"{ALL_OF_IT} []"


@pytest.mark.slow
def test_no_program_that_is_started_has_our_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each of PostgreSQL's programs writes down what it was given, over a whole verification."""
    monkeypatch.setenv("IDENTITY_HEADER", SECRET)
    with Server(programs()[16]) as source:
        file = traps.dumped(source, tmp_path, "create table t as select 1 as a;")
        file.with_name("x_schema.sql").write_bytes(source.run("pg_dumpall", "--schema-only"))
    given = traps.canary().parent
    bins = given / "programs" / "bin"
    bins.mkdir(parents=True)
    for name in ("pg_restore", "initdb", "postgres"):
        real = programs()[16].path(name)
        text = f'#!/bin/sh\necho "$*" > {given}/{name}.$$\nenv >> {given}/{name}.$$\nexec {real} "$@"\n'
        (bins / name).write_text(text)
        (bins / name).chmod(0o755)
    verdict = verify_loaded(Folder(tmp_path), [], [], find({"PG_BIN": str(bins)}), progress_of=quiet)
    assert (verdict.outcome, verdict.reason) == (Outcome.PASSED, "")
    texts = {path.name: path.read_text() for path in given.iterdir() if path.is_file()}
    lines = " ".join(text.splitlines()[0] for text in texts.values())
    for part in ("--version", "--data-only", "--schema-only", "--use-list", "--pwfile", "listen_addresses="):
        assert part in lines
    assert {name for name, text in texts.items() if SECRET in text} == set()


@pytest.mark.parametrize("name", MACHINES)
def test_each_jump_of_the_filter_ends_where_it_should(name: str) -> None:
    """A wrong one is found by the kernel only on its own machine."""
    machine = MACHINES[name]
    steps = filter_of(machine)

    def answer(architecture: int, number: int, family: int = 0) -> int:
        at, loaded, fields = 0, 0, {4: architecture, 0: number, 16: family}
        while True:
            code, yes, no, operand = steps[at]
            if code == 0x06:
                return operand
            if code == 0x20:
                loaded, skipped = fields[operand], 0
            else:
                skipped = yes if (loaded == operand if code == 0x15 else loaded >= operand) else no
            at += 1 + skipped

    allowed, refused = 0x7FFF0000, 0x00050001
    assert answer(machine.architecture, 0) == allowed
    assert answer(machine.architecture, machine.socket, 1) == allowed
    assert [answer(machine.architecture, machine.socket, family) for family in (0, 2, 10, 16, 40)] == [refused] * 5
    assert {answer(machine.architecture, number) for number in machine.refused} == {refused}
    assert answer(machine.architecture, machine.socket + 0x40000000, 1) == refused
    assert answer(0x40000003, 0) == refused
