"""Made-up facts, one set per event: what a channel's test sends and what the documentation shows. Pure."""

from datetime import datetime, timedelta
from typing import Any

from shared.facts import TITLES, Facts, span
from shared.restore import AzureError, Job, Phase

_VAULT = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/backup-rg"
    "/providers/Microsoft.DataProtection/backupVaults/backup-vault"
)
_FILES = "https://contosorestores.blob.core.windows.net/drills"
_PHASES = {"submitted": Phase.SUBMITTED, "overdue": Phase.RESTORING, "test": Phase.CHECKED}
_CLOSED = frozenset({"succeeded", "failed", "refused", "withdrawn", "checked"})
TEST_TITLE = "Test notice, nothing was restored"


def sample_facts(event: str, at: datetime) -> Facts:
    """A notice of `event`, or, for "test", one that says that it is a test."""
    taken = at - timedelta(hours=3)
    identity = "01JC0000000000000000SAMPLE"
    values: dict[str, Any] = {
        "event_id": f"{identity}.4",
        "event": event,
        "sequence": 4,
        "at": at,
        "title": TEST_TITLE if event == "test" else TITLES[event],
        "restore": identity,
        "phase": _PHASES[event] if event in _PHASES else Phase(event),
        "vault": _VAULT,
        "instance": f"{_VAULT}/backupInstances/pg-prod-01",
        "instance_name": "pg-prod-01",
        "database": "orders",
        "point_time": taken,
        "point_said": f"The data is from {taken:%Y-%m-%d %H:%M} UTC, {span(10_800)} old; later changes are not in it.",
        "destination": _FILES,
        "target": "drills",
        "source": "http" if event == "test" else "tickets/servicenow",
        "requested_by": "alex@contoso.com",
        "reason": "quarterly drill",
        "took_seconds": 2280.0 if event in _CLOSED else None,
        "path": f"/api/restores/{identity}",
        **_SPECIAL.get(event, {}),
    }
    if event != "test":
        values["ticket"] = {
            "system": "servicenow",
            "id": "RITM0012345",
            "ref": "sc_req_item/0123456789abcdef0123456789abcdef",
            "url": "https://contoso.service-now.com/nav_to.do?uri=sc_req_item.do?sys_id=0123456789abcdef0123456789abcdef",
        }
    return Facts(**values)


_JOB = Job(id="b54a1f2c-0000-4000-8000-000000000001", status="Completed", seconds=1860.0, bytes=13_314_398_618)
_SPECIAL: dict[str, dict[str, Any]] = {
    "succeeded": {
        "title": "Files delivered, not loaded yet",
        "outcome": "filesDelivered",
        "job": _JOB,
        "next_step": f"The files in {_FILES} are a full copy of the database, not loaded anywhere yet. "
        "List them, load them with pg_restore (custom format) or psql, then delete them.",
    },
    "failed": {
        "job": _JOB.model_copy(update={"status": "Failed"}),
        "error": AzureError(
            stage="job",
            code="UserErrorMissingStoragePermissions",
            message="The vault's identity may not write to the container.",
            recommended_action=("Give the vault's identity the role Storage Blob Data Contributor on the account.",),
        ),
        "next_step": "Give the vault's identity the role Storage Blob Data Contributor on the account. "
        "Then ask once more: POST /api/restores/01JC0000000000000000SAMPLE/again",
    },
    "refused": {
        "point_time": None,
        "point_said": None,
        "destination": None,
        "error": AzureError(stage="request", code="NotAllowed", message="no target of that name may be used here"),
    },
}
