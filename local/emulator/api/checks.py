"""What the service refuses once a request is well formed: the first key of CODES that applies. Pure."""

import re
from typing import NamedTuple

from local.emulator.api.request_bodies import DatabaseTarget, FilesTarget, RehydrationRestore, RestoreAsk
from local.emulator.wire.vault_bodies import guard_request, rehydration_status
from local.emulator.world.inventory import HeldInstance, HeldPoint, HeldVault
from local.emulator.world.seed import FLEXIBLE, SINGLE

_DATABASE_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.DBforPostgreSQL/servers/[^/]+/databases/[^/]+",
    re.IGNORECASE,
)
_CONTAINER_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Storage/storageAccounts/([^/]+)"
    r"/(?:blobServices|fileServices)/default/(?:containers|shares)/([^/]+)",
    re.IGNORECASE,
)


class Refusal(NamedTuple):
    code: str
    detail: str = ""


def malformed(ask: RestoreAsk, held: HeldInstance) -> str:
    """What is wrong with the ids and enums themselves: a 400 at once, not a failed validation."""
    if ask.source_data_store_type not in ("vaultstore", "archivestore"):
        return f"sourceDataStoreType {ask.source_data_store_type} does not exist for PostgreSQL"
    if isinstance(ask, RehydrationRestore) and ask.source_data_store_type != "archivestore":
        return "a rehydration request needs sourceDataStoreType ArchiveStore"
    target = ask.restore_target_info
    if isinstance(target, FilesTarget):
        return _malformed_files(target)
    # A flexible server asked for as a database is well formed and refused by validation.
    return "" if held.instance.kind == FLEXIBLE else _malformed_database(target)


def _malformed_files(target: FilesTarget) -> str:
    details = target.target_details
    if details.target_resource_arm_id is None:
        return ""
    match = _CONTAINER_ID.fullmatch(details.target_resource_arm_id)
    if match is None:
        return "targetResourceArmId is not the ARM id of a container"
    host, _, container = details.url.removeprefix("https://").partition("/")
    same = (host.partition(".")[0].lower(), container.lower()) == (match[1].lower(), match[2].lower())
    return "" if same else "targetResourceArmId and url name different containers"


def _malformed_database(target: DatabaseTarget) -> str:
    source = target.datasource_info
    if _DATABASE_ID.fullmatch(source.resource_id) is None:
        return "datasourceInfo.resourceID is not the ARM id of a database"
    if source.datasource_type and source.datasource_type.lower() != SINGLE.lower():
        return f"datasourceInfo.datasourceType {source.datasource_type} is not {SINGLE}"
    parent = target.datasource_set_info
    if parent and parent.resource_id.lower() != source.resource_id.lower().partition("/databases/")[0]:
        return "datasourceSetInfo.resourceID is not the server of datasourceInfo.resourceID"
    return ""


def refusal(ask: RestoreAsk, held: HeldInstance, point: HeldPoint, now: int) -> Refusal | None:
    """What validation finds and what a restore that was not validated fails with."""
    return _refused_kind(ask, held) or _refused_point(ask, point, now) or _refused_identity(ask, held.held)


def _refused_kind(ask: RestoreAsk, held: HeldInstance) -> Refusal | None:
    archive = ask.source_data_store_type == "archivestore"
    if held.instance.kind == FLEXIBLE:
        if isinstance(ask.restore_target_info, DatabaseTarget):
            return Refusal("UserErrorRestoreTargetNotSupported")
        return Refusal("UserErrorArchiveNotSupported") if archive else None
    if not archive:
        return None
    if not isinstance(ask, RehydrationRestore):
        return Refusal("UserErrorRehydrationRequired")
    if ask.days is None or not 10 <= ask.days <= 30:
        return Refusal("UserErrorInvalidRehydrationDuration", ask.rehydration_retention_duration)
    return None


def _refused_point(ask: RestoreAsk, point: HeldPoint, now: int) -> Refusal | None:
    if point.expires is not None and point.expires <= now:
        return Refusal("UserErrorRecoveryPointExpired")
    stores = {point.store.lower()} | ({"vaultstore"} if rehydration_status(point, now) == "COMPLETED" else set())
    if not point.visible or ask.source_data_store_type not in stores:
        return Refusal("UserErrorRecoveryPointNotInDataStore", f"the point is in {', '.join(sorted(stores))}")
    return None


def _refused_identity(ask: RestoreAsk, held: HeldVault) -> Refusal | None:
    """Without identityDetails the system-assigned identity is meant, whether the vault has one or not."""
    details, vault = ask.identity_details, held.vault
    url = details.user_assigned_identity_arm_url if details and not details.use_system_assigned_identity else None
    if url is None:
        return (
            None if vault.system_identity else Refusal("UserErrorVaultIdentityNotFound", "no system-assigned identity")
        )
    known = {each.lower() for each in vault.user_identities}
    return None if url.lower() in known else Refusal("UserErrorVaultIdentityNotFound", url)


def guard_denies(ask: RestoreAsk, held: HeldVault) -> bool:
    if held.vault.guard is None:
        return False
    wanted = guard_request(held, held.vault.guard).lower()
    return wanted not in {each.lower() for each in ask.resource_guard_operation_requests or ()}
