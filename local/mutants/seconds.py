"""A pytest plugin that notes beside the coverage data how much CPU time each test takes; a file for each worker."""

import json
import os
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from local.mutants.coverage_map import SECONDS

_taken: dict[str, float | None] = {}  # None: it failed


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    began = time.process_time()
    try:
        return (yield)
    finally:
        _taken[item.nodeid] = None if item.nodeid in _taken else time.process_time() - began


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed:
        _taken[report.nodeid] = None


def pytest_sessionfinish() -> None:
    data = os.environ.get("COVERAGE_FILE")
    if data and _taken:
        Path(f"{data}{SECONDS}-{os.getpid()}").write_text(json.dumps(_taken), encoding="utf-8")
