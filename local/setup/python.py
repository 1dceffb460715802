"""Knows which Pythons are on this machine, and makes .venv with one that will do. Parses on Python 3.8."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import Iterable, Iterator, Mapping, NamedTuple, Sequence  # noqa: UP035 - typing's, for Python 3.8

from local.setup.node import answer
from local.setup.steps import MISSING, PIP_INSTALL, Steps, Trouble, digest, stamped

OLDEST = (3, 13)
NAMES = ("python3.13", "python3.14", "python3.15", "python3", "python")
INPUTS = ("requirements.txt", "requirements-dev.txt", "constraints.txt")
PROBE = """
import importlib.util, sys, sysconfig
whole = all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))
usual = sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED")
released = sys.version_info[3] == "final"
path = getattr(sys, "_base_executable", sys.executable)
print(*sys.version_info[:3], int(whole), int(usual and released), path)
"""
NO_PYTHON = """\
Python 3.13 or newer is needed, and none is here ({seen}). Get one, then run this again:
  Debian 13, Ubuntu 25.04 and newer   sudo apt install python3.13 python3.13-venv
  macOS                               brew install python@3.13
  anywhere with pyenv                 pyenv install 3.13    (found in its versions folder, no need to activate it)"""
NO_VENV = """\
Python {version} is here ({path}) but cannot make a virtual environment: its venv or ensurepip module is missing.
Debian and Ubuntu keep them in a package of their own: sudo apt install python{version}-venv"""


class Python(NamedTuple):
    """One interpreter, as it described itself when it was run."""

    path: str
    version: tuple[int, ...]
    whole: bool  # has venv and ensurepip
    usual: bool  # a released CPython with the GIL: what packages are built for

    @property
    def minor(self) -> str:
        return ".".join(map(str, self.version[:2]))


def described(said: str) -> Python | None:
    """What the probe printed, read; nothing when a shim printed its own words instead."""
    parts = said.split(" ", 5)
    if len(parts) != 6 or not all(part.isdigit() for part in parts[:5]):
        return None
    return Python(parts[5], tuple(map(int, parts[:3])), parts[3] == "1", parts[4] == "1")


def choose(found: Sequence[Python]) -> Python:
    """The first that will do, in the order they were found."""
    fit = [python for python in found if python.version >= OLDEST and python.usual]
    for python in fit:
        if python.whole:
            return python
    if fit:
        raise Trouble(NO_VENV.format(version=fit[0].minor, path=fit[0].path), MISSING)
    seen = ", ".join(f"{python.path} is {'.'.join(map(str, python.version))}" for python in found)
    raise Trouble(NO_PYTHON.format(seen=seen or "no Python answered"), MISSING)


def by_fitness(names: Iterable[str]) -> list[str]:
    """Names in pyenv's versions folder that may do: the lowest minor version first, and of that the newest."""
    numbers = {name: tuple(map(int, name.split("."))) for name in names if re.fullmatch(r"\d+\.\d+\.\d+", name)}
    return sorted((name for name in numbers if numbers[name] >= OLDEST), key=lambda n: (numbers[n][1], -numbers[n][2]))


def candidates(running: str, environment: Mapping[str, str]) -> Iterator[str]:
    """Where a Python may be: the running one, the names on PATH, pyenv's versions folder."""
    yield running
    for name in NAMES:
        found = shutil.which(name, path=environment.get("PATH"))
        if found:
            yield found
    versions = Path(environment.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    if versions.is_dir():
        for name in by_fitness(os.listdir(versions)):  # noqa: PTH208 - names are what is sorted
            yield str(versions / name / "bin" / "python")


def find_python(running: str, environment: Mapping[str, str]) -> Python:
    """Each is run before it is believed: pyenv's shims are on PATH for versions that are not active."""
    found: list[Python] = []
    for path in candidates(running, environment):
        python = described(answer(path, "-I", "-c", PROBE))
        if python and python not in found:
            found.append(python)
            if python.version >= OLDEST and python.whole and python.usual:
                break
    return choose(found)


class Venv(NamedTuple):
    """`.venv` and what tells whether it is finished."""

    folder: Path
    root: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def stamp(self) -> Path:
        return self.folder / ".set-up"

    @property
    def begun(self) -> Path:
        """There while a set-up changes the folder: found without one at work, the folder is half-done."""
        return self.folder / ".set-up-begun"

    def version(self) -> tuple[int, ...]:
        """The present version of its Python, such as (3, 13); empty if that Python was removed since."""
        said = answer(str(self.python), "-I", "-S", "-c", "import sys; print(*sys.version_info[:2])")
        return tuple(map(int, said.split())) if re.fullmatch(r"\d+ \d+", said) else ()

    def ready(self) -> bool:
        version = self.version()
        return version >= OLDEST and stamped(self.stamp, self._inputs(version))

    def set_up(self, steps: Steps) -> None:
        """Makes what is missing. One made by hand is kept if it will do; a half-done one is made again."""
        kept = self._will_do()
        self.folder.mkdir(exist_ok=True)
        self.begun.touch()
        self.stamp.unlink(missing_ok=True)
        if not kept:
            self._create(steps)
        self._install(steps, kept)
        self.stamp.write_text(self._inputs(self.version()))
        self.begun.unlink()

    def _will_do(self) -> bool:
        if self.begun.exists() or self.version() < OLDEST:
            return False
        return bool(answer(str(self.python), "-m", "pip", "--version"))

    def _install(self, steps: Steps, kept: bool) -> None:
        line = [str(self.python), *PIP_INSTALL, "-r", "requirements-dev.txt", "-c", "constraints.txt"]
        hint = "Is a package index reachable? `pip config list` shows which one is asked."
        try:
            steps.run("Python packages", line, self.root, hint)
        except Trouble:
            if kept:  # pip takes back what it could not finish: what worked before still does
                self.begun.unlink()
            raise

    def _create(self, steps: Steps) -> None:
        python = find_python(sys.executable, os.environ)
        if self.python.exists() or self.python.is_symlink():
            steps.say("replacing .venv: it is half-done, or its Python is gone or too old")
        for old in self.folder.iterdir():
            if old != self.begun:
                shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
        name = f".venv with Python {python.minor} ({python.path})"
        hint = f"On Debian and Ubuntu: sudo apt install python{python.minor}-venv"
        steps.run(name, [python.path, "-m", "venv", str(self.folder)], self.root, hint)

    def _inputs(self, version: tuple[int, ...]) -> str:
        return digest((self.root / name for name in INPUTS), str(version))
