"""Checks that a package is complete: Microsoft's runtime must index it in a folder that holds nothing else."""

import json
import re
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = Path(".python_packages/lib/site-packages")
WORKER = ("azure-functions-runtime", "azurefunctions-extensions-base")  # what Azure's worker brings
# Indexing imports function_app.py alone; what the app imports later, on its first call, is looked at as well.
SCRIPT = """
import ast, asyncio, importlib, json, sys
from pathlib import Path
app = Path(sys.argv[1])
sys.path += sys.argv[2:]
from local.host.bindings.worker import Worker
found = asyncio.run(Worker(app).index())
for file in [app / "function_app.py", *sorted((app / "shared").glob("**/*.py"))]:
    for node in ast.walk(ast.parse(file.read_text())):
        named = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            named = [node.module]
        for name in named:
            importlib.import_module(name)
home = Path(importlib.import_module("shared").__file__).parents[1]
assert home == app.resolve(), f"shared was read from {home}"
print(json.dumps([one.name for one in found]))
"""


class NotIndexed(RuntimeError):
    """Microsoft's runtime could not index the package; the message is the runtime's."""


def index(zipped: Path) -> list[str]:
    """The functions of a package, unpacked beside an environment that holds its requirements and nothing else."""
    with tempfile.TemporaryDirectory(prefix="desk-index-") as made:
        home = Path(made).resolve()
        app = home / "app"
        with zipfile.ZipFile(zipped) as archive:
            archive.extractall(app)
        python = _empty_environment(home / "venv")
        paths = [app / LIBRARIES if (app / LIBRARIES).is_dir() else _requirements(home, app / "requirements.txt")]
        paths += [_linked(home / "worker", _files(WORKER)), _host(home)]
        line = [str(python), "-I", "-B", "-c", SCRIPT, str(app), *map(str, paths)]
        done = subprocess.run(line, cwd=home, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NotIndexed(f"{zipped} cannot be indexed:\n{done.stderr.strip()[-3000:]}")
        functions: list[str] = json.loads(done.stdout.splitlines()[-1])
        return functions


def _empty_environment(folder: Path) -> Path:
    venv.EnvBuilder(with_pip=False, symlinks=True).create(folder)
    return folder / "bin" / "python"


def _host(home: Path) -> Path:
    """`local` alone on the path, so that nothing of the repository stands in for what the zip lacks."""
    folder = home / "host"
    folder.mkdir()
    (folder / "local").symlink_to(ROOT / "local")
    return folder


def _requirements(home: Path, requirements: Path) -> Path:
    """What requirements.txt brings, and what that brings, linked from this environment: no index is asked."""
    lines = (line.split("#")[0].strip() for line in requirements.read_text().splitlines())
    return _linked(home / "requirements", _files(closure(line.split("==")[0] for line in lines if line)))


def closure(names: Iterable[str]) -> set[str]:
    """These distributions and all that they require here."""
    from packaging.requirements import Requirement

    found: set[str] = set()
    left = [_plain(name) for name in names]
    while left:
        name = left.pop()
        if name in found:
            continue
        found.add(name)
        needs = (Requirement(text) for text in metadata.requires(name) or ())
        left += [_plain(one.name) for one in needs if one.marker is None or one.marker.evaluate({"extra": ""})]
    return found


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _files(names: Iterable[str]) -> Iterable[tuple[Path, Path]]:
    for name in names:
        for file in metadata.files(name) or ():
            if ".." not in file.parts:
                yield Path(str(file)), Path(str(file.locate()))


def _linked(folder: Path, files: Iterable[tuple[Path, Path]]) -> Path:
    for name, place in files:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            target.symlink_to(place)
    return folder


if __name__ == "__main__":
    for given in sys.argv[1:]:
        print(given, *index(Path(given)))
