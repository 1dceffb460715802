"""Finds PostgreSQL's client programs: one folder a major, from PG_BIN, Debian's folders and PATH."""

import functools
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

DEBIAN = Path("/usr/lib/postgresql")
ANSWER_SECONDS = 20.0
# What a program that reads a dump is given: none of our own environment, which holds what an identity is asked with.
# Messages are matched, so they are in English.
CLEAN = {"PATH": os.defpath, "LC_ALL": "C"}


@dataclass(frozen=True)
class Programs:
    """The programs of one PostgreSQL major."""

    major: int
    version: str  # "16.15", as pg_restore prints it
    folder: Path  # the `bin` folder

    def path(self, name: str) -> str:
        """The full path of one program: `path("pg_restore")`."""
        return str(self.folder / name)

    @property
    def has_server(self) -> bool:
        return (self.folder / "postgres").exists() and (self.folder / "initdb").exists()


def find(environ: Mapping[str, str]) -> dict[int, Programs]:
    """All majors that are here, the first found of each: PG_BIN (written as PATH is), Debian's, PATH."""
    found: dict[int, Programs] = {}
    for folder in folders(environ):
        programs = described(folder)
        if programs:
            found.setdefault(programs.major, programs)
    return dict(sorted(found.items()))


def folders(environ: Mapping[str, str]) -> Iterator[Path]:
    """Where programs may be, the best place first."""
    yield from (Path(part) for part in environ.get("PG_BIN", "").split(os.pathsep) if part)
    yield from sorted(DEBIAN.glob("*/bin"))  # before PATH: Debian's /usr/bin/pg_restore is a script that picks a major
    yield from (Path(part) for part in environ.get("PATH", "").split(os.pathsep) if part)


@functools.cache
def described(folder: Path) -> Programs | None:
    """What the folder's pg_restore says of itself; None if there is none that runs."""
    program = folder / "pg_restore"
    if not program.exists():
        return None
    line = [str(program), "--version"]
    try:
        done = subprocess.run(line, env=CLEAN, capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)([.\w]*)", done.stdout)
    return Programs(int(version[1]), version[1] + version[2], folder) if version else None
