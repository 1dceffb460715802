"""Azurite starts, keeps what it acknowledged, freezes on demand and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueClient

from local.setup.node import ROOT
from local.stack.azurite import ACCOUNT, TARGETS, Azurite, AzuriteError, Ports, command, environment


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def alive(pid: int) -> bool:
    """A zombie is dead: nobody reaped it yet."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def until(true: Callable[[], bool], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


def test_queue_and_table_work_with_the_apps_own_clients(azurite: Azurite) -> None:
    with QueueClient.from_connection_string(azurite.connection_string, "works") as queue:
        queue.create_queue()
        queue.send_message("hello")
        assert [message.content for message in queue.receive_messages()] == ["hello"]
    with TableServiceClient.from_connection_string(azurite.connection_string) as tables:
        table = tables.create_table("works")
        table.upsert_entity({"PartitionKey": "p", "RowKey": "r", "text": "hello"})
        assert table.get_entity("p", "r")["text"] == "hello"


def test_only_the_key_of_this_run_is_accepted(azurite: Azurite) -> None:
    other = azurite.connection_string.replace(azurite.key, Azurite(Path("unused")).key)
    with QueueClient.from_connection_string(other, "works") as queue, pytest.raises(ClientAuthenticationError):
        queue.create_queue()


def test_a_stop_keeps_the_data_and_a_start_finds_it_at_the_same_place(tmp_path: Path) -> None:
    azurite = Azurite(tmp_path).start()
    ports, connection = azurite.ports, azurite.connection_string
    with TableServiceClient.from_connection_string(connection) as tables:
        tables.create_table("kept").upsert_entity({"PartitionKey": "p", "RowKey": "r"})
    azurite.stop()
    assert not any(answers(port) for port in (ports.queue, ports.table, ports.blob))
    with azurite, TableServiceClient.from_connection_string(connection) as tables:
        assert azurite.connection_string == connection
        assert tables.get_table_client("kept").get_entity("p", "r")["RowKey"] == "r"


def test_a_paused_azurite_accepts_and_never_answers_until_it_is_resumed(tmp_path: Path) -> None:
    with Azurite(tmp_path, in_memory=True) as azurite:
        with QueueClient.from_connection_string(azurite.connection_string, "frozen") as queue:
            queue.create_queue()
        azurite.pause()
        with socket.create_connection(("127.0.0.1", azurite.ports.queue), timeout=5) as request:
            request.sendall(b"GET /devstoreaccount1?comp=list HTTP/1.0\r\n\r\n")
            request.settimeout(0.3)
            with pytest.raises(TimeoutError):
                request.recv(1)
            azurite.resume()
            request.settimeout(30)
            assert request.recv(8) == b"HTTP/1.1"


@pytest.mark.parametrize("paused", [False, True])
def test_it_ends_when_whoever_started_it_is_killed(tmp_path: Path, paused: bool) -> None:
    program = (
        "import sys, time, pathlib; from local.stack.azurite import Azurite\n"
        f"azurite = Azurite(pathlib.Path({str(tmp_path)!r})).start()\n"
        f"azurite.pause() if {paused} else None\n"
        "print(azurite.pid, azurite.ports.table, flush=True); time.sleep(600)\n"
    )
    line = [sys.executable, "-c", program]
    with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:  # noqa: S603 - our own words
        assert parent.stdout is not None
        pid, port = map(int, parent.stdout.readline().split())
        assert alive(pid)
        parent.send_signal(signal.SIGKILL)
    assert until(lambda: not alive(pid) and not answers(port))  # its threads give the port back a moment later


def test_a_taken_port_is_said_with_the_words_of_azurite(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        azurite = Azurite(tmp_path, ports=Ports(table=port))
        with pytest.raises(AzuriteError, match=f"EADDRINUSE.*{port}"):
            azurite.start()
    with pytest.raises(AzuriteError, match="not running"):
        _ = azurite.pid


def test_in_memory_and_a_folder_exclude_each_other_on_the_command_line(tmp_path: Path) -> None:
    on_disk = command(Path("node"), Ports(queue=7), tmp_path)
    assert on_disk[on_disk.index("--location") + 1] == str(tmp_path)
    assert "--inMemoryPersistence" not in on_disk
    assert on_disk[on_disk.index("--queuePort") + 1] == "7"
    assert "--location" not in command(Path("node"), Ports(), None)


def test_nothing_inherited_reaches_azurite_but_what_node_needs() -> None:
    inherited = {"PATH": "/bin", "NODE_OPTIONS": "--inspect", "AZURITE_ACCOUNTS": "a:b", "AzureWebJobsStorage": "x"}
    accounts = ";".join(f"{name}:k" for name in (ACCOUNT, *TARGETS))
    assert environment(inherited, ACCOUNT, "k") == {"PATH": "/bin", "AZURITE_ACCOUNTS": accounts}
