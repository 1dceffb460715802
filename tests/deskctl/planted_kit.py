"""Seeds of a world with one part changed, for the doctor's faults."""

from dataclasses import replace

from deskctl.doctor.roles import OPERATES, READS, READS_JOBS, READS_SECRETS, WRITES_BLOBS
from local.emulator.world.seed import SUBSCRIPTION, Resource, Seed
from tests.kits.doctor_kit import ACCOUNT, CONTAINER_ID, SECRET, SERVER, healthy, with_resources
from tests.kits.emulator_kit import FLEX, WORLD


def account(**about: object) -> Seed:
    return with_resources(healthy(), Resource(id=ACCOUNT, location="East US 2", about=about))


def container(**about: object) -> Seed:
    return with_resources(healthy(), Resource(id=CONTAINER_ID, about=about))


def secret(**attributes: object) -> Seed:
    return with_resources(AT_HOME, Resource(id=SECRET, about={"attributes": attributes}))


def custom(seed: Seed, without: str = "") -> Seed:
    """Every built-in role is one of our own instead, with the actions that count, but for one that is left out."""
    made: list[Resource] = []
    ids: dict[str, str] = {}
    for n, role in enumerate((OPERATES, READS_JOBS, WRITES_BLOBS, READS_SECRETS, READS)):
        ids.setdefault(role.id, f"00000000-0000-0000-0000-00000000000{n}")
        path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{ids[role.id]}"
        actions = [*(role.actions if role is not READS_JOBS else READS_JOBS.actions + READS.actions)]
        rights = {"actions": actions, "dataActions": [one for one in role.data_actions if one != without]}
        if role is not READS:
            made.append(Resource(id=path, body={"properties": {"permissions": [rights]}}))
    given = tuple(replace(each, role=ids.get(each.role, each.role)) for each in seed.assignments)
    return with_resources(replace(seed, assignments=given), *made)


AT_HOME = healthy("westus")
DATABASE = {
    "kind": "database",
    "container": None,
    "containerId": None,
    "server": SERVER,
    "credentialsSecret": "https://restore-desk-kv.vault.azure.net/secrets/dbauth3",
}
NAMED = {"id": f"{WORLD.vault_id(FLEX)}/backupInstances/pg-prod-01-gone"}
GUARD_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/guardRG/providers/Microsoft.DataProtection/resourceGuards"
