"""A Python as the set-up describes it, and a program in a folder of PATH."""

import stat
from pathlib import Path

from local.setup.python import Python


def python(path: str, *version: int, whole: bool = True, usual: bool = True) -> Python:
    return Python(path, version, whole, usual)


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path
