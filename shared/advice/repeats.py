"""Which errors the same request must meet again, and what to change in it: fields for `again`, in our names. Pure."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from shared.domain.restore import AzureError, Restore

type Changes = dict[str, Any]

# Azure's name of a field → what a person sets for it
_OURS = {
    "resourceGuardOperationRequests": '"resourceGuardRequests": "auto"',
    "AzureBackupRestoreWithRehydrationRequest": '"rehydration"',
    "rehydrationRetentionDuration": '"rehydration": {"retainDays"}',
    "rehydrationPriority": '"rehydration": {"priority"}',
    "sourceDataStoreType": '"recoveryPoint"',
    "recoveryPointId": '"recoveryPoint": {"id"}',
    "restoreLocation": '"location"',
    "identityDetails": "`identity` of the instance in desk.toml",
    "targetResourceArmId": '"containerId"',
    "dppTriggerRestoreRequests": "trigger-restore request",
}
_NAMES = re.compile("|".join(sorted(_OURS, key=len, reverse=True)))
FILES, VAULT_POINT = "<a target of kind files>", "<the id of a point in VaultStore>"


def in_our_names(text: str) -> str:
    """Azure's words with its request's field names translated to ours."""
    return _NAMES.sub(lambda found: _OURS[found[0]], text)


def changes(restore: Restore, error: AzureError) -> Changes | None:
    """The fields that must change in the request, or None if the same request may succeed once something else is
    mended."""
    if "resourceGuardOperationRequests" in " ".join((error.message, *error.recommended_action)):
        return None if restore.asked.get("resourceGuardRequests") else {"resourceGuardRequests": "auto"}
    found = _CHANGES.get(error.code.lower())
    return found(restore.asked, error) if found else None


def can_repeat(restore: Restore) -> bool:
    """Whether `again` may succeed without a person's input: with the same request, or with changes that the desk
    knows."""
    found = changes(restore, restore.error) if restore.error else None
    return not found or "<" not in str(found)


def _guard(asked: Mapping[str, Any], error: AzureError) -> Changes | None:
    return None if asked.get("resourceGuardRequests") else {"resourceGuardRequests": "auto"}


def _files(asked: Mapping[str, Any], error: AzureError) -> Changes:
    return {"target": FILES}


def _latest(asked: Mapping[str, Any], error: AzureError) -> Changes | None:
    return None if asked.get("recoveryPoint", "latest") == "latest" else {"recoveryPoint": "latest"}


def _no_point(asked: Mapping[str, Any], error: AzureError) -> Changes | None:
    """Too old: the age that would do; no such point: the one that the message names, or the latest."""
    old = re.search(r"is (\d+) hours old", error.message)
    if old:
        return {"maxAgeHours": int(old[1]) + 1}
    named = re.search(r"nearest to it [^()]*\(id ([A-Za-z0-9-]{1,64})\)", error.message)
    by_name = re.search(r"its id is ([A-Za-z0-9-]{1,64})", error.message)
    point = named or by_name
    return {"recoveryPoint": {"id": point[1]}} if point else _latest(asked, error)


def _region(asked: Mapping[str, Any], error: AzureError) -> Changes | None:
    advice = " ".join(error.recommended_action)
    said = re.search(r'"location": "([a-z0-9]+)"|say ([a-z0-9]+)[;.]', advice)
    if '"crossRegion": true' in advice:
        return {"crossRegion": True}
    return {"location": said[1] or said[2]} if said else None


_CHANGES: dict[str, Callable[[Mapping[str, Any], AzureError], Changes | None]] = {
    "usererrorresourceguardapprovalrequired": _guard,
    "usererrorrestoretargetnotsupported": _files,
    "flexibleservertakesfilesonly": _files,
    "usererrorarchivenotsupported": lambda asked, error: {"recoveryPoint": {"id": VAULT_POINT}},
    "usererrorrehydrationrequired": lambda asked, error: {"rehydration": {"priority": "Standard", "retainDays": 15}},
    "usererrorinvalidrehydrationduration": lambda asked, error: {
        "rehydration": {"priority": "Standard", "retainDays": 15}
    },
    "usererrorrecoverypointexpired": _latest,
    "usererrorrestorepointnotfound": _latest,
    "usererrorrestorepointnotfoundinbackupvault": _latest,
    "usererrorinvalidrestorabletimerange": _latest,
    "usererrorcrossregionrestorenotenabled": lambda asked, error: {"crossRegion": False},
    "crossregionrestorenotenabled": lambda asked, error: {"crossRegion": False},
    "targetisthesource": lambda asked, error: {"database": "<a new name>"},
    "norecoverypoint": _no_point,
    "otherregion": _region,
    "othersubscription": lambda asked, error: {"target": "<a target in the vault's subscription>"},
}
