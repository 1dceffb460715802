"""Knows how the zip is made that Azure runs: the app, its libraries and their bytecode; the same bytes each time.

The libraries go in here, and not by a build in Azure, for three reasons. A start without bytecode costs more than twice
one with it, and Azure's build leaves bytecode behind whose recorded times may not be those of the files that are
mounted: here it is compiled by the Python that Azure runs and marked never to be compared with its source. What was
tested is what runs: a deployment asks no package index. And the zip's hash names a release.
https://learn.microsoft.com/azure/azure-functions/functions-deployment-technologies#remote-build
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from local.build.package_index import index

ROOT = Path(__file__).resolve().parents[2]
APP = ("function_app.py", "host.json", "requirements.txt", "shared")
LOCK = "requirements.lock"  # uv pip compile --generate-hashes of requirements.txt under constraints.txt
CONFIG = "desk.toml"  # its name in the zip, and where the owner of a desk keeps it
LIBRARIES = Path(".python_packages/lib/site-packages")  # where the worker looks
TARGET = "3.13"
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
MOUNTED = "/home/site/wwwroot"  # tracebacks name the files as they stand in Azure
EPOCH = (1980, 1, 1, 0, 0, 0)


class NotPackaged(RuntimeError):
    """The package could not be made; the text says why and what to do."""


def interpreter() -> str:
    """The Python whose bytecode Azure can read."""
    if "{}.{}".format(*sys.version_info) == TARGET:
        return sys.executable
    found = shutil.which(f"python{TARGET}")
    if found is None:
        raise NotPackaged(
            f"Python {TARGET} is needed: the app runs on it in Azure, and bytecode is of one version only. "
            f"Install python{TARGET} and run this again."
        )
    return found


def stage(source: Path, into: Path, libraries: bool, config: Path) -> None:
    """The files of the zip, bytecode apart."""
    for name in APP:
        found = source / name
        if not found.exists():
            raise NotPackaged(f"{found} is missing: run this in the repository's root")
        if found.is_dir():
            shutil.copytree(found, into / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        else:
            shutil.copy(found, into / name)
    if not config.is_file():
        raise NotPackaged(f"{config} is missing: `python3 -m deskctl init` writes one, or --config names another file")
    shutil.copy(config, into / CONFIG)
    if libraries:
        _install(source, into / LIBRARIES)


def _install(source: Path, into: Path) -> None:
    """Wheels for Azure's machines, whatever machine this is; each must have a hash that the lock names."""
    line = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    line += ["--target", str(into), "--only-binary", ":all:", "--implementation", "cp"]
    line += ["--python-version", TARGET, *(f"--platform={name}" for name in PLATFORMS)]
    line += ["--require-hashes", "--no-deps", "-r", str(source / LOCK)]
    done = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotPackaged(f"pip could not get the libraries:\n{done.stderr.strip()[-2000:]}")
    shutil.rmtree(into / "bin", ignore_errors=True)  # console scripts, with this machine's paths


def compile_all(folder: Path, python: str) -> None:
    """`unchecked-hash`: valid whatever the files' times are. A fixed hash seed keeps the order of sets in constants."""
    line = [python, "-m", "compileall", "-q", "-s", str(folder), "-p", MOUNTED]
    line += ["--invalidation-mode", "unchecked-hash", str(folder)]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(line, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotPackaged(f"{python} cannot compile all files:\n{(done.stdout + done.stderr).strip()[-2000:]}")


def write(folder: Path, zipped: Path) -> str:
    """The zip, files in order and without times or owners; gives its SHA-256."""
    zipped.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path in _files(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return hashlib.sha256(zipped.read_bytes()).hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    return iter(sorted(path for path in folder.rglob("*") if path.is_file()))


def package(zipped: Path, libraries: bool = True, source: Path = ROOT, config: Path = ROOT / CONFIG) -> str:
    """Makes the zip; gives its SHA-256."""
    python = interpreter()
    with tempfile.TemporaryDirectory(prefix="desk-package-") as made:
        folder = Path(made) / "app"
        folder.mkdir()
        stage(source, folder, libraries, config)
        compile_all(folder, python)
        return write(folder, zipped)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m local package", description="Makes the zip that Azure runs.")
    parser.add_argument("--out", type=Path, default=ROOT / "dist" / "restore-desk.zip", help="dist/restore-desk.zip")
    parser.add_argument(
        "--config", type=Path, default=ROOT / CONFIG, help="the desk.toml to ship (default: the root's)"
    )
    parser.add_argument("--app-only", action="store_true", help="without libraries, for a build in Azure")
    chosen = parser.parse_args(argv)
    try:
        digest = package(chosen.out, not chosen.app_only, config=chosen.config)
        functions = index(chosen.out)
    except (NotPackaged, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    size = chosen.out.stat().st_size / 2**20
    print(f"{chosen.out}  {size:.1f} MiB  {len(functions)} functions, indexed by Microsoft's runtime")
    print(f"sha256 {digest}")
    return 0
