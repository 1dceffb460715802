"""An emulator that is killed carries on from its folder: what it had answered for is still there."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.kits.emulator_kit import API, FLEX, PG, as_files, instance_path, usable

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@contextmanager
def emulator(folder: Path, port: int, *arguments: str) -> Iterator[httpx.Client]:
    """A process, ended by SIGKILL."""
    line = [sys.executable, "-m", "local.emulator", "--state", str(folder), "--port", str(port), *arguments]
    with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own line
        assert process.stdout
        url = process.stdout.readline().split()[4]
        try:
            with httpx.Client(base_url=url, headers={"Authorization": "Bearer t"}, params={"api-version": API}) as http:
                http.get("/_emulator", timeout=10)
                yield http
        finally:
            os.kill(process.pid, signal.SIGKILL)


def test_a_killed_emulator_carries_on(tmp_path: Path) -> None:
    path = instance_path(FLEX, PG)
    with emulator(tmp_path, 0, "--speed", "1000") as first:
        points = first.get(f"{path}/recoveryPoints").json()["value"]
        body = as_files(next(each["name"] for each in points if usable(each)))
        first.post(
            "/_emulator/faults",
            json={"match": {"verb": "jobs", "times": 2}, "fault": {"kind": "status", "status": 500}},
        )
        jobs = f"{path.partition('/backupInstances')[0]}/backupJobs"
        assert first.get(jobs).status_code == 500
        accepted = first.post(f"{path}/restore", json=body, headers={"x-ms-client-request-id": "before-the-kill"})
        port = first.base_url.port
    assert accepted.status_code == 202
    with emulator(tmp_path, port or 0, "--speed", "1000") as second:
        url = accepted.headers["Azure-AsyncOperation"]
        bearer = {"Authorization": "Bearer t"}
        assert httpx.get(url, headers=bearer).json()["status"] == "Inprogress"
        job = httpx.get(url, headers=bearer).json()["properties"]["jobId"].rpartition("/")[2]
        assert second.get(jobs).status_code == 500
        listed = second.get(jobs).json()["value"]
        assert [each["name"] for each in listed if each["properties"]["activityID"] == "before-the-kill"] == [job]
        assert second.get(f"{path}/recoveryPoints").json()["value"] == points
        assert [call["verb"] for call in second.get("/_emulator/calls").json()][:3] == [
            "recoveryPoints",
            "jobs",
            "restore",
        ]
