"""The contract holds under fire: schemathesis, all checks, over the app's HTTP functions on Microsoft's runtime."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueClient

from local.emulator import Emulator, Options
from local.host.process import ROOT, HostProcess, Launch
from local.stack.azurite import Azurite
from shared.api.routes import ROUTES
from shared.config.settings import QUEUE, TABLE
from tests.kits.sink_kit import sink

KEY = "the-master-key-of-this-run"
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "10")
SEED = os.environ.get("SCHEMATHESIS_SEED", "7")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[HostProcess]:
    """The app's HTTP functions, with storage of their own and the emulator as ARM."""
    with (
        Azurite(tmp_path / "azurite", in_memory=True) as storage,
        Emulator(Options(state=tmp_path / "arm")) as arm,
        sink() as channel,
    ):
        TableServiceClient.from_connection_string(storage.connection_string).create_table(TABLE)
        QueueClient.from_connection_string(storage.connection_string, QUEUE).create_queue()
        values = {
            "AzureWebJobsStorage": storage.connection_string,
            "ARM_ENDPOINT": arm.url,
            "DESK_CONFIG": "samples/desk.toml",
            "SWEEP_SCHEDULE": "0 0 0 1 1 *",
            "DESK_WEBHOOK_URL": f"{channel}/good",
            "JIRA_SECRET": "the-secret-of-a-ticket-system",
            "DESK_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        }
        only = tuple(route.name for route in ROUTES)
        with HostProcess(Launch(ROOT, tmp_path / "host", values, KEY, only=only)) as host:
            yield host


@pytest.mark.slow
def test_schemathesis_finds_nothing(desk: HostProcess, tmp_path: Path) -> None:
    line = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(ROOT / "schemathesis.toml"), "run"]
    line += [f"{desk.url}/api/openapi.json", "--header", f"x-functions-key: {KEY}", "--checks", "all"]
    line += ["--exclude-checks", "unsupported_method"]  # schemathesis.toml says why
    line += ["--max-examples", EXAMPLES, "--seed", SEED, "--generation-database", "none", "--continue-on-failure"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=500)  # noqa: S603
    assert done.returncode == 0, done.stdout[-15000:] + done.stderr + desk.last_words()
    operations = len(ROUTES) - 1  # all but the document itself
    assert f"Tested: {operations}" in done.stdout, done.stdout[-5000:]
