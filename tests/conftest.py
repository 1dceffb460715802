"""Fixtures that more than one test module uses."""

from collections.abc import Iterator

import pytest

from local.azurite import Azurite


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """Queue and table storage for the session, in memory. Tests share it: each names its own queues and tables."""
    with Azurite(tmp_path_factory.mktemp("azurite"), in_memory=True) as running:
        yield running
