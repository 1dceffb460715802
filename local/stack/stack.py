"""The whole desk on this machine: Azurite, the emulator, the Functions host, the channels' other ends."""

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

import httpx

from local.host.process import KEY_VARIABLE, SETTINGS_VARIABLE
from local.host.triggers import sign_in
from local.postgres.programs import pg_bin, programs
from local.setup.environment import hermetic
from local.stack import other_cloud
from local.stack.azurite import Azurite
from local.stack.channel_server import CHANNELS, TICKETS, USERS, Channels, secret_for
from local.stack.delivered import MAJOR, connection_string, make_containers, variants
from local.stack.entra import SOURCE, Tenant
from local.stack.faulty_links import Links
from local.stack.processes import ROOT, Child
from local.stack.sinks import Sink
from shared.domain.clouds import PUBLIC, Cloud


@dataclass(frozen=True)
class Options:
    """The options of a run: the speeds of Azure's part and of the desk, and the run's own files."""

    speed: float = 120
    pace: float = 120
    schedule: str = "* * * * * *"
    arm: str | None = None
    port: int = 0
    config: Path = ROOT / "samples" / "desk.toml"
    home: Path | None = None
    storage: str | None = None  # a connection string of somebody else's storage, in place of Azurite
    emulator: Sequence[str] = ("--fractional-retry-after",)
    environ: Mapping[str, str] = field(default_factory=dict)
    hosts: Sequence[Sequence[str]] = ((),)  # one process each, with the kinds it runs (none: all)
    host: Sequence[str] = ()  # more arguments of each host
    dumps: bool = False  # the emulator delivers real dumps into Azurite, where this machine has PostgreSQL
    cloud: Cloud = PUBLIC  # which cloud the emulator stands for
    person: str | None = None  # who is signed in on the page: the header X-MS-CLIENT-PRINCIPAL
    loader: bool = False  # verifications are done, by a loader of its own; files jobs deliver real dumps to Azurite
    pg_bin: str | None = None  # the loader's PostgreSQL programs; by default those of the set-up
    flaky: bool = False  # the hosts reach their storage over wires that can fail (`links`)
    in_memory: bool = False  # Azurite writes nothing to the disk: on one, it stops every 5 s to write all it holds


def forget(home: Path) -> None:
    """No key outlives a run: those of its hosts, and the settings that an earlier release kept in a file."""
    for path in (*home.glob("*/keys.json"), home / "settings.json"):
        path.unlink(missing_ok=True)


class Stack:
    """`with Stack(options) as stack:` – everything is up; after the block nothing is left of it."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.key = secrets.token_urlsafe(24)
        self.hosts: list[Child] = []
        self._left = ExitStack()
        self._secrets = {name: secret_for(kind) for name, (kind, _, _) in CHANNELS.items()}
        self.tenant = Tenant()
        self.dumps: Path | None = None  # what the emulator delivers, where it delivers files
        self.ticket_secrets = {system: secrets.token_urlsafe(24) for system in TICKETS}

    def __enter__(self) -> Self:
        with ExitStack() as made:
            self._up(made)
            self._left = made.pop_all()
        return self

    def _up(self, made: ExitStack) -> None:
        self.home = self.options.home or Path(tempfile.mkdtemp(prefix="restore-desk-"))
        if self.options.home is None:
            made.callback(shutil.rmtree, self.home, ignore_errors=True)
        self.home.mkdir(parents=True, exist_ok=True)
        sinks = {name: Sink(kind, (self._secrets[name],)) for name, (kind, _, _) in CHANNELS.items()}
        self.channels = made.enter_context(Channels(sinks, self.tenant.keys()))
        self.authority = f"{self.channels.url}/_entra"
        self.ticket_secrets["portal"] = self.tenant.token(self.authority)
        self.storage = self.options.storage or self._azurite(made)
        if self.options.flaky:
            self.links = made.enter_context(Links(self.azurite))
            self.storage = self.links.connection_string
        self.arm = self.options.arm or self._emulator(made)
        forget(self.home)  # of a run that was killed
        made.callback(forget, self.home)
        if self.options.loader:
            self.loader = self.loader_child()
            made.callback(self.loader.stop, 5)
            self.loader.start()
        for number, kinds in enumerate(self.options.hosts):
            self.hosts.append(self._host(number, kinds))
        for host in self.hosts:
            made.callback(host.stop)
            host.start().keep_port()
        ready = self.hosts[0].ready
        self.url = f"http://127.0.0.1:{ready['port']}"
        self.http = made.enter_context(
            httpx.Client(base_url=self.url, headers={"x-functions-key": self.key}, timeout=60, trust_env=False)
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.close()

    def _azurite(self, made: ExitStack) -> str:
        self.azurite = made.enter_context(Azurite(self.home / "azurite", in_memory=self.options.in_memory, keyed=True))
        return self.azurite.connection_string

    @property
    def storage_said(self) -> str:
        """Where ledger and queue are, without the key."""
        return (
            "yours (AzureWebJobsStorage)"
            if self.options.storage
            else f"{self.azurite.queue_url}  {self.azurite.table_url}"
        )

    def _emulator(self, made: ExitStack) -> str:
        line = ["-m", "local.emulator", "--port", "0", "--state", str(self.home / "emulator")]
        line += ["--speed", str(self.options.speed), *self.options.emulator]
        environ = dict(hermetic(os.environ))
        if (self.options.loader or self.options.dumps) and not self.options.storage:
            make_containers(self.azurite, self.options.config)
            self.dumps = variants(self.home) if MAJOR in programs() else None
            line += ["--blobs", self.azurite.blob_endpoint, *(["--dumps", str(self.dumps)] if self.dumps else [])]
            environ |= {"EMULATOR_BLOBS_KEY": self.azurite.key}
        child = Child("the emulator", line, self.home / "emulator.log", environ)
        made.callback(child.stop, 5)
        child.start()
        words = child.first_line.split()
        self.emulator = child
        return next(word for word in words if word.startswith("http")).rstrip(",")

    def settings(self) -> dict[str, str]:
        """What the app finds in its environment; the person's own settings win (`up` only)."""
        pairs = {"DESK_HEALTH_KEY": self.key, "AzureWebJobsStorage": self.storage}
        for name, (_, url, secret) in CHANNELS.items():
            pairs |= {url: f"{self.channels.url}/{name}"} | ({secret: self._secrets[name]} if secret else {})
        pairs |= {variable: self.ticket_secrets[system] for system, variable in TICKETS.items()}
        pairs |= dict.fromkeys(USERS, "restore-desk@contoso.com")
        pairs |= {
            "ARM_ENDPOINT": self.arm,
            "DESK_PACE": str(self.options.pace),
            "DESK_CONFIG": str(self._config()),
            "SWEEP_SCHEDULE": self.options.schedule,
        }
        if self.options.cloud != PUBLIC:
            pairs |= other_cloud.settings(self.options.cloud, self.authority)
        pairs |= {sign_in.SETTING: "true"} if self.options.person else {}
        return {**pairs, **self.options.environ}

    def _config(self) -> Path:
        """The desk.toml as it is; in another cloud with the hosts of that cloud, and one more source."""
        if self.options.cloud == PUBLIC:
            return self.options.config
        path = self.home / "desk.toml"
        path.write_text(other_cloud.moved(self.options.config.read_text("utf-8"), self.options.cloud) + SOURCE, "utf-8")
        return path

    def another_host(self, kinds: Sequence[str], changes: Mapping[str, str]) -> Child:
        """One more host on the same storage, not started yet, whose settings differ by `changes`."""
        child = self._host(len(self.hosts), kinds, changes)
        self._left.callback(child.stop)
        return child

    def _host(self, number: int, kinds: Sequence[str], changes: Mapping[str, str] = MappingProxyType({})) -> Child:
        line = ["-m", "local.host", "--app", str(ROOT), "--with-parent"]
        state = self.home / ("timers" if tuple(kinds) == ("timer",) else f"host-{number}")  # timers share their lease
        line += ["--port", str(self.options.port if number == 0 else 0), "--state", str(state)]
        line += ["--traces", str(self.home / f"host-{number}.traces")]
        line += ["--lease", str(60 / self.options.pace)]  # a minute, on this run's clock
        line += ["--person", self.options.person] if self.options.person else []
        line += [*self.options.host, *(part for kind in kinds for part in ("--only", kind))]
        environ = {**hermetic(os.environ), KEY_VARIABLE: self.key}
        environ |= {SETTINGS_VARIABLE: json.dumps({"Values": {**self.settings(), **changes}})}
        return Child(f"host {number}", line, self.home / f"host-{number}.log", environ)

    def loader_child(self) -> Child:
        """The loader, not started yet; it reads the account that desk.toml's own containers are made in."""
        environ = {**hermetic(os.environ), "AzureWebJobsStorage": self.storage}
        environ |= {"PG_BIN": self.options.pg_bin or pg_bin(), "PYTHONUNBUFFERED": "1"}
        if not self.options.storage:
            environ |= {"AZURE_STORAGE_CONNECTION_STRING": connection_string(self.azurite, "drillstore")}
        return Child("the loader", ["-m", "local.stack.loader_process"], self.home / "loader.log", environ)

    def leases(self) -> list[Path]:
        """The files of the timers' leases; hosts that run only timers share them."""
        return sorted((self.home / "timers" / "timers").glob("*.lease"))

    def emulated(self, path: str, method: str = "GET", body: Any = None) -> Any:
        """The emulator's control API."""
        answer = httpx.request(method, f"{self.arm}/_emulator/{path}", json=body, timeout=30, trust_env=False)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def dropped(self) -> list[str]:
        """The app's log lines that Azure would have dropped, as the hosts said them."""
        logs = sorted(self.home.glob("host-*.log"))
        lines = (line for log in logs for line in log.read_text(errors="replace").splitlines())
        return [line for line in lines if "dropped a line of the app" in line]

    def traces(self) -> list[dict[str, Any]]:
        """The app's log lines that would have reached Azure, oldest first, with the columns of the table `traces`."""
        files = self.home.glob("host-*.traces")
        rows = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
        return sorted(rows, key=lambda row: str(row["timestamp"]))

    def send(self, text: str) -> None:
        """Puts a message on the request queue, as another service would."""
        from azure.storage.queue import QueueClient

        with QueueClient.from_connection_string(self.storage, "restore-requests") as queue:
            queue.send_message(text, time_to_live=-1)
