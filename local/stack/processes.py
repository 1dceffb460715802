"""Child processes of the local stack: started with their log, waited for, ended cleanly or killed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
MOST_LOG = 20 * 1024 * 1024  # bytes


class NotStarted(RuntimeError):
    """A part of the stack did not come up; the message ends with what its log says."""


class Child:
    """One process whose first line on stdout says that it is ready; it ends when we do: its stdin is our pipe."""

    def __init__(self, name: str, line: Sequence[str], log: Path, environ: Mapping[str, str]) -> None:
        self.name, self._line, self._log, self._environ = name, list(line), log, dict(environ)
        self.process: subprocess.Popen[str] | None = None
        self.first_line = ""

    def start(self) -> Self:
        """Starts it and waits for its first line."""
        with self._log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self._line],
                cwd=ROOT,
                env=self._environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        assert self.process.stdout
        self.first_line = self.process.stdout.readline().strip()
        if not self.first_line:
            raise NotStarted(f"{self.name} did not start: {self.tail()}")
        return self

    @property
    def ready(self) -> dict[str, Any]:
        """Its first line, if that is JSON."""
        value: dict[str, Any] = json.loads(self.first_line)
        return value

    def keep_port(self) -> None:
        """Started again, it listens where it listens now."""
        if "--port" in self._line:
            self._line[self._line.index("--port") + 1] = str(self.ready["port"])

    def tail(self) -> str:
        """The last eight lines of the process's log."""
        return " | ".join(self._log.read_text(errors="replace").splitlines()[-8:])

    def stop(self, patience: float = 40) -> None:
        """SIGTERM, then SIGKILL."""
        self._end(signal.SIGTERM, patience)

    def kill(self) -> None:
        """SIGKILL, as a host that dies."""
        self._end(signal.SIGKILL, 10)

    def pause(self) -> None:
        """SIGSTOP."""
        if self.process:
            os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        if self.process:
            os.kill(self.process.pid, signal.SIGCONT)

    def _end(self, sent: signal.Signals, patience: float) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(sent)
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()


def shorten(home: Path, most: int = MOST_LOG) -> None:
    """A log that has grown too long begins again; its lines so far are kept once, under `.old`. Writers append."""
    for log in (*home.glob("*.log"), *home.glob("*.traces"), *home.glob("*/*.log")):
        if log.stat().st_size > most:
            shutil.copyfile(log, log.with_name(f"{log.name}.old"))
            os.truncate(log, 0)


def wait_until(what: str, seconds: float, ready: Any) -> None:
    """Asks every tenth of a second; NotStarted where it stays false."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise NotStarted(f"{what}: not within {seconds:g} s")
        time.sleep(0.1)
