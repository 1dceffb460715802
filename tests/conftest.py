"""Fixtures that more than one test module uses."""

from collections.abc import Iterator

import pytest

from local.azurite import Azurite


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: starts servers or other processes; `test --fast` leaves it out")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "azurite" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """Queue and table storage for the session, in memory. Tests share it: each names its own queues and tables."""
    with Azurite(tmp_path_factory.mktemp("azurite"), in_memory=True) as running:
        yield running
