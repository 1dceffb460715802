"""Knows which tests run which lines of the core rooms, from one run of the tests under coverage."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from coverage import CoverageData

CORE = ("domain", "azure", "storage", "workflow", "sweep", "notices", "tickets", "config")


class TestsFailed(RuntimeError):
    """The tests fail without any fault of ours, so a fault could not be told."""


def measure(root: Path, data: Path, tests: Iterable[str]) -> None:
    """Runs the tests once, side by side, and notes for each line which tests ran it."""
    line = [sys.executable, "-m", "pytest", "-q", "-n", str(os.process_cpu_count() or 1), *tests]
    line += ["--cov=shared", "--cov-context=test", "--cov-report=", "-p", "no:cacheprovider"]
    done = subprocess.run(line, cwd=root, env={**os.environ, "COVERAGE_FILE": str(data)}, check=False)
    if done.returncode != 0:
        raise TestsFailed("the tests fail without any fault of ours: mend them first")


class CoverageMap:
    """Lines to tests, read from the data of `measure`."""

    def __init__(self, data: Path, root: Path) -> None:
        self._data = CoverageData(str(data))
        self._data.read()
        self._root = root
        self._files: Mapping[str, str] = {
            str(Path(name).relative_to(root)): name
            for name in self._data.measured_files()
            if name.startswith(str(root))
        }

    def tests(self, path: str, line: int) -> list[str]:
        """The tests that run a line, unit tests first, then by name. What runs at import runs before all tests: the
        tests of its room try it, and the crash points."""
        name = self._files.get(path)
        if name is None:
            return []
        contexts = self._data.contexts_by_lineno(name).get(line, [])
        if at_import((self._root / path).read_text(encoding="utf-8"), line):
            wide = (f"tests/unit/{path.split('/')[1]}/", "tests/stories/test_crash_points.py")
            contexts = [*contexts, *(context for context in self._data.measured_contexts() if context.startswith(wide))]
        found = {
            context.rpartition("|")[0] for context in contexts if context
        }  # "<test>|run"; a test's id may hold a bar
        return sorted(found, key=lambda test: (not test.startswith("tests/unit"), test))


def at_import(source: str, line: int) -> bool:
    """Whether a line is in no function's body: a module's or a class's own."""
    functions = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef))
    return not any(node.body[0].lineno <= line <= (node.end_lineno or 0) for node in functions)
