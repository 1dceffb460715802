"""Runs the tests against one fault, in a copy of the tree."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local.mutants.mutations import Mutant

FIRST_TESTS = 30  # most faults fall to a few tests; only survivors meet all of them
FIRST_SECONDS, ALL_SECONDS = 60, 240


def copy_tree(root: Path, into: Path) -> Path:
    """What git knows of the tree; what is installed is linked."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (root / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, into / name)
    (into / "local" / "npm" / "node_modules").symlink_to(root / "local" / "npm" / "node_modules")
    return into


@dataclass(frozen=True)
class Trial:
    """One fault and how it ended: killed, survived, or not run by any test."""

    mutant: Mutant
    ended: str
    tests: int


class Tree:
    """A copy of the tree that takes one fault at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def try_out(self, mutant: Mutant, tests: Sequence[str]) -> Trial:
        """Killed when a test fails or never ends; survivors of the first tests meet all that run the line."""
        if not tests:
            return Trial(mutant, "not run", 0)
        path = self.folder / mutant.path
        whole = path.read_text(encoding="utf-8")
        path.write_text(mutant.source, encoding="utf-8")
        try:
            killed = self._fails(tests[:FIRST_TESTS], FIRST_SECONDS) or (
                len(tests) > FIRST_TESTS and self._fails(tests[FIRST_TESTS:], ALL_SECONDS)
            )
        finally:
            path.write_text(whole, encoding="utf-8")
        return Trial(mutant, "killed" if killed else "survived", len(tests))

    def _fails(self, tests: Sequence[str], seconds: float) -> bool:
        listed = self.folder / ".chosen-tests"
        listed.write_text("\n".join(tests) + "\n", encoding="utf-8")
        line = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"@{listed}"]
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(
            line, cwd=self.folder, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
        try:
            return process.wait(seconds) != 0
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return True
