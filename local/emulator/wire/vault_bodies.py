"""Vaults, instances and recovery points as the service writes them. Pure."""

from local.emulator.wire.errors import Json
from local.emulator.world import ticks
from local.emulator.world.inventory import HeldInstance, HeldPoint, HeldVault
from local.emulator.world.seed import (
    FLEXIBLE,
    SINGLE,
    TENANT,
    Guard,
    Resource,
    server_id,
    source_id,
    stable_guid,
)

_RESTORE_ACTION = "Microsoft.DataProtection/backupVaults/backupInstances/restore/action"


def vault(held: HeldVault) -> Json:
    what = held.vault
    return {
        "identity": _identity(held),
        "location": what.location,
        "tags": {},
        "properties": {
            "provisioningState": "Succeeded",
            "resourceMoveState": "Unknown",
            "resourceMoveDetails": None,
            "monitoringSettings": {"azureMonitorAlertSettings": {"alertsForAllJobFailures": "Enabled"}},
            "securitySettings": {
                "softDeleteSettings": {"state": "On", "retentionDurationInDays": 14.0},
                "immutabilitySettings": {"state": "Disabled"},
            },
            "storageSettings": [{"datastoreType": "VaultStore", "type": what.redundancy}],
            "isVaultProtectedByResourceGuard": what.guard is not None,
            "featureSettings": {
                "crossSubscriptionRestoreSettings": {"state": what.cross_subscription},
                "crossRegionRestoreSettings": {"state": what.cross_region},
            },
            "replicatedRegions": list(what.replicated_regions),
            **what.about,
        },
        "id": held.id,
        "name": what.name,
        "type": "Microsoft.DataProtection/backupVaults",
    }


def _identity(held: HeldVault) -> Json:
    what = held.vault
    kinds = ["SystemAssigned"] * what.system_identity + ["UserAssigned"] * bool(what.user_identities)
    identity: Json = {"type": ",".join(kinds) or "None"}
    if what.system_identity:
        identity |= {"principalId": what.principal, "tenantId": TENANT}
    if what.user_identities:
        identity["userAssignedIdentities"] = {
            each: {"principalId": what.principal, "clientId": stable_guid("client", each)}
            for each in what.user_identities
        }
    return identity


def instance(held: HeldInstance) -> Json:
    what = held.instance
    secret = None if what.kind == FLEXIBLE else _secret(what.server)
    return {
        "tags": None,
        "properties": {
            "friendlyName": friendly_name(held),
            "dataSourceInfo": _source(held),
            "dataSourceSetInfo": _source_set(held),
            "policyInfo": {"policyId": policy_id(held), "policyVersion": "", "policyParameters": None},
            "protectionStatus": {"status": "ProtectionConfigured", "errorDetails": None},
            "currentProtectionState": "ProtectionConfigured",
            "protectionErrorDetails": None,
            "provisioningState": "Succeeded",
            "datasourceAuthCredentials": secret,
            "validationType": None,
            "identityDetails": None,
            "objectType": "BackupInstance",
            **what.about,
        },
        "id": held.id,
        "name": what.name,
        "type": "Microsoft.DataProtection/backupVaults/backupInstances",
    }


def _secret(server: str) -> Json:
    uri = f"https://restore-desk-kv.vault.azure.net/secrets/{server}-backup"
    store = {"uri": uri, "value": None, "secretStoreType": "AzureKeyVault"}
    return {"objectType": "SecretStoreBasedAuthCredentials", "secretStoreResource": store}


def _source(held: HeldInstance) -> Json:
    what, subscription = held.instance, held.held.subscription
    return {
        "objectType": "Datasource",
        "resourceID": source_id(subscription, what),
        "resourceName": what.database or what.server,
        "resourceType": what.kind,
        "resourceLocation": what.location,
        "resourceUri": "" if what.database else source_id(subscription, what),
        "datasourceType": what.kind,
        "resourceProperties": None,
    }


def _source_set(held: HeldInstance) -> Json:
    what = held.instance
    return {
        "objectType": "DatasourceSet",
        "resourceID": server_id(held.held.subscription, what),
        "resourceName": what.server,
        "resourceType": FLEXIBLE if what.kind == FLEXIBLE else SINGLE.removesuffix("/databases"),
        "resourceLocation": what.location,
        "resourceUri": "",
        "datasourceType": what.kind,
        "resourceProperties": None,
    }


def friendly_name(held: HeldInstance, separator: str = "/") -> str:
    what = held.instance
    return what.server if what.database is None else f"{what.server}{separator}{what.database}"


def policy_name(held: HeldInstance) -> str:
    return "pgflexpolicy" if held.instance.kind == FLEXIBLE else "osspolicy"


def policy_id(held: HeldInstance) -> str:
    return f"{held.held.id}/backupPolicies/{policy_name(held)}"


def point(held: HeldInstance, what: HeldPoint, now: int) -> Json:
    written = ticks.full(what.time)
    expiry = None if what.expires is None else ticks.full(what.expires)
    rehydrated = what.rehydrated_until
    return {
        "properties": {
            "objectType": "AzureBackupDiscreteRecoveryPoint",
            "recoveryPointId": what.id,
            "recoveryPointTime": written,
            "recoveryPointType": "Full",
            "friendlyName": what.friendly_name,
            "recoveryPointDataStoresDetails": [
                {
                    "id": what.store_id,
                    "type": what.store,
                    "creationTime": written,
                    "expiryTime": expiry,
                    "metaData": None,
                    "visible": what.visible,
                    "state": "COMMITTED",
                    "rehydrationExpiryTime": None if rehydrated is None else ticks.full(rehydrated),
                    "rehydrationStatus": rehydration_status(what, now),
                }
            ],
            "retentionTagName": "Default",
            "retentionTagVersion": "638549851154062729",
            "policyName": policy_name(held),
            "policyVersion": None,
            "expiryTime": expiry,
            "recoveryPointState": what.state,
        },
        "id": f"{held.id}/recoveryPoints/{what.id}",
        "name": what.id,
        "type": "Microsoft.DataProtection/backupVaults/backupInstances/recoveryPoints",
    }


def rehydration_status(what: HeldPoint, now: int) -> str | None:
    if what.rehydrating_until is None or what.rehydrated_until is None:
        return None
    if now < what.rehydrating_until:
        return "CREATE_IN_PROGRESS"
    return "COMPLETED" if now < what.rehydrated_until else "DELETED"


def guard_request(held: HeldVault, guard: Guard) -> str:
    group = f"/subscriptions/{held.subscription}/resourceGroups/{guard.group}"
    return f"{group}/providers/Microsoft.DataProtection/resourceGuards/{guard.name}/dppTriggerRestoreRequests/default"


def guard_proxy(held: HeldVault, guard: Guard) -> Json:
    request = guard_request(held, guard)
    return {
        "properties": {
            "resourceGuardResourceId": request.removesuffix("/dppTriggerRestoreRequests/default"),
            "resourceGuardOperationDetails": [
                {"vaultCriticalOperation": _RESTORE_ACTION, "defaultResourceRequest": request}
            ],
            "lastUpdatedTime": "2026-01-15T09:30:00.0000000Z",
            "description": "",
        },
        "id": f"{held.id}/backupResourceGuardProxies/DppResourceGuardProxy",
        "name": "DppResourceGuardProxy",
        "type": "Microsoft.DataProtection/backupVaults/backupResourceGuardProxies",
    }


_OPEN = {"publicNetworkAccess": "Enabled", "networkAcls": {"bypass": "AzureServices", "defaultAction": "Allow"}}
_USUAL: dict[str, Json] = {
    "microsoft.storage/storageaccounts": {
        "allowSharedKeyAccess": True, "allowCrossTenantReplication": True, "allowBlobPublicAccess": False, **_OPEN,
    },
    "microsoft.keyvault/vaults": {"enableRbacAuthorization": True, "enableSoftDelete": True, **_OPEN},
    "microsoft.keyvault/vaults/secrets": {"attributes": {"enabled": True}},
}  # fmt: skip


def resource(what: Resource) -> Json:
    provider = what.id.split("/providers/")[-1].split("/")
    kind = "/".join([provider[0], *provider[1::2]])
    properties = {"provisioningState": "Succeeded", **_USUAL.get(kind.lower(), {}), **what.about}
    body: Json = {"id": what.id, "name": provider[-1], "type": kind, "properties": properties}
    return body | ({"location": what.location} if what.location else {})
