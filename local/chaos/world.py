"""The world of chaos: vaults for many restores at once, one that echoes nothing, and its desk.toml. Pure."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from local.emulator.world.seed import SUBSCRIPTION, Seed, stable_guid, vault_id
from local.emulator.world.worlds import bench_seed

VAULTS, INSTANCES = 4, 8
CHANNELS = ("events", "dba")  # both hear of every closing
SILENT = "benchVault0"  # echoes no request ids: where nobody can tell, a person must
ACCOUNT = "testossstorageaccount"
SERVICES = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/targetrg/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}"
    "/blobServices/default/containers"
)
SERVER = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/targetrg/providers/Microsoft.DBforPostgreSQL/servers"
GEO = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/geoRG/providers/Microsoft.DataProtection/backupVaults/geoVault"
SINGLES = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/testBkpVaultRG/providers/Microsoft.DataProtection"
    "/backupVaults/testBkpVault"
)


@dataclass(frozen=True)
class Place:
    """An instance that chaos restores; `extra` is what its requests say beside the usual."""

    name: str
    id: str
    extra: str = ""

    @property
    def vault(self) -> str:
        return self.id.rsplit("/", 3)[1]


def seed() -> Seed:
    """The vaults beside the emulator's own."""
    made = bench_seed(VAULTS + 1, INSTANCES)
    first, *others = made.vaults
    return replace(made, vaults=(replace(first, instances=first.instances[:2], echoes_request_ids=False), *others))


def seed_json() -> dict[str, Any]:
    return {"seed": asdict(seed())}


def places() -> tuple[Place, ...]:
    """Every instance, by its name in desk.toml."""
    return tuple(_places())


def _places() -> Iterator[Place]:
    for vault in seed().vaults:
        for instance in vault.instances:
            yield Place(instance.server, f"{vault_id(SUBSCRIPTION, vault)}/backupInstances/{instance.name}")
    for stem in ("geo-flex", "geo-oss-orders"):
        yield Place(stem, f"{GEO}/backupInstances/{stem}-{stable_guid('instance', stem)}", "crossRegion")
    for stem in ("testpostgresql-empdb11", "testpostgresql-hrdb"):
        yield Place(stem, f"{SINGLES}/backupInstances/{stem}-{stable_guid('instance', stem)}", "database")


def body(place: Place, number: int) -> dict[str, Any]:
    """What is asked for: a restore as files; across regions, or as a database, where the place says so."""
    said: dict[str, Any] = {"instance": place.name, "target": "drills", "requestedBy": "chaos@contoso.com"}
    said["reason"] = f"request {number}"
    if place.extra == "crossRegion":
        said["crossRegion"] = True
    elif place.extra == "database":
        said |= {"target": "server", "database": f"chaos_{number}"}
    return said


def desk_toml() -> str:
    """Everything may be asked for; both channels hear of everything."""
    entries = "\n".join(
        f'[instances.{place.name}]\nid = "{place.id}"\ntargets = ["drills", "server"]\n' for place in places()
    )
    return f"""{entries}
[targets.drills]
kind = "files"
container = "https://{ACCOUNT}.blob.core.windows.net/drills-{{instance}}"
containerId = "{SERVICES}/drills-{{instance}}"

[targets.server]
kind = "database"
server = "{SERVER}/targetossserver"
credentialsSecret = "https://restore-desk-kv.vault.azure.net/secrets/dbauth3"

[http]
instances = ["*"]
targets = ["drills", "server"]

[queue]
instances = ["*"]
targets = ["drills", "server"]

[channels.events]
kind = "webhook"
url = {{ env = "DESK_WEBHOOK_URL" }}
secret = {{ env = "DESK_WEBHOOK_SECRET" }}
default = true

[channels.dba]
kind = "webhook"
url = {{ env = "DBA_WEBHOOK_URL" }}
secret = {{ env = "DBA_WEBHOOK_SECRET" }}
default = true
on = ["succeeded", "failed", "refused", "withdrawn", "lost", "overdue"]
"""
