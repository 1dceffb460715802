"""Worlds with one fault each, what the doctor says of it, and the command that mends it."""

from dataclasses import replace

from deskctl.doctor.roles import BLOBS
from local.emulator.world.seed import SUBSCRIPTION, Assignment, Point, Resource
from shared.advice.shell_commands import BLOB_CONTRIBUTOR
from tests.deskctl.planted_kit import AT_HOME, DATABASE, GUARD_ID, NAMED, custom
from tests.deskctl.planted_targets import TARGETS
from tests.kits.doctor_kit import (
    ACCOUNT,
    CONTAINER_ID,
    DESK,
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

FAULTS |= TARGETS
FAULTS |= {
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
