"""The five POSTs of cross-region restore: what they need, what they start, and where their jobs can be seen."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.emulator.world.seed import Instance, Point, Seed, Vault
from tests.kits.emulator_kit import FLEX, GEO, PG, Azure, Json, as_files, instance_path, vault_path

REGION = f"{vault_path(GEO).partition('/backupVaults')[0]}/locations/centralus"
ORDERS = GEO.instances[0]
OF_ORDERS = {"sourceRegion": "eastus2", "sourceBackupInstanceId": instance_path(GEO, ORDERS)}


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    with Azure(tmp_path_factory.mktemp("cross-region")) as running:
        yield running


def test_across_regions(azure: Azure) -> None:
    points = azure.post(f"{REGION}/fetchSecondaryRecoveryPoints", OF_ORDERS).json()["value"]
    body = {"restoreRequestObject": as_files(points[0]["name"]), "crossRegionRestoreDetails": OF_ORDERS}
    validated = azure.post(f"{REGION}/validateCrossRegionRestore", body)
    assert "/locations/centralus/operationStatus/" in validated.headers["Azure-AsyncOperation"]
    assert azure.followed(validated, 45)["status"] == "Succeeded"
    job = azure.followed(azure.post(f"{REGION}/crossRegionRestore", body), 3)["properties"]["jobId"]
    assert "/" not in job
    assert azure.get(f"{vault_path(GEO)}/backupJobs/{job}").status_code == 404
    assert job not in [each["name"] for each in azure.get(f"{vault_path(GEO)}/backupJobs").json()["value"]]
    of_vault = {"sourceRegion": "eastus2", "sourceBackupVaultId": vault_path(GEO)}
    found = azure.post(f"{REGION}/fetchCrossRegionRestoreJob", {**of_vault, "jobId": job}).json()
    assert found["properties"]["operationCategory"] == "CrossRegionRestore"


@pytest.mark.parametrize(
    ("path", "details", "expected"),
    [
        (REGION, OF_ORDERS | {"sourceRegion": "westus"}, 400),
        (REGION, OF_ORDERS | {"sourceBackupInstanceId": instance_path(FLEX, PG)}, 404),
        (REGION, {"sourceRegion": "eastus2"}, 400),
        (REGION.replace("centralus", "westus"), OF_ORDERS, 400),
    ],
)
def test_across_the_wrong_regions(azure: Azure, path: str, details: Json, expected: int) -> None:
    assert azure.post(f"{path}/fetchSecondaryRecoveryPoints", details).status_code == expected


def test_a_point_reaches_the_second_region_late(tmp_path: Path) -> None:
    young = Instance(
        server="young", group="geoRG", location="eastus2", points=(Point(age_hours=11), Point(age_hours=13))
    )
    vault = Vault(
        name="geo2",
        group="geoRG",
        location="eastus2",
        instances=(young,),
        replicated_regions=("centralus",),
        cross_region="Enabled",
    )
    with Azure(tmp_path, Seed(vaults=(vault,))) as azure:
        here = azure.points(vault, young)
        details = {"sourceRegion": "eastus2", "sourceBackupInstanceId": instance_path(vault, young)}
        there = azure.post(f"{REGION}/fetchSecondaryRecoveryPoints", details).json()["value"]
        assert [each["name"] for each in there] == [here[1]["name"]]
        body = {"restoreRequestObject": as_files(here[0]["name"]), "crossRegionRestoreDetails": details}
        assert azure.post(f"{REGION}/crossRegionRestore", body).status_code == 404
