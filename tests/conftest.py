"""Fixtures that more than one test module uses."""

import signal
from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from hypothesis import settings

from local.stack.azurite import Azurite

settings.register_profile("untimed", deadline=None)  # a busy machine is no fault
settings.load_profile("untimed")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell starts what runs in its background so
    signal.signal(signal.SIGINT, signal.default_int_handler)  # but what the tests start and interrupt hears Ctrl-C


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: starts servers or other processes; `test --fast` leaves it out")


# Modules that take a minute and more begin first, so that no worker is left alone with one at the end.
LONGEST = (
    "tests/stack/test_chaos",
    "tests/stack/test_mishaps",
    "tests/infra/test_compiler",
    "tests/hostile/test_schema",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))
    for item in items:
        if "azurite" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


class Reporter(Protocol):
    """What is used of pytest's terminal."""

    stats: dict[str, list[Any]]

    def section(self, title: str, sep: str = "=", **markup: bool) -> None: ...
    def write_line(self, line: str | bytes, **markup: bool) -> None: ...


def pytest_terminal_summary(terminalreporter: Reporter) -> None:
    """What tests have to say beside passing (their property `said`), also where workers ran them."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    said = [text for report in reports for name, text in report.user_properties if name == "said"]
    if said:
        terminalreporter.section("counted")
        for text in said:
            terminalreporter.write_line(text)


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """Queue and table storage for the session, in memory. Tests share it: each names its own queues and tables."""
    with Azurite(tmp_path_factory.mktemp("azurite"), in_memory=True) as running:
        yield running
