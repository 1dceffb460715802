"""Knows the checks of `python3 -m local test`: lint, format, types, then the tests, whose closing line is the last."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Protocol

import pytest

from local.build.bicep import MISSING, compiler
from local.build.unrun import check
from local.host.process import ROOT

CHECKS = {
    "ruff check": ("ruff", "check"),
    "ruff format --check": ("ruff", "format", "--check"),
    "mypy --strict": ("mypy",),
}


class Reporter(Protocol):
    """What is used of pytest's terminal."""

    def section(self, title: str, sep: str = "=", **markup: bool) -> None: ...
    def write_line(self, line: str | bytes, **markup: bool) -> None: ...


class Verdicts:
    """A pytest plugin that says above pytest's closing line which earlier checks failed."""

    def __init__(self, failed: Sequence[str]) -> None:
        self._failed = failed

    def pytest_terminal_summary(self, terminalreporter: Reporter) -> None:
        if self._failed:
            terminalreporter.section("before the tests", red=True)
            for name in self._failed:
                terminalreporter.write_line(f"FAILED {name} (its words are at the top)")


def passes(name: str, arguments: Sequence[str]) -> bool:
    """Runs one check; its output is shown only when it fails."""
    print(f"{name} ...", end=" ", flush=True)
    began = time.monotonic()
    nowhere, pipe = subprocess.DEVNULL, subprocess.PIPE
    line = [sys.executable, "-m", *arguments]
    done = subprocess.run(line, stdin=nowhere, stdout=pipe, stderr=subprocess.STDOUT, text=True, check=False)
    print(f"{'ok' if done.returncode == 0 else 'FAILED'} ({time.monotonic() - began:.1f} s)", flush=True)
    if done.returncode != 0:
        print(done.stdout, flush=True)
    return done.returncode == 0


def main(argv: Sequence[str]) -> int:
    """0 only if all passed; a failed check does not keep the others from running."""
    parser = argparse.ArgumentParser(
        prog="python3 -m local test", description="ruff, mypy and pytest.", allow_abbrev=False
    )
    parser.add_argument("--fast", action="store_true", help="without the tests that start servers (needs no Node)")
    parser.epilog = "Everything else is handed to pytest: tests/stack/test_cli.py -k name -x"
    chosen, for_pytest = parser.parse_known_args(argv)
    failed = [name for name, arguments in CHECKS.items() if not passes(name, arguments)]
    print(f"bicep: {' '.join(compiler() or (MISSING,))}", flush=True)
    print("pytest ...", flush=True)
    if for_pytest or chosen.fast:
        fast = ["-m", "not slow"] if chosen.fast else []
        return int(pytest.main([*fast, *for_pytest], plugins=[Verdicts(failed)])) or int(bool(failed))
    return _all(failed)


def _all(failed: list[str]) -> int:
    """Every test, side by side; then the lines of the core rooms that none of them ran: one without a reason in
    tests/unrun_lines.toml is a fault."""
    data = ROOT / ".local" / "coverage"
    os.environ |= {"COVERAGE_FILE": str(data), "COVERAGE_CORE": "sysmon"}
    workers = str(min(os.process_cpu_count() or 1, 4) + 1)  # one more than cores: some tests wait for servers
    side_by_side = [
        "-n",
        workers,
        "--dist",
        "loadscope",
        "--no-loadscope-reorder",
        "--cov=shared",
        "--cov-report=",
    ]  # slow modules side by side
    code = pytest.main(side_by_side, plugins=[Verdicts(failed)])
    everything_ran = check(data)
    return int(code) or int(bool(failed) or not everything_ran)
