"""What the tests of a restore's beginning share: an Azure with two regions, and a restore that has its turn."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from shared.azure.port import Taken, VaultFacts
from shared.domain.events import Event, Refused, ValidationStarted
from shared.domain.restore import AzureError, Restore
from shared.domain.values import iso
from shared.workflow.validation import begin
from tests.kits.fake_azure import FakeAzure
from tests.kits.fakes import START
from tests.kits.stories import now_is
from tests.kits.world import World, running

DAY = 24 * 3600
STORE = {"type": "VaultStore", "state": "COMMITTED", "visible": True, "expiryTime": "2030-01-01T00:00:00Z"}
GEO = VaultFacts("westeurope", "northeurope", "Enabled", "Enabled")
GUARDS = ("/guards/of-the-vault",)
ASKED_GUARD = (
    "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg/providers/Microsoft.DataProtection"
    "/resourceGuards/guard/dppTriggerRestoreRequests/default"
)


def point(name: str, hours_ago: float) -> dict[str, Any]:
    time = iso(START - timedelta(hours=hours_ago))
    return {"name": name, "properties": {"recoveryPointTime": time, "recoveryPointDataStoresDetails": [STORE]}}


@dataclass
class Telling(FakeAzure):
    """An Azure whose two regions, vaults and points can be told apart."""

    filters: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    facts: VaultFacts = GEO
    taken: Taken | None = None

    def vault(self, vault: str) -> VaultFacts:
        self._called("vault", vault)
        return self.facts

    def points(self, instance: str, odata: str) -> list[Any]:
        self._called("points", instance)
        self.filters.append(odata)
        until = re.search(r"endDate eq '([^']+)'", odata)
        listed = [point("old", 30), point("new", 1)]
        before = [one for one in listed if until is None or one["properties"]["recoveryPointTime"] <= until[1]]
        return [*before, {"name": "unreadable"}]

    def secondary_points(self, instance: str, facts: VaultFacts) -> list[Any]:
        self._called("secondary_points", f"{facts.secondary}")
        return [point("far-old", 30), point("far-new", 7)]

    def guard_requests(self, vault: str) -> tuple[str, ...]:
        self._called("guard_requests", vault)
        return GUARDS

    def validate(self, restore: Restore, attempt: int) -> Taken:
        self.bodies.append(restore)
        self.numbers.append(attempt)
        usual = super().validate(restore, attempt)
        return self.taken or usual


def told(**more: Any) -> tuple[World, Telling]:
    world = World()
    azure = Telling(world.clock, **more)
    world.azure = azure
    return world, azure


def with_turn(world: World, **asked: Any) -> Restore:
    one = running(world, world.process(), **asked)
    return now_is(world, one).model_copy(update={"turn_at": world.clock.now()})


def begun(world: World, restore: Restore) -> ValidationStarted:
    event = begin(world.process().parts, restore)
    assert isinstance(event, ValidationStarted)
    return event


def refused(event: Event | None) -> AzureError:
    assert isinstance(event, Refused)
    return event.error
