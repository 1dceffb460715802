"""Knows how a set-up says what it does, runs programs, and notes what is finished. Parses on Python 3.8."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Iterable, Iterator, Mapping, Sequence  # noqa: UP035 - typing's, for Python 3.8

STILL_SECONDS = 10
MISSING, FAILED = 3, 4  # exit codes: something must be installed by hand; a step went wrong
# Whatever would bend a Python away from its own .venv, or switch off the assertions that tests are made of.
PYTHON_BENDING = (
    *("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONSAFEPATH", "PYTHONUSERBASE", "PYTHONPLATLIBDIR"),
    *("PYTHONOPTIMIZE", "PYTHONINSPECT", "VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT", "CONDA_PREFIX", "__PYVENV_LAUNCHER__"),
)
# Settings of pip are followed (index, proxy, certificates, cache), save those that install somewhere else.
PIP_BENDING = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON", "PIP_DRY_RUN")
PIP_INSTALL = ("-m", "pip", "install", "--no-user", "--disable-pip-version-check", "--progress-bar", "off")


class Trouble(Exception):
    """A set-up cannot go on; the message says why and what to do, `code` is the exit code."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code


def straight(inherited: Mapping[str, str]) -> dict[str, str]:
    """The environment without the variables that would make Python or pip use another place than .venv."""
    return {name: value for name, value in inherited.items() if name not in (*PYTHON_BENDING, *PIP_BENDING)}


def digest(files: Iterable[Path], *also: str) -> str:
    """One value for the inputs of a step: another value, and the step is done again."""
    total = hashlib.sha256()
    for part in [*(file.read_bytes() for file in files), *(text.encode() for text in also)]:
        total.update(hashlib.sha256(part).digest())
    return total.hexdigest()


def stamped(stamp: Path, inputs: str) -> bool:
    """Whether a step was finished with these inputs."""
    try:
        return stamp.read_text() == inputs
    except OSError:
        return False


class Steps:
    """One set-up: its clock, its log and the lock that keeps a second one waiting."""

    def __init__(self, folder: Path) -> None:
        self.began = time.monotonic()
        self.log = folder / "setup.log"
        self._lock = folder / "setup.lock"
        self._held: tuple[int, ...] = ()
        self._step = 0  # where the log of the present step begins

    def say(self, text: str) -> None:
        print(f"[{time.monotonic() - self.began:6.1f} s] {text}", file=sys.stderr, flush=True)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """One set-up at a time. What a killed one started holds the lock too, so nobody works beside it."""
        self._lock.parent.mkdir(exist_ok=True)
        with self._lock.open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.say("waiting: another set-up is at work in this folder")
                fcntl.flock(lock, fcntl.LOCK_EX)
            self._held = (lock.fileno(),)
            self.log.write_bytes(b"")
            yield

    def run(self, name: str, command: Sequence[str], folder: Path, hint: str) -> None:
        """Runs one program to its end, its output in the log, a line of it shown now and then."""
        self.say(f"setting up: {name}")
        self._step = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [*command],
                cwd=folder,
                env=straight(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=self._held,
            )
        with ended_with_us(process):
            code = self._wait(name, process)
        if code != 0:
            last = "\n".join("    " + line for line in self._tail(12))
            raise Trouble(f"{name}: failed (exit {code}). {hint}\nIts last words (all of them: {self.log}):\n{last}")

    def _wait(self, name: str, process: subprocess.Popen[bytes]) -> int:
        while True:
            try:
                return process.wait(STILL_SECONDS)
            except subprocess.TimeoutExpired:
                self.say(f"at work: {name}  {' '.join(self._tail(1)).strip()[:80]}".rstrip())

    def _tail(self, count: int) -> list[str]:
        lines = self.log.read_bytes()[self._step :].decode(errors="replace").splitlines()
        return [line.rstrip() for line in lines if line.strip()][-count:]


@contextlib.contextmanager
def ended_with_us(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Ctrl-C or a SIGTERM ends the program too; what it left half-done is seen by the next set-up."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
