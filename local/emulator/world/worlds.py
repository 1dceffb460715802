"""The worlds that come with the emulator: five vaults to try, and any number of equal ones for a bench. Pure."""

from dataclasses import replace

from local.emulator.world.seed import (
    SUBSCRIPTION,
    Assignment,
    Guard,
    Instance,
    Point,
    Resource,
    Seed,
    Vault,
    server_id,
)

ACCOUNT = "testossstorageaccount"
KEPT_ACCOUNT = "drillstore"  # where a desk makes its own containers
CONTAINERS = ("drills", "testcontainerrestore")
BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
LONG_TERM_RETENTION = "c088a766-074b-43ba-90d4-1fb21feae531"

# The newest point of empdb11 that may be taken is its fourth: before it stand a partial, a hidden and an expired one.
_TRAPS = (
    Point(age_hours=2, state="Partial"),
    Point(age_hours=5, visible=False),
    Point(age_hours=9, expires_in_days=-0.1),
)
# A point without an expiry is what an on-demand backup leaves.
_WEEKLY = (Point(age_hours=20, expires_in_days=None), *(Point(age_hours=age) for age in (188, 356, 524)))
_ARCHIVED = (
    Point(age_hours=2400, store="ArchiveStore", expires_in_days=3650),
    Point(age_hours=3120, store="ArchiveStore", expires_in_days=3650, rehydrated_for_days=12),
)


def default_seed() -> Seed:
    vaults = (_single_vault(), _flex_vault(), _geo_vault(), _guard_vault(), _silent_vault())
    target = Instance(server="targetossserver", database="postgres", group="targetrg", location="westus")
    return Seed(
        vaults=vaults,
        resources=_resources(vaults, target),
        assignments=_assignments(vaults, target),
        databases=(f"{server_id(SUBSCRIPTION, target)}/databases/postgres",),
    )


def bench_seed(vaults: int, instances: int, days: int = 3, location: str = "eastus2", history: bool = False) -> Seed:
    """So many vaults of so many flexible servers, each backed up daily for so many days, with nothing that a restore
    should avoid; `history`: the vault's list of jobs shows those backups."""
    ages = tuple(Point(age_hours=6 + 24 * n) for n in range(days))
    servers = tuple(
        Instance(server="", group="benchRG", location=location, points=ages, backup_jobs=history)
        for _ in range(instances)
    )
    return Seed(
        vaults=tuple(
            Vault(
                name=f"benchVault{v}",
                group="benchRG",
                location=location,
                instances=tuple(replace(each, server=f"bench-{v}-{i}") for i, each in enumerate(servers)),
            )
            for v in range(vaults)
        )
    )


def _single_vault() -> Vault:
    def database(name: str, points: tuple[Point, ...]) -> Instance:
        return Instance(server="testpostgresql", database=name, group="ossRG", location="westus", points=points)

    return Vault(
        name="testBkpVault",
        group="testBkpVaultRG",
        location="westus",
        instances=(
            database("empdb11", _TRAPS + _WEEKLY + _ARCHIVED),
            database("hrdb", _WEEKLY),
            database("crmdb", (*_WEEKLY, *_ARCHIVED[:1])),
        ),
    )


def _flexible(server: str, group: str, databases: tuple[str, ...] = ("postgres", "app")) -> Instance:
    return Instance(server=server, group=group, location="eastus2", databases=databases, points=_WEEKLY)


def _flex_vault() -> Vault:
    return Vault(
        name="flexVault",
        group="flexRG",
        location="eastus2",
        instances=tuple(_flexible(name, "flexRG") for name in ("pg-prod-01", "pg-prod-02", "pg-stage-01")),
    )


def _geo_vault() -> Vault:
    single = Instance(server="geo-oss", database="orders", group="geoRG", location="eastus2", points=_WEEKLY)
    return Vault(
        name="geoVault",
        group="geoRG",
        location="eastus2",
        redundancy="GeoRedundant",
        replicated_regions=("centralus",),
        cross_region="Enabled",
        instances=(single, _flexible("geo-flex", "geoRG")),
    )


def _guard_vault() -> Vault:
    identity = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/guardRG/providers/Microsoft.ManagedIdentity"
    return Vault(
        name="guardVault",
        group="guardRG",
        location="eastus2",
        system_identity=False,
        user_identities=(f"{identity}/userAssignedIdentities/guardVaultIdentity",),
        guard=Guard(group="guardRG", name="restoreGuard"),
        instances=(_flexible("pg-guarded", "guardRG"),),
    )


def _silent_vault() -> Vault:
    return Vault(
        name="silentVault",
        group="silentRG",
        location="eastus2",
        echoes_request_ids=False,
        instances=(_flexible("pg-silent", "silentRG"),),
    )


def _account() -> str:
    return (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/targetrg/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}"
    )


def _key_vault() -> str:
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/targetrg/providers/Microsoft.KeyVault/vaults/restore-desk-kv"


def _resources(vaults: tuple[Vault, ...], target: Instance) -> tuple[Resource, ...]:
    containers = tuple(Resource(id=f"{_account()}/blobServices/default/containers/{name}") for name in CONTAINERS)
    servers = {server_id(SUBSCRIPTION, each): each.location for vault in vaults for each in (*vault.instances, target)}
    return (
        Resource(id=_account(), location="eastus2"),
        *containers,
        Resource(id=_account().replace(ACCOUNT, KEPT_ACCOUNT), location="westus"),
        Resource(id=_key_vault(), location="westus"),
        *(Resource(id=server, location=location) for server, location in servers.items()),
    )


def _assignments(vaults: tuple[Vault, ...], target: Instance) -> tuple[Assignment, ...]:
    """Every vault may do its work, but silentVault lacks the container: a doctor should find that."""
    granted: list[Assignment] = []
    for vault in vaults:
        if vault.name != "silentVault":
            accounts = (_account(), _account().replace(ACCOUNT, KEPT_ACCOUNT))
            granted += [Assignment(scope=one, principal=vault.principal, role=BLOB_CONTRIBUTOR) for one in accounts]
        granted += [
            Assignment(
                scope=server_id(SUBSCRIPTION, each),
                principal=vault.principal,
                role=LONG_TERM_RETENTION if each.database is None else READER,
            )
            for each in vault.instances
        ]
    single = vaults[0].principal
    granted.append(Assignment(scope=server_id(SUBSCRIPTION, target), principal=single, role=READER))
    granted.append(Assignment(scope=_key_vault(), principal=single, role=SECRETS_USER))
    return tuple(granted)
