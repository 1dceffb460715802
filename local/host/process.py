"""A host as a child process: started with its settings, awaited until it serves, stopped, never left behind."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[2]
KEY_VARIABLE = "LOCAL_HOST_MASTER_KEY"
SETTINGS_VARIABLE = "LOCAL_HOST_SETTINGS"  # in place of a settings file: secrets that no disk keeps
START_SECONDS = 60.0
_INHERITED = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "VIRTUAL_ENV")


class HostFailed(RuntimeError):
    """The host did not come up, or went down; the message ends with its last words."""


@dataclass(frozen=True)
class Launch:
    """`values` are the app's settings; nothing else of this process's environment reaches the app but `inherited`."""

    app: Path
    home: Path
    values: Mapping[str, str] = field(repr=False)
    key: str = field(repr=False)
    name: str = "host"
    only: Sequence[str] = ()
    port: int = 0
    options: Sequence[str] = ()
    inherited: Mapping[str, str] = field(default_factory=dict, repr=False)


class HostProcess:
    """`home` takes its log and settings, and the state (keys, timers) that hosts of one home share."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self.log = launch.home / f"{launch.name}.log"
        self.functions: list[str] = []
        self.port = launch.port
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._started().pid

    def start(self) -> Self:
        """Returns when it serves. After a stop or kill the same port is used again."""
        launch = self._launch
        launch.home.mkdir(parents=True, exist_ok=True)
        settings = launch.home / f"{launch.name}.settings.json"
        settings.touch(mode=0o600)
        settings.write_text(json.dumps({"Values": dict(launch.values)}))
        only = [part for one in launch.only for part in ("--only", one)]
        command = [sys.executable, "-m", "local.host", "--app", str(launch.app), "--port", str(self.port), *only]
        command += ["--settings", str(settings), "--state", str(launch.home / "state"), "--with-parent"]
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                [*command, *launch.options],
                cwd=ROOT,
                env={name: os.environ[name] for name in _INHERITED if name in os.environ}
                | dict(launch.inherited)
                | {KEY_VARIABLE: launch.key},
                stdin=subprocess.PIPE,  # held open and never written: see --with-parent
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                process_group=0,  # a Ctrl-C in the terminal is for us, who stop it in our own order
            )
        try:
            self.port, self.functions = self._await_ready(self._process)
        finally:
            settings.unlink()  # read by now, and it holds secrets
        return self

    def stop(self, grace: float = 40.0) -> int:
        """SIGTERM: running functions finish. The exit code; 0 when all went well."""
        return self.end(signal.SIGTERM, grace)

    def kill(self) -> None:
        if self._process is not None:
            self.end(signal.SIGKILL, 10.0)

    def end(self, how: signal.Signals, grace: float) -> int:
        process = self._started()
        if process.poll() is None:
            process.send_signal(how)
            process.send_signal(signal.SIGCONT)  # paused, it would not hear
        try:
            code = process.wait(grace)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        self._close(process)
        return code

    def wait(self, seconds: float) -> int:
        return self._started().wait(seconds)

    def let_go(self) -> None:
        """What our own death would do to it: its stdin ends."""
        stdin = self._started().stdin
        assert stdin is not None
        stdin.close()

    def pause(self) -> None:
        self._started().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._started().send_signal(signal.SIGCONT)

    def last_words(self, characters: int = 1500) -> str:
        return self.log.read_text(errors="replace")[-characters:] if self.log.exists() else ""

    def _await_ready(self, process: "subprocess.Popen[str]") -> tuple[int, list[str]]:
        assert process.stdout is not None
        readable, _, _ = select.select([process.stdout], [], [], START_SECONDS)
        line = process.stdout.readline() if readable else ""
        if not line:
            self.kill()
            raise HostFailed(f"the host for {self._launch.app} did not start:\n{self.last_words()}")
        ready = json.loads(line)
        return ready["port"], ready["functions"]

    def _started(self) -> "subprocess.Popen[str]":
        if self._process is None:
            raise HostFailed("the host is not running: call start() first")
        return self._process

    def _close(self, process: "subprocess.Popen[str]") -> None:
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()
        self._process = None
