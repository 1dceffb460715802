"""Worlds with one fault of a target each: its account, its container, its secret or its Key Vault."""

from dataclasses import replace

from local.emulator.world.seed import SUBSCRIPTION, Resource
from tests.deskctl.planted_kit import AT_HOME, DATABASE, account, container, secret
from tests.kits.doctor_kit import CONTAINER_ID, KEY_VAULT, Case, healthy, with_resources, with_vault
from tests.kits.emulator_kit import FLEX, SINGLES

TARGETS = {
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
}  # fmt: skip
