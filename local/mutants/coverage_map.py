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

CORE = ("domain", "azure", "storage", "wire", "workflow", "sweep", "notices", "tickets", "config")
SECONDS = ".seconds"  # beside the data: CPU time of each test
MOST_FAILED = 0.005  # of the tests: one that a busy machine breaks is left out
HOUSE = "tests/unit/test_architecture.py"  # reads the modules, runs none


class TestsFailed(RuntimeError):
    """The tests fail without any fault of ours, so that none could be seen."""


def measure(root: Path, data: Path, which: Iterable[str]) -> None:
    """Runs the tests once, side by side, and notes for each line which tests ran it."""
    line = [sys.executable, "-m", "pytest", "-q", "-n", str(os.process_cpu_count() or 1), *which]
    line += ["--cov=shared", "--cov-context=test", "--cov-report=", "-p", "no:cacheprovider"]
    line += ["-p", "local.mutants.seconds"]
    done = subprocess.run(line, cwd=root, env={**os.environ, "COVERAGE_FILE": str(data)}, check=False)
    if done.returncode not in (0, 1):
        raise TestsFailed("the tests cannot be run: mend them first")
    tests = tests_of(data)
    failed = sorted(test for test, seconds in tests.items() if seconds is None)
    if len(failed) > len(tests) * MOST_FAILED:
        raise TestsFailed(f"{len(failed)} tests fail without any fault of ours: mend them first")
    for test in failed:
        print(f"fails without any fault of ours, and is left out: {test}")


def tests_of(data: Path) -> dict[str, float | None]:
    """The tests of a measured run, each with its CPU time; None: it failed."""
    noted = [json.loads(path.read_text(encoding="utf-8")) for path in data.parent.glob(f"{data.name}{SECONDS}-*")]
    return {test: taken for part in noted for test, taken in part.items()}


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
        self.seconds: Mapping[str, float] = {t: taken for t, taken in tests_of(data).items() if taken is not None}
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
        return _spread((test for test in found if test in self.seconds), self.seconds)

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
