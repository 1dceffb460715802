"""Runs the tests against one fault, in a copy of the tree."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.mutants.mutations import Mutant

FIRST_TESTS = 40  # most faults fall to a few tests; only survivors meet all of them
START, SLOWER = 60.0, 6.0  # seconds to start, and how much longer than alone the tests may take on a busy machine
MOST_SECONDS = 45.0  # of tests, by their time without a fault; the slowest are left out
NOT_FOUND = (4, 5)  # of pytest: a usage error, or no test; a fault may hide a test, a wrong id is no fault found


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
    """A copy of the tree that takes one fault at a time; `seconds`: how long each test takes without a fault."""

    def __init__(self, folder: Path, seconds: Mapping[str, float]) -> None:
        self.folder, self._seconds = folder, seconds

    def try_out(self, mutant: Mutant, tests: Sequence[str]) -> Trial:
        """Killed when a test fails or never ends; survivors of the first tests meet all that run the line. LookupError
        where the tests cannot be found without the fault either."""
        tests = self._afforded(tests)
        if not tests:
            return Trial(mutant, "not run", 0)
        path = self.folder / mutant.path
        whole, times = path.read_text(encoding="utf-8"), path.stat()
        path.write_text(mutant.source, encoding="utf-8")
        os.utime(path, (times.st_atime, times.st_mtime + 10))  # no compiled file is of this second
        try:
            code = self._run(tests[:FIRST_TESTS])
            if code == 0 and len(tests) > FIRST_TESTS:
                code = self._run(tests[FIRST_TESTS:])
        finally:
            path.write_text(whole, encoding="utf-8")
            os.utime(path, (times.st_atime, times.st_mtime))
        if code in NOT_FOUND and self._run(tests, "--collect-only") != 0:
            raise LookupError(f"pytest does not find these tests: {tests}")
        return Trial(mutant, "killed" if code else "survived", len(tests))

    def _afforded(self, tests: Sequence[str]) -> list[str]:
        """As many as there is time for: without the slowest of them."""
        found, left = set[str](), MOST_SECONDS
        for test in sorted(tests, key=lambda test: self._seconds.get(test, 0.0)):
            left -= self._seconds.get(test, 0.0)
            if left < 0 and found:
                break
            found.add(test)
        return [test for test in tests if test in found]

    def _run(self, tests: Sequence[str], *more: str) -> int:
        """Pytest's exit code; -1 where the tests do not end in time."""
        listed = self.folder / ".chosen-tests"
        listed.write_text("\n".join(tests) + "\n", encoding="utf-8")
        line = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *more, f"@{listed}"]
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(
            line, cwd=self.folder, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
        try:
            return process.wait(START + SLOWER * sum(self._seconds.get(test, 0.0) for test in tests))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return -1
