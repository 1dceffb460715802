"""Runs the tests against one fault, in a copy of the tree."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.mutants.mutations import Mutant

FIRST_TESTS = 40  # most faults fall to a few tests; only survivors meet all of them
START, SLOWER = 10.0, 3.0  # CPU seconds to start, and how much longer the tests may take with a fault
BUSY = 30.0  # ... and how much longer that may be by the clock, on a busy machine
MOST_SECONDS = 30.0  # CPU of the tests of a fault, as they take it without one; the slowest are left out
FORKS = Path(__file__).with_name("forks.py")
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

    def __init__(self, folder: Path, seconds: Mapping[str, float], start: float = START) -> None:
        self.folder, self._seconds, self._start = folder, seconds, start
        quiet = {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        self._forks = subprocess.Popen(
            [sys.executable, "-P", str(FORKS)], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **quiet},
        )  # fmt: skip

    def close(self) -> None:
        self._forks.communicate()

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
        cpu = self._start + SLOWER * sum(self._seconds.get(test, 0.0) for test in tests)
        arguments = ["-x", "-q", "-p", "no:cacheprovider", *more, f"@{listed}"]
        assert self._forks.stdin
        assert self._forks.stdout
        self._forks.stdin.write(json.dumps({"arguments": arguments, "cpu": cpu, "wall": BUSY * cpu}) + "\n")
        self._forks.stdin.flush()
        return int(self._forks.stdout.readline())
