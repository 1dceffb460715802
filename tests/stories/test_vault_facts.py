"""What a vault did not allow yesterday is read anew before a request is refused by it."""

from dataclasses import replace

import pytest

from shared.azure.port import VaultFacts
from shared.domain.restore import Phase
from tests.kits.fake_azure import FakeAzure
from tests.kits.stories import now_is
from tests.kits.world import World, running


class Switched(FakeAzure):
    """A vault whose cross-region restore is off until somebody turns it on."""

    on: bool = False

    def vault(self, vault: str) -> VaultFacts:
        facts = super().vault(vault)
        return facts if self.on else replace(facts, cross_region="Disabled")


@pytest.mark.parametrize("on", [True, False])
def test_a_negative_fact_is_read_anew_before_it_refuses(on: bool) -> None:
    world = World()
    azure = Switched(world.clock)
    world.azure = azure
    running(world, world.process(), key="before")
    world.settle(world.process())
    azure.on = on
    one = running(world, world.process(), key="now", crossRegion=True)
    world.settle(world.process())
    assert now_is(world, one).phase is (Phase.SUCCEEDED if on else Phase.REFUSED)
    assert azure.count("vault") == 2
