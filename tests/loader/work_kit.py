"""The desk's side of the loader's queues, and the loader as a program."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

from azure.core.exceptions import AzureError
from azure.storage.queue import QueueClient

from loader.messages import Answer, Load
from loader.programs import Programs
from loader.queues import Queues
from loader.verdict import Level, Verdict, judge
from local.postgres.programs import pg_bin
from local.stack.azurite import Azurite


class Desk:
    """The desk's side of both queues."""

    def __init__(self, azurite: Azurite, hidden: int = 30) -> None:
        name = secrets.token_hex(5)
        self.loads = QueueClient.from_connection_string(azurite.connection_string, f"loads{name}")
        self.verdicts = QueueClient.from_connection_string(azurite.connection_string, f"verdicts{name}")
        self.loads.create_queue()
        self.queues = Queues(self.loads, self.verdicts, hidden)

    def ask(self, container: str = "https://a.blob.core.windows.net/c", **more: Any) -> str:
        nonce = secrets.token_hex(8)
        asked = {"verification": "v1", "number": 1, "nonce": nonce, "container": container, "level": "decoded"}
        self.loads.send_message(json.dumps({**asked, **more}))
        return nonce

    def answers(self) -> list[Answer]:
        return [Answer.read(message.content) for message in self.verdicts.receive_messages()]

    def waiting(self) -> int:
        """Loads that are in the queue, hidden or not."""
        return int(self.loads.get_queue_properties().approximate_message_count or 0)


def passes(load: Load) -> Verdict:
    return judge(Level(load.level), [], [], [], 0.1)


class Program:
    """`python -m loader work` as a process, on the real queues' names."""

    def __init__(self, azurite: Azurite, bins: str = "") -> None:
        storage = azurite.connection_string
        self.environ = {**os.environ, "AzureWebJobsStorage": storage, "AZURE_STORAGE_CONNECTION_STRING": storage}
        self.environ["PG_BIN"] = bins or pg_bin()
        self.desk = Desk(azurite)
        self.desk.loads = QueueClient.from_connection_string(storage, "restore-loads")
        self.desk.verdicts = QueueClient.from_connection_string(storage, "restore-verdicts")
        for queue in (self.desk.loads, self.desk.verdicts):
            try:
                queue.create_queue()
            except AzureError:
                queue.clear_messages()

    def run(self) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "loader", "work", "--once"]
        return subprocess.run(line, env=self.environ, capture_output=True, text=True, check=False)  # noqa: S603

    def start(self) -> subprocess.Popen[str]:
        line = [sys.executable, "-m", "loader", "work"]
        return subprocess.Popen(line, env=self.environ, stderr=subprocess.PIPE, text=True)  # noqa: S603


def never_ends(client: Programs, folder: Path) -> Path:
    """A pg_restore that knows its version and reads nothing: its load is in hand whenever the loader is stopped."""
    program = folder / "pg_restore"
    real = client.path("pg_restore")
    program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && exec {real} --version\nexec sleep 600\n')
    program.chmod(0o755)
    return folder
