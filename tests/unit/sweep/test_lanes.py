"""A channel's lane that breaks says so, and is there again in the next round."""

from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest

from shared.composition.once import Later
from shared.notices.delivery_round import DeliveryRound
from shared.sweep.lanes import Deliverer, Lanes
from tests.unit.notices.delivery_kit import a_notice


def test_a_notifier_that_cannot_be_built_is_said_and_holds_the_lane_in_no_later_round(
    caplog: pytest.LogCaptureFixture,
) -> None:
    built: list[int] = []

    def build() -> object:
        built.append(1)
        raise ImportError("no such module")

    with ThreadPoolExecutor(1) as pool:
        lanes = Lanes(cast("Deliverer", Later(build)), pool)
        for _ in range(2):
            lanes.put([a_notice()], DeliveryRound(), lambda: False)
            lanes.wait(5)
    assert len(built) == 2
    assert caplog.text.count("wait for the next round: ImportError") == 2
