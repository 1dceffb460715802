"""Worlds with one fault each, what the doctor says of it, and the command that mends it."""

from dataclasses import replace

from deskctl.doctor.roles import BLOBS, OPERATES, READS, READS_JOBS, READS_SECRETS, WRITES_BLOBS
from local.emulator.world.seed import SUBSCRIPTION, Assignment, Point, Resource, Seed
from shared.advice.shell_commands import BLOB_CONTRIBUTOR
from tests.kits.doctor_kit import (
    ACCOUNT,
    CONTAINER_ID,
    DESK,
    KEY_VAULT,
    MUA_OPERATOR,
    SECRET,
    SERVER,
    Case,
    app,
    changed,
    healthy,
    with_resources,
    with_vault,
    without,
)
from tests.kits.emulator_kit import FLEX, GUARDED, SILENT, SINGLES, WORLD


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
FAULTS = {
    "the vault is not there": (
        Case(instance={"id": f"{WORLD.vault_id(FLEX)}s/backupInstances/x"}, only=1),
        "there is no such vault",
        "az dataprotection backup-vault list",
    ),
    "the instance is not there": (
        Case(instance=NAMED, only=1),
        "the vault has no such instance; the closest is pg-prod-01-",
        "az dataprotection backup-instance list",
    ),
    "the container is not there": (
        Case(seed=without(healthy(), CONTAINER_ID)),
        "there is no container drills in testossstorageaccount",
        "az storage container create --name drills --account-name testossstorageaccount",
    ),
    "the account is not there": (
        Case(seed=without(healthy(), CONTAINER_ID, ACCOUNT)),
        "there is no storage account testossstorageaccount",
        "az storage account list",
    ),
    "the server is not there": (
        Case(SINGLES, without(AT_HOME, SERVER), target=DATABASE),
        "there is no server targetossserver",
        "az resource list --resource-type Microsoft.DBforPostgreSQL/servers",
    ),
    "the secret is not there": (
        Case(SINGLES, without(AT_HOME, SECRET), target=DATABASE),
        "there is no secret dbauth3 in restore-desk-kv",
        "az keyvault secret set --vault-name restore-desk-kv --name dbauth3",
    ),
    "the vault may not write there": (
        Case(SILENT),
        "the identity of vault silentVault lacks Storage Blob Data Contributor",
        f"--assignee-object-id {SILENT.principal} --assignee-principal-type ServicePrincipal --scope {CONTAINER_ID}",
    ),
    "the desk may not restore": (
        Case(seed=replace(healthy(), assignments=WORLD.assignments)),
        "the desk lacks Backup Operator",
        f"az role assignment create --role 'Backup Operator' --assignee-object-id {DESK}",
    ),
    "the desk holds the guard's key for good": (
        Case(
            GUARDED,
            replace(
                healthy(),
                assignments=(
                    *healthy().assignments,
                    Assignment(scope=f"{GUARD_ID}/restoreGuard", principal=DESK, role=MUA_OPERATOR),
                ),
            ),
            instance={"identity": GUARDED.user_identities[0]},
        ),
        "holds Backup MUA Operator there for good, which defeats it",
        f"az role assignment delete --assignee {DESK} --role 'Backup MUA Operator'",
    ),
    "the vault works as another identity": (
        Case(GUARDED, instance={}),
        "the vault has no identity of its own, and the entry names no other",
        "az dataprotection backup-vault identity assign --resource-group guardRG",
    ),
    "the region is not the vault's": (
        Case(target={"location": "northeurope"}),
        "its location is northeurope; vault flexVault restores to eastus2",
        's/location = "northeurope"/location = "eastus2"/',
    ),
    "the server is in another region": (
        Case(SINGLES, with_resources(AT_HOME, Resource(id=SERVER, location="North Europe")), target=DATABASE),
        "server targetossserver is in northeurope, vault testBkpVault restores in westus",
        "az resource list --resource-type Microsoft.DBforPostgreSQL/servers --location westus",
    ),
    "another subscription, and the vault keeps to its own": (
        Case(
            seed=with_vault(healthy(), replace(FLEX, cross_subscription="Disabled")),
            target={"containerId": CONTAINER_ID.replace(SUBSCRIPTION, SUBSCRIPTION[:-1] + "6")},
        ),
        "it is in another subscription",
        "--cross-subscription-restore-state Enabled",
    ),
}


FAULTS |= {
    "a flexible server as database": (
        Case(target=DATABASE, only=1),
        "impossible for pg-prod-01: Azure restores a flexible server as files only",
        "grep -n 'drills' desk.toml",
    ),
    "another subscription, for good": (
        Case(
            seed=with_vault(healthy(), replace(FLEX, cross_subscription="PermanentlyDisabled")),
            target={"containerId": CONTAINER_ID.replace(SUBSCRIPTION, SUBSCRIPTION[:-1] + "6")},
        ),
        "restores to its own only (PermanentlyDisabled): that cannot be undone",
        f"az storage account list --subscription {SUBSCRIPTION}",
    ),
    "the account is in another region": (
        Case(seed=healthy("North Europe")),
        "storage account testossstorageaccount is in northeurope, restores go to eastus2",
        "az storage account list --query '[?location=='\"'\"'eastus2'\"'\"'].id'",
    ),
    "the account's firewall lets Azure not in": (
        Case(seed=account(networkAcls={"defaultAction": "Deny", "bypass": "Logging, Metrics"})),
        "the firewall of storage account testossstorageaccount lets trusted Azure services not in",
        "az storage account update --name testossstorageaccount --bypass AzureServices",
    ),
    "the account is closed to public networks": (
        Case(seed=account(publicNetworkAccess="Disabled")),
        "storage account testossstorageaccount is closed to all public networks",
        "--public-network-access Enabled",
    ),
    "the account takes no keys": (
        Case(seed=account(allowSharedKeyAccess=False)),
        "does not allow access by its keys, which Azure Backup needs",
        "--allow-shared-key-access true",
    ),
    "the account forbids what Azure Backup writes by": (
        Case(seed=account(allowCrossTenantReplication=False)),
        "does not allow cross-tenant replication",
        "--allow-cross-tenant-replication true",
    ),
    "the container has a legal hold": (
        Case(seed=container(hasLegalHold=True, legalHold={"tags": [{"tag": "audit26"}]})),
        "container drills has a legal hold",
        "legal-hold clear --account-name testossstorageaccount --container-name drills --tags audit26",
    ),
    "the container has an immutability policy": (
        Case(seed=container(hasImmutabilityPolicy=True)),
        "container drills has an immutability policy",
        "az storage container immutability-policy show",
    ),
    "the container is public": (
        Case(seed=container(publicAccess="Blob")),
        "container drills is public",
        "--public-access off",
    ),
    "the secret is disabled": (
        Case(SINGLES, secret(enabled=False), target=DATABASE),
        "secret dbauth3 of restore-desk-kv is disabled",
        "az keyvault secret set-attributes --vault-name restore-desk-kv --name dbauth3 --enabled true",
    ),
    "the secret has expired": (
        Case(SINGLES, secret(enabled=True, exp=1_700_000_000), target=DATABASE),
        "secret dbauth3 of restore-desk-kv expired on 2023-11-14",
        "az keyvault secret set --vault-name restore-desk-kv --name dbauth3",
    ),
    "the secret is not valid yet": (
        Case(SINGLES, secret(enabled=True, nbf=4_000_000_000), target=DATABASE),
        "is not valid before 2096-10-02",
        "az keyvault secret set",
    ),
    "the Key Vault goes by access policies": (
        Case(SINGLES, with_resources(AT_HOME, Resource(id=KEY_VAULT, about={"enableRbacAuthorization": False})),
             target=DATABASE),
        "Key Vault restore-desk-kv goes by access policies",
        f"az keyvault set-policy --name restore-desk-kv --object-id {SINGLES.principal} --secret-permissions get list",
    ),
    "the Key Vault's firewall": (
        Case(SINGLES, with_resources(AT_HOME, Resource(
            id=KEY_VAULT, about={"networkAcls": {"defaultAction": "Deny", "bypass": "None"}})), target=DATABASE),
        "the firewall of Key Vault restore-desk-kv lets trusted Azure services not in",
        "az keyvault update --name restore-desk-kv --bypass AzureServices",
    ),
    "a role under a condition": (
        Case(seed=replace(healthy(), assignments=tuple(
            replace(each, condition="((!(ActionMatches{'x'})))") if each.role == BLOB_CONTRIBUTOR else each
            for each in healthy().assignments))),
        "has Storage Blob Data Contributor only under a condition",
        "az role assignment create --role 'Storage Blob Data Contributor'",
    ),
    "no PostgreSQL": (
        Case(seed=changed(healthy(), FLEX, dataSourceInfo={
            "datasourceType": "Microsoft.Compute/disks", "resourceID": f"{ACCOUNT}/disk"}), only=1),
        "it is a backup of Microsoft.Compute/disks, no PostgreSQL",
        "az dataprotection backup-instance list",
    ),
    "protection in error": (
        Case(seed=changed(healthy(), FLEX, currentProtectionState="ProtectionError",
                          protectionErrorDetails={"code": "UserErrorMissingPermissions", "message": "no"}), only=1),
        "its protection is in error (ProtectionError: UserErrorMissingPermissions)",
        "az resource show --ids",
    ),
    "softly deleted": (
        Case(seed=changed(healthy(), FLEX, currentProtectionState="SoftDeleted"), only=1),
        "its protection is in error (SoftDeleted",
        "az resource show --ids",
    ),
    "protected by another identity": (
        Case(seed=changed(healthy(), FLEX, identityDetails={
            "useSystemAssignedIdentity": False, "userAssignedIdentityArmUrl": GUARDED.user_identities[0]}), only=1),
        "it is protected by the identity guardVaultIdentity, which the entry does not name",
        f"printf 'identity = \"%s\"\\n' '{GUARDED.user_identities[0]}'",
    ),
    "the vault is not ready": (
        Case(seed=with_vault(healthy(), replace(FLEX, about={"provisioningState": "Failed"}))),
        "vault flexVault: its provisioning state is Failed",
        "az dataprotection backup-vault show --vault-name flexVault --resource-group flexRG",
    ),
    "no recovery point": (
        Case(seed=with_vault(healthy(), replace(FLEX, instances=tuple(
            replace(each, points=(Point(age_hours=5, state="Partial"),)) for each in FLEX.instances))), only=1),
        "no recovery point can be restored (1 are listed)",
        "az dataprotection backup-instance adhoc-backup",
    ),
    "a custom role lacks an action": (
        Case(seed=custom(healthy(), without=f"{BLOBS}/blobs/write")),
        "lacks Storage Blob Data Contributor",
        "az role assignment create --role 'Storage Blob Data Contributor'",
    ),
    "the sweep is switched off": (
        Case(seed=with_resources(healthy(), *app(off=("sweep_restores",)))),
        "its function sweep_restores is switched off: nothing is watched",
        "--setting-names AzureWebJobs.sweep_restores.Disabled --name desk-app",
    ),
    "the poison function is switched off": (
        Case(seed=with_resources(healthy(), *app(off=("take_poison",)))),
        "its function take_poison is switched off: a request that crashed five times",
        "--setting-names AzureWebJobs.take_poison.Disabled --name desk-app",
    ),
    "a function is not there": (
        Case(seed=with_resources(healthy(), *app(lacks=("run_restore",)))),
        "it lacks run_restore: the package did not load, or is an older one",
        "sh infra/deploy.sh",
    ),
    "a reference is not resolved": (
        Case(seed=with_resources(healthy(), *app(status="AccessToKeyVaultDenied"))),
        "its setting TEAMS_URL is not resolved (AccessToKeyVaultDenied)",
        "az keyvault secret set --vault-name desk-kv --name teams-url",
    ),
    "the app is not there": (
        Case(seed=without(healthy(), *(each.id for each in app()))),
        "app desk-app: there is nothing at",
        "az functionapp list",
    ),
}  # fmt: skip
