"""Knows how Azurite (queue and table storage) is started, paused and stopped, and that it never outlives us."""

import base64
import os
import re
import secrets
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from local.setup.node import AZURITE_JS, NPM_FOLDER, OLDEST_NODE, ROOT, find_node

TARGETS = ("drillstore", "testossstorageaccount")  # accounts that restores go to; they share the run's key
ACCOUNT = "devstoreaccount1"  # the name clients expect of a local account; the key is made for each run
GUARD = NPM_FOLDER / "until_parent_ends.cjs"
KEYED = NPM_FOLDER / "keyed_tables.cjs"
LISTENING = re.compile(r"Azurite (Blob|Queue|Table) service is successfully listening at https?://127\.0\.0\.1:(\d+)")
SERVICES = ("blob", "queue", "table")  # one process, one pid; its command has no switch to leave blobs out
START_SECONDS = 60.0
STOP_SECONDS = 10.0


class AzuriteError(RuntimeError):
    """Azurite is missing or did not start; the message says what to do."""


@dataclass(frozen=True)
class Ports:
    """Where the services listen on 127.0.0.1; 0 lets the system choose, which no other program can take meanwhile."""

    blob: int = 0
    queue: int = 0
    table: int = 0


@dataclass(frozen=True)
class Certificate:
    """With it Azurite speaks TLS only and takes tokens of Entra too: it reads their claims and checks no signature."""

    file: Path
    key: Path


def command(
    node: Path, ports: Ports, folder: Path | None, tls: Certificate | None = None, keyed: bool = False
) -> list[str]:
    """The command line; without a folder all is kept in memory."""
    chosen = {"blob": ports.blob, "queue": ports.queue, "table": ports.table}
    line = [str(node), "--require", str(GUARD), *(["--require", str(KEYED)] if keyed else [])]
    line += [str(AZURITE_JS), "--silent", "--disableTelemetry"]
    line += ["--skipApiVersionCheck"]  # azure-storage-queue speaks newer versions than Azurite knows
    for service in SERVICES:
        # Azurite hangs up after 5 idle seconds; a request sent at that very moment waits for its client's retry.
        line += [f"--{service}Host", "127.0.0.1", f"--{service}Port", str(chosen[service])]
        line += [f"--{service}KeepAliveTimeout", "300"]
    line += ["--oauth", "basic", "--cert", str(tls.file), "--key", str(tls.key)] if tls else []
    return [*line, *(["--location", str(folder)] if folder else ["--inMemoryPersistence"])]


def environment(inherited: Mapping[str, str], account: str, key: str) -> dict[str, str]:
    """Only what node needs: NODE_OPTIONS or storage settings of the person at the keyboard change nothing."""
    needed = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "LANG")
    return {
        **{name: inherited[name] for name in needed if name in inherited},
        "AZURITE_ACCOUNTS": ";".join(f"{name}:{key}" for name in (account, *TARGETS)),
    }


class Azurite:
    """One Azurite process. `home` takes its log and, unless `in_memory`, its data, which a later run finds again.
    `keyed`: a row or a range of a table costs the same however much the table holds, as in Azure."""

    def __init__(
        self,
        home: Path,
        *,
        in_memory: bool = False,
        ports: Ports | None = None,
        tls: Certificate | None = None,
        keyed: bool = False,
    ) -> None:
        self.ports, self._tls, self._keyed = ports or Ports(), tls, keyed
        self.key = base64.b64encode(secrets.token_bytes(64)).decode()
        self.log = home / "azurite.log"
        self._folder = None if in_memory else home / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._waker: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        if self._process is None:
            raise AzuriteError("Azurite is not running: call start() first")
        return self._process.pid

    @property
    def _scheme(self) -> str:
        return "https" if self._tls else "http"

    @property
    def blob_url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.ports.blob}/{ACCOUNT}"

    @property
    def blob_endpoint(self) -> str:
        """Without an account: the name of one follows."""
        return f"{self._scheme}://127.0.0.1:{self.ports.blob}"

    @property
    def queue_url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.ports.queue}/{ACCOUNT}"

    @property
    def table_url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.ports.table}/{ACCOUNT}"

    @property
    def connection_string(self) -> str:
        return (
            f"DefaultEndpointsProtocol={self._scheme};AccountName={ACCOUNT};AccountKey={self.key};"
            f"BlobEndpoint={self.blob_url};QueueEndpoint={self.queue_url};TableEndpoint={self.table_url};"
        )

    def start(self) -> Self:
        """Returns when all ports answer. After a stop() or kill() the same ports and key are used again."""
        if self._process is not None and self._process.poll() is None:
            return self
        self.kill()  # one that ended by itself is put away first
        self.log.parent.mkdir(parents=True, exist_ok=True)
        start_of_log = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command(self._node(), self.ports, self._folder, self._tls, self._keyed),
                cwd=self.log.parent,
                env=environment(os.environ, ACCOUNT, self.key),
                stdin=subprocess.PIPE,  # held open, never written: see until_parent_ends.cjs
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,  # Ctrl-C in a terminal reaches us, and we stop it in our own order
            )
        try:
            self.ports = self._await_ports(start_of_log)
        except BaseException:  # a Ctrl-C while waiting must not leave it running either
            self.kill()
            raise
        return self

    def stop(self) -> None:
        """Saves and ends; its ports are free afterwards. Does nothing when it is not running."""
        if self._process is None:
            return
        self.resume()
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):  # kill() is the answer to that
            self._process.wait(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """SIGKILL: on disk, up to five seconds of acknowledged writes are lost (Azurite saves that seldom)."""
        if self._process is None:
            return
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self.resume()  # while the pid is still its own
        self._process.wait()
        self._close(self._process)
        self._process = None

    def pause(self) -> None:
        """Freezes it: the system accepts connections, nobody answers. Should we die meanwhile, it wakes up and ends."""
        if self._waker is None:
            line = ["sh", "-c", f"read _; kill -CONT {self.pid}"]
            pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
            self._waker = subprocess.Popen(line, stdin=pipe, stderr=nowhere, process_group=0)
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Resumes Azurite after pause(); otherwise does nothing."""
        if self._waker is None:
            return
        self._close(self._waker)  # the end of its stdin is its sign to wake Azurite
        self._waker.wait()
        self._waker = None

    @staticmethod
    def _close(process: subprocess.Popen[bytes]) -> None:
        if process.stdin:
            process.stdin.close()

    @staticmethod
    def _node() -> Path:
        node = find_node(ROOT / ".venv")
        if node is None or not AZURITE_JS.exists():
            missing = f"Node {OLDEST_NODE} or newer" if node is None else f"Azurite ({AZURITE_JS})"
            raise AzuriteError(f"{missing} is missing; `python3 -m local test` in {ROOT} installs it")
        return node

    def _await_ports(self, start_of_log: int) -> Ports:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            ended = self._process is None or self._process.poll() is not None
            with self.log.open("rb") as log:
                log.seek(start_of_log)
                said = log.read().decode(errors="replace")
            found = {service.lower(): int(port) for service, port in LISTENING.findall(said)}
            if len(found) == len(SERVICES):
                return Ports(**found)
            if ended:
                last = said.strip()[-500:] or "it said nothing"
                raise AzuriteError(f"Azurite ended while starting: {last} (log: {self.log})")
            time.sleep(0.02)
        raise AzuriteError(f"Azurite did not listen within {START_SECONDS:.0f} s (log: {self.log})")
