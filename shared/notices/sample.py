"""A made-up restore at each of its events: what a channel's test sends and what the documentation shows. Pure."""

from datetime import datetime, timedelta
from typing import Any

from shared.domain.clouds import PUBLIC, Cloud
from shared.domain.restore import CLOSED, AzureError, Datasource, Job, Phase, Plan, Point, Restore
from shared.notices.facts import Facts, facts_of
from shared.notices.point_facts import point_facts
from shared.storage.stale_points import Watched

_GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/backup-rg/providers"
_VAULT = f"{_GROUP}/Microsoft.DataProtection/backupVaults/backup-vault"
_SERVER = f"{_GROUP}/Microsoft.DBforPostgreSQL/servers/pg-prod-01"
_PHASES = {
    "submitted": Phase.SUBMITTED, "overdue": Phase.RESTORING, "duplicateJob": Phase.RESTORING,
    "cleanupFailed": Phase.SUCCEEDED, "verified": Phase.SUCCEEDED, "verificationFailed": Phase.SUCCEEDED,
    "verificationInconclusive": Phase.SUCCEEDED,
    "standing": Phase.RESTORING, "test": Phase.SUBMITTED,
}  # fmt: skip
_JOB = Job(id="b54a1f2c-0000-4000-8000-000000000001", status="Completed", seconds=1860.0, bytes=13_314_398_618)
_TICKET = {
    "system": "servicenow",
    "id": "RITM0012345",
    "ref": "sc_req_item/0123456789abcdef0123456789abcdef",
    "url": "https://contoso.service-now.com/nav_to.do?uri=sc_req_item.do?sys_id=0123456789abcdef0123456789abcdef",
}
_NO_RIGHT = AzureError(
    stage="job",
    code="UserErrorContainerNotAccessible",
    message="The container could not be reached.",
)
_NOT_ALLOWED = AzureError(
    stage="request",
    code="NotAllowed",
    message="target: tickets/servicenow may not send files to 'archive'",
    recommended_action=("Choose one of: drills.",),
)
_ENDS: dict[str, dict[str, Any]] = {
    "succeeded": {"outcome": "filesDelivered", "job": _JOB},
    "failed": {"error": _NO_RIGHT, "job": _JOB.model_copy(update={"status": "Failed", "bytes": None})},
    "refused": {"error": _NOT_ALLOWED, "point": None, "plan": None},
}


def sample_facts(event: str, at: datetime, cloud: Cloud = PUBLIC) -> Facts:
    """A notice of `event`, or, for "test", one that says that it is a test and asks nothing."""
    if event in ("pointStale", "pointFresh"):
        said = Watched(f"{_VAULT}/backupInstances/pg-prod-01", "pg-prod-01", event == "pointStale", 1)
        return point_facts(said, 1, at - timedelta(hours=3 if event == "pointFresh" else 52), at)
    facts = facts_of(_restore(event, at, cloud), "submitted" if event == "test" else event, at)
    if event != "test":
        return facts
    changes = {"event": "test", "title": "Test notice, nothing was restored", "next_step": None, "steps": ()}
    return facts.model_copy(update={**changes, "source": "http", "ticket": None})


def _restore(event: str, at: datetime, cloud: Cloud) -> Restore:
    phase = _PHASES[event] if event in _PHASES else Phase(event)
    values: dict[str, Any] = {
        "id": "01JC0000000000000000SAMPLE",
        "phase": phase,
        "sequence": 4,
        "vault": _VAULT,
        "instance": f"{_VAULT}/backupInstances/pg-prod-01",
        "instance_name": "pg-prod-01",
        "source": "tickets/servicenow",
        "asked": {"instance": "pg-prod-01", "target": "drills"},
        "plan": Plan(
            kind="files",
            name="drills",
            location="westeurope",
            container=f"https://contosorestores.blob.{cloud.storage_suffix}/drills",
        ),
        "requested_by": "alex@contoso.com",
        "reason": "quarterly drill",
        "ticket": _TICKET,
        "accepted_at": at - timedelta(minutes=38),
        "due": at,
        "closed_at": at if phase in CLOSED else None,
        "point": Point(id="0123456789abcdef", time=at - timedelta(hours=3), tier="VaultStore"),
        "datasource": Datasource(
            type="Microsoft.DBforPostgreSQL/servers/databases", id=f"{_SERVER}/databases/orders", name="orders"
        ),
    }
    return Restore(**values | _ENDS.get(event, {}))
