"""What Azure cannot do is refused before it is asked: why, and what to do instead."""

from typing import Any

import pytest

from shared.azure.limits import impossible
from shared.azure.port import VaultFacts
from shared.domain.restore import Datasource, Plan
from tests.kits.restores import CONTAINER_ID, DATABASE, FILES, FLEXIBLE, SERVER, SINGLE, SUBSCRIPTION, a_restore

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


def refused(plan: Plan, vault: VaultFacts, **changes: Any) -> str | None:
    found = impossible(a_restore(**changes), plan, SINGLE, vault)
    return found.code if found else None


def elsewhere(text: str | None) -> str:
    return str(text).replace("11111111", "99999999")


@pytest.mark.parametrize(
    ("state", "plan", "code"),
    [
        ("Enabled", FILES.model_copy(update={"container_id": None}), None),
        (None, FILES.model_copy(update={"container_id": None}), None),
        ("Disabled", FILES.model_copy(update={"container_id": None}), "ContainerIdNeeded"),
        ("Disabled", FILES, None),
        (
            "PermanentlyDisabled",
            FILES.model_copy(update={"container_id": elsewhere(CONTAINER_ID)}),
            "OtherSubscription",
        ),
        ("Disabled", DATABASE, None),
        ("Disabled", DATABASE.model_copy(update={"server": elsewhere(DATABASE.server)}), "OtherSubscription"),
        ("Enabled", DATABASE.model_copy(update={"server": elsewhere(DATABASE.server)}), None),
    ],
)
def test_a_vault_that_restores_to_its_own_subscription_alone(state: str | None, plan: Plan, code: str | None) -> None:
    assert refused(plan, VaultFacts("westus", None, state)) == code


@pytest.mark.parametrize(
    ("vault", "location", "cross_region", "code"),
    [
        (VaultFacts("westus", "eastus"), "westus", False, None),
        (VaultFacts("westus", "eastus"), "eastus", False, "OtherRegion"),
        (VaultFacts("westus", "eastus"), "northeurope", False, None),
        (VaultFacts("westus", "westus"), "westus", False, None),
        (VaultFacts("westus", None), None, False, None),
        (VaultFacts("westus", "eastus", None, "Enabled"), "eastus", True, None),
        (VaultFacts("westus", "eastus", None, "enabled"), "eastus", True, None),
        (VaultFacts("westus", "eastus", None, "Enabled"), "westus", True, "OtherRegion"),
        (VaultFacts("westus", "eastus", None, "Disabled"), "eastus", True, "CrossRegionRestoreNotEnabled"),
        (VaultFacts("westus", "eastus", None, None), "eastus", True, "CrossRegionRestoreNotEnabled"),
        (VaultFacts("westus", None, None, "Enabled"), "eastus", True, "CrossRegionRestoreNotEnabled"),
    ],
)
def test_the_region_that_a_vault_can_restore_to(
    vault: VaultFacts, location: str | None, cross_region: bool, code: str | None
) -> None:
    assert refused(FILES.model_copy(update={"location": location}), vault, cross_region=cross_region) == code
