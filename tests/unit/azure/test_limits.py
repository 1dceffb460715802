"""What Azure cannot do is refused before it is asked: why, and what to do instead."""

from typing import Any

import pytest

from shared.azure.limits import impossible
from shared.azure.port import VaultFacts
from shared.domain.restore import Datasource, Plan
from tests.kits.restores import (
    CONTAINER_ID,
    DATABASE,
    FILES,
    FLEXIBLE,
    SERVER,
    SINGLE,
    SUBSCRIPTION,
    a_restore,
)

ELSEWHERE = "99999999-2222-3333-4444-555555555555"
GEO = {"secondary": "eastus", "cross_region": "Enabled"}
OWN_SERVER = SINGLE.id.split("/databases/")[0]


def facts(**changes: str) -> VaultFacts:
    return VaultFacts(**{"location": "westus", **changes})


def plan(base: Plan = FILES, **changes: Any) -> Plan:
    return base.model_copy(update=changes)


POSSIBLE: list[tuple[str, Plan, Datasource, VaultFacts, bool]] = [
    ("files of a flexible server", FILES, FLEXIBLE, facts(), False),
    ("files of a single server", FILES, SINGLE, facts(), False),
    ("a database of a single server", DATABASE, SINGLE, facts(), False),
    ("beside the source", plan(DATABASE, server=OWN_SERVER), SINGLE, facts(), False),
    ("to the second region", plan(location="eastus"), FLEXIBLE, facts(**GEO), True),
    ("without the container's id", plan(container_id=None), FLEXIBLE, facts(cross_subscription="Enabled"), False),
    ("in the vault's subscription", FILES, FLEXIBLE, facts(cross_subscription="Disabled"), False),
    ("a location that is not the vault's", plan(location="northeurope"), FLEXIBLE, facts(), False),
]


@pytest.mark.parametrize(
    ("asked", "source", "vault", "across"), [r[1:] for r in POSSIBLE], ids=[r[0] for r in POSSIBLE]
)
def test_what_is_possible(asked: Plan, source: Datasource, vault: VaultFacts, across: bool) -> None:
    assert impossible(a_restore(cross_region=across), asked, source, vault) is None


IMPOSSIBLE: list[tuple[str, Plan, Datasource, VaultFacts, bool, str, str]] = [
    ("FlexibleServerTakesFilesOnly", DATABASE, FLEXIBLE, facts(), False, "as files only", "pg_restore"),
    ("TargetIsTheSource", plan(DATABASE, server=OWN_SERVER, database="EMP"), SINGLE, facts(), False,
     "never restores over it", "does not exist yet"),
    ("OtherRegion", plan(location="eastus"), FLEXIBLE, facts(**GEO), False, "secondary region", '"crossRegion": true'),
    ("OtherRegion", plan(location="northeurope"), FLEXIBLE, facts(**GEO), True, "goes to eastus", "say eastus"),
    ("OtherRegion", plan(DATABASE, server=OWN_SERVER, location="northeurope"), SINGLE, facts(), False,
     "is in westus", '"location": "westus"'),
    ("CrossRegionRestoreNotEnabled", plan(location="eastus"), FLEXIBLE, facts(), True, "no secondary", "enable"),
    ("CrossRegionRestoreNotEnabled", plan(location="eastus"), FLEXIBLE,
     facts(secondary="eastus", cross_region="Disabled"), True, "not geo-redundant", "own region"),
    ("ContainerIdNeeded", plan(container_id=None), FLEXIBLE, facts(cross_subscription="PermanentlyDisabled"), False,
     "permanently disabled on this vault, so Azure needs the container's ARM id", "/blobServices/default/containers/"),
    ("OtherSubscription", plan(container_id=CONTAINER_ID.replace(SUBSCRIPTION, ELSEWHERE)), FLEXIBLE,
     facts(cross_subscription="Disabled"), False, "in another subscription", "enable cross-subscription"),
    ("OtherSubscription", plan(container_id=CONTAINER_ID.replace(SUBSCRIPTION, ELSEWHERE)), FLEXIBLE,
     facts(cross_subscription="PermanentlyDisabled"), False, "permanently disabled", "in the vault's subscription."),
    ("OtherSubscription", plan(DATABASE, server=SERVER.replace(SUBSCRIPTION, ELSEWHERE)), SINGLE,
     facts(cross_subscription="disabled"), False, "in another subscription", "Choose a target"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "asked", "source", "vault", "across", "why", "instead"), IMPOSSIBLE)
def test_what_is_not_says_why_and_what_instead(
    code: str, asked: Plan, source: Datasource, vault: VaultFacts, across: bool, why: str, instead: str
) -> None:
    fault = impossible(a_restore(cross_region=across), asked, source, vault)
    assert fault
    assert (fault.code, fault.stage) == (code, "request")
    assert why in fault.message
    assert instead in " ".join(fault.recommended_action)
