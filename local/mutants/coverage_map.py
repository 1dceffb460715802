"""Knows which tests run which lines of the core rooms, and for how long, from one run of the tests under coverage."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from coverage import CoverageData

CORE = ("domain", "azure", "storage", "workflow", "sweep", "notices", "tickets", "config")
SECONDS = ".seconds"  # beside the data: how long each test took
HOUSE = "tests/unit/test_architecture.py"  # reads the modules, runs none


class TestsFailed(RuntimeError):
    """The tests fail without any fault of ours, so a fault could not be told."""


def measure(root: Path, data: Path, tests: Iterable[str]) -> None:
    """Runs the tests once, side by side, and notes for each line which tests ran it."""
    line = [sys.executable, "-m", "pytest", "-q", "-n", str(os.process_cpu_count() or 1), *tests]
    line += ["--cov=shared", "--cov-context=test", "--cov-report=", "-p", "no:cacheprovider"]
    line += ["-p", "local.mutants.seconds"]
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
        noted = Path(f"{data}{SECONDS}")
        self.seconds: Mapping[str, float] = json.loads(noted.read_text(encoding="utf-8")) if noted.exists() else {}
        self._tests = cache(self._tests_of)

    def tests(self, path: str, line: int) -> list[str]:
        """The tests that run a line, the quickest of each test function first. What runs at import runs before all
        tests: the tests of its room try it, and those that run a line of the core rooms which names what it defines."""
        if path not in self._files:
            return []
        found = set(self._tests(path, line))
        source = (self._root / path).read_text(encoding="utf-8")
        if at_import(source, line):
            wide = (f"tests/unit/{path.split('/')[1]}/", HOUSE)
            found |= {test for test in self.seconds if test.startswith(wide)}
            found |= {test for name in defined(source, line) for test in self._tests_naming(name)}
        return _spread(found, self.seconds)

    def _tests_of(self, path: str, line: int) -> frozenset[str]:
        contexts = self._data.contexts_by_lineno(self._files[path]).get(line, [])
        return frozenset(_test(context) for context in contexts if context)

    def _tests_naming(self, name: str) -> Iterator[str]:
        for path in self._files:
            for number, text in enumerate((self._root / path).read_text(encoding="utf-8").splitlines(), 1):
                if re.search(rf"\b{re.escape(name)}\b", text):
                    yield from self._tests(path, number)


def _test(context: str) -> str:
    """`<test>|run`; a test's id may hold a bar."""
    return context.rpartition("|")[0]


def _spread(tests: Iterable[str], seconds: Mapping[str, float]) -> list[str]:
    """The quickest first; of a test function with many cases one after the other functions had theirs."""
    turns: dict[str, int] = {}
    placed = []
    for test in sorted(tests, key=lambda test: (seconds.get(test, 0.0), test)):
        function = test.partition("[")[0]
        turns[function] = turn = turns.get(function, -1) + 1
        placed.append((turn // 3, seconds.get(test, 0.0), test))
    return [test for _, _, test in sorted(placed)]


def at_import(source: str, line: int) -> bool:
    """Whether a line is in no function's body: a module's or a class's own."""
    functions = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef))
    return not any(node.body[0].lineno <= line <= (node.end_lineno or 0) for node in functions)


def defined(source: str, line: int) -> set[str]:
    """The names that the innermost assignment or class around a line defines."""
    around = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.ClassDef | ast.FunctionDef)
        and node.lineno <= line <= (node.end_lineno or 0)
    ]
    if not around:
        return set()
    inner = min(around, key=lambda node: (node.end_lineno or 0) - node.lineno)
    if isinstance(inner, ast.ClassDef | ast.FunctionDef):
        return {inner.name}
    targets = inner.targets if isinstance(inner, ast.Assign) else [inner.target]
    return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}
