"""A pytest plugin that notes beside the coverage data how long each test took."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from local.mutants.coverage_map import SECONDS

_taken = Counter[str]()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Also of tests that a worker ran."""
    if report.when != "teardown":
        _taken[report.nodeid] += report.duration  # type: ignore[assignment]  # a Counter takes fractions


def pytest_sessionfinish(session: pytest.Session) -> None:
    data = os.environ.get("COVERAGE_FILE")
    if data and not hasattr(session.config, "workerinput"):
        Path(f"{data}{SECONDS}").write_text(json.dumps(_taken), encoding="utf-8")
