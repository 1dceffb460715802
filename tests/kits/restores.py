"""Restores for tests: one vault, one instance of each kind, a plan of each kind; whatever a story needs is changed."""

from datetime import UTC, datetime
from typing import Any

from shared.domain.restore import Attempt, AzureError, Datasource, Phase, Plan, Point, Restore

NOW = datetime(2026, 10, 2, 12, 0, tzinfo=UTC)
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/vaultRG"
VAULT = f"{GROUP}/providers/Microsoft.DataProtection/backupVaults/pgVault"
INSTANCE = f"{VAULT}/backupInstances/pg-prod-01-d30fa52e-20c9-55e4-b891-fa7af34b1b1d"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/vaultIdentity"
GUARD = f"{GROUP}/providers/Microsoft.DataProtection/resourceGuards/guard/dppTriggerRestoreRequests/default"
TARGETS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/targetRG/providers"
SERVER = f"{TARGETS}/Microsoft.DBforPostgreSQL/servers/target-server"
FLEX_SERVER = f"{TARGETS}/Microsoft.DBforPostgreSQL/flexibleServers/pg-prod-01"
CONTAINER = "https://drillaccount.blob.core.windows.net/drills"
CONTAINER_ID = f"{TARGETS}/Microsoft.Storage/storageAccounts/drillaccount/blobServices/default/containers/drills"
SECRET = "https://desk-kv.vault.azure.net/secrets/dbauth3"
POINT = "72f990c41eb8498bbf13b915b1521f77"

FILES = Plan(kind="files", name="drills", location="westus", container=CONTAINER, container_id=CONTAINER_ID)
DATABASE = Plan(kind="database", location="westus", server=SERVER, database="emp21", secret=SECRET)
SINGLE = Datasource(
    type="Microsoft.DBforPostgreSQL/servers/databases",
    id=f"{TARGETS}/Microsoft.DBforPostgreSQL/servers/source-server/databases/emp",
    name="source-server/emp",
    location="westus",
)
FLEXIBLE = Datasource(
    type="Microsoft.DBforPostgreSQL/flexibleServers", id=FLEX_SERVER, name="pg-prod-01", location="westus"
)


def a_restore(phase: Phase = Phase.ACCEPTED, **changes: Any) -> Restore:
    """A restore as files of a flexible server, with what the test changes."""
    values: dict[str, Any] = {
        "id": "01JC00000000000000000RESTORE",
        "phase": phase,
        "vault": VAULT,
        "instance": INSTANCE,
        "instance_name": "pg-prod-01",
        "source": "http",
        "asked": {"instance": "pg-prod-01", "target": "drills"},
        "plan": FILES,
        "requested_by": "ada@contoso.com",
        "accepted_at": NOW,
        "due": NOW,
        "point": Point(id=POINT, time=NOW.replace(hour=2), tier="VaultStore"),
        "datasource": FLEXIBLE,
        "source_region": "westus",
        "attempts": (Attempt(number=1, request_id="8f7c1b5a-0000-4000-8000-000000000001", at=NOW),),
        **changes,
    }
    return Restore(**values)


def an_error(code: str, **changes: Any) -> AzureError:
    """An error of a job."""
    return AzureError(**{"stage": "job", "code": code, "message": f"{code} happened", **changes})
