"""A sample of the disturbed verifications of `verification_story.py`: none ends wrong."""

import logging
from collections.abc import Iterator

import pytest

from tests.stories.verification_disorder import orders
from tests.stories.verification_story import broken, pairs, play, singles


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_every_call_of_desk_and_loader_broken_alone() -> None:
    names = play({})[2].names
    assert {"store.commit", "loads.send", "loader.take", "loader.answer", "loader.delete"} <= set(names)
    count, found = broken(singles())
    assert count == len(names) * 5
    assert found == []


def test_pairs_of_calls_broken() -> None:
    assert broken(pairs(60))[1] == []


def test_random_orders_of_all_that_can_happen() -> None:
    assert orders(range(40)) == []
