"""Fixtures of the stories."""

import logging
from collections.abc import Callable, Iterator

import pytest


@pytest.fixture
def quiet_log() -> Iterator[None]:
    logging.getLogger("desk").setLevel(logging.CRITICAL + 1)
    yield
    logging.getLogger("desk").setLevel(logging.NOTSET)


@pytest.fixture
def tried(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Has the run's closing part say how many points were tried (tests/conftest.py), whatever pytest captures."""
    return lambda text: request.node.user_properties.append(("said", text))
