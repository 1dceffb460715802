"""Throwaway servers: a password is asked for, and nothing outlives whoever started one."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from local.postgres.programs import programs
from local.postgres.server import Server

pytestmark = pytest.mark.slow
STARTS_ONE = """
from local.postgres.programs import programs
from local.postgres.server import Server
import time
print(Server(programs()[16]).start().folder, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("major", [16, 18])
def test_a_server_takes_its_superuser_with_the_password_only(major: int) -> None:
    with Server(programs()[major]) as server:
        with server.connect() as connection:
            assert connection.execute("select current_user").fetchone() == ("azuresu",)
            assert str(connection.info.server_version).startswith(str(major))
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            server.connect(user="azuresu", password="wrong")
    assert not server.folder.exists()


def test_it_ends_and_leaves_nothing_when_its_owner_is_killed() -> None:
    line = [sys.executable, "-c", STARTS_ONE]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as owner:  # noqa: S603
        assert owner.stdout
        folder = Path(owner.stdout.readline().strip())
        server = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(owner.pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)
