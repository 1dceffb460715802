"""Requests that a desk must refuse, each with its status and the field that is named."""

from typing import Any

from shared.domain.clouds import CHINA
from tests.kits.stack_kit import DRILL

FLEX = (
    "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/flexRG/providers/Microsoft.DataProtection"
    "/backupVaults/flexVault/backupInstances/pg-prod-01-d30fa52e-20c9-55e4-b891-fa7af34b1b1d"
)
SERVER = (
    "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/targetrg/providers"
    "/Microsoft.DBforPostgreSQL/servers/targetossserver"
)
BLOB = f"testossstorageaccount.blob.{CHINA.storage_suffix}"
KEY_VAULT = f"restore-desk-kv.{CHINA.vault_suffix}"


def files(container: str) -> dict[str, Any]:
    return {**DRILL, "target": {"kind": "files", "container": container}}


def database(secret: str) -> dict[str, Any]:
    target = {"kind": "database", "server": SERVER, "database": "d1", "credentialsSecret": secret}
    return {**DRILL, "target": target}


BAD: list[tuple[Any, int, str | None]] = [
    ("{not json", 400, "body"),
    ("", 400, "body"),
    ("[]", 400, "body"),
    ('{"instance": "pg-prod-01", "instance": "pg-prod-02", "target": "drills"}', 400, "body"),
    ('{"instance": NaN}', 400, "body"),
    (b"\xff\xfe", 400, "body"),
    ("[" * 20_000, 400, "body"),
    ({**DRILL, "reason": "x" * 40_000}, 413, "body"),
    ({**DRILL, "surprise": 1}, 422, "surprise"),
    ({"target": "drills"}, 422, "instance"),
    ({**DRILL, "instance": 7}, 422, "instance"),
    ({**DRILL, "dryRun": "yes"}, 422, "dryRun"),
    ({**DRILL, "recoveryPoint": "newest"}, 422, "recoveryPoint"),
    ({**DRILL, "recoveryPoint": {"atOrBefore": "2026-10-01T00:00:00"}}, 422, "recoveryPoint.atOrBefore"),
    ({**DRILL, "instance": "pg-prod-1"}, 422, "instance"),
    ({**DRILL, "target": "drill"}, 422, "target"),
    ({**DRILL, "instance": FLEX.replace("/flexVault", "/../flexVault")}, 422, "instance"),
    ({**DRILL, "instance": f"{FLEX}/extra"}, 422, "instance"),
    ({**DRILL, "instance": FLEX.replace("/flexVault", "//flexVault")}, 422, "instance"),
    ({**DRILL, "instance": FLEX.replace("flexVault", "flex%56ault")}, 422, "instance"),
    ({**DRILL, "instance": FLEX.replace("flexVault", "flex.Vault")}, 403, "instance"),
    ({**DRILL, "instance": FLEX.replace("flexVault", "otherVault")}, 403, "instance"),
    (files(f"http://{BLOB}/dumps"), 422, "target.container"),
    (files("https://evil.example.net/dumps"), 422, "target.container"),
    (files(f"https://{BLOB}.evil.net/dumps"), 422, "target.container"),
    (files(f"https://{BLOB}/../dumps"), 422, "target.container"),
    (files(f"https://someone@{BLOB}/dumps"), 422, "target.container"),
    (files(f"https://{BLOB}/dumps?sig=1"), 422, "target.container"),
    (files(f"https://another.blob.{CHINA.storage_suffix}/dumps"), 403, "target"),
    (database(f"http://{KEY_VAULT}/secrets/dbauth3"), 422, "target.credentialsSecret"),
    (files("https://testossstorageaccount.blob.core.windows.net/dumps"), 422, "target.container"),
    (database("https://restore-desk-kv.vault.azure.net/secrets/dbauth3"), 422, "target.credentialsSecret"),
    (database("https://evil.example.net/secrets/dbauth3"), 422, "target.credentialsSecret"),
]
