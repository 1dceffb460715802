"""The restores that the demo asks for: one of every kind, by every way in, and how each ought to end. Pure."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import cycle, islice
from typing import Any

from local.stack.other_cloud import moved
from shared.domain.clouds import PUBLIC, Cloud


@dataclass(frozen=True)
class Case:
    """One request; `phase` and `outcome` are how it ought to end, `code` the error's if it is not a success."""

    title: str
    via: str
    body: Any
    phase: str = "succeeded"
    outcome: str | None = "filesDelivered"
    code: str | None = None
    kept: bool = False  # somebody keeps its container as soon as it is delivered
    verified: str = ""  # how the verification of what is delivered ought to end


FLEX = (
    "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/flexRG/providers/Microsoft.DataProtection"
    "/backupVaults/flexVault/backupInstances/pg-prod-01-d30fa52e-20c9-55e4-b891-fa7af34b1b1d"
)
EXPLICIT = ("testossstorageaccount", "one-ticket")  # account and container of a target said in full
CONTAINER = f"https://{EXPLICIT[0]}.blob.core.windows.net/{EXPLICIT[1]}"
FAILING = "hrdb"  # its validation gets Azure's UserErrorRestoreToLowerVersion


def _asked(instance: str, target: Any = "drills", **more: Any) -> dict[str, Any]:
    return {"instance": instance, "target": target, "requestedBy": "demo@contoso.com", "reason": "demo", **more}


CASES = (
    Case("flexible server into a container of its own", "http", _asked("pg-prod-01", "vaulted"), verified="passed"),
    Case("the same for an audit, and kept", "http", _asked("pg-prod-02", "vaulted"), kept=True, verified="passed"),
    Case("flexible server as files", "http", _asked("pg-prod-01")),
    Case("flexible server as files, asked by queue", "queue", _asked("pg-prod-02")),
    Case("a container said in full, by ARM id", "http", _asked(FLEX, {"kind": "files", "container": CONTAINER})),
    Case("point at or before a moment", "http", _asked("pg-stage-01", recoveryPoint={"atOrBefore": "-10d"})),
    Case("single server as files, from archive", "http", _asked("crmdb", recoveryPoint={"atOrBefore": "-60d"})),
    Case("cross-region", "http", _asked("geo-flex", crossRegion=True)),
    Case("behind a Resource Guard, user-assigned identity", "http", _asked("pg-guarded", resourceGuardRequests="auto")),
    Case("dry run", "http", _asked("pg-stage-01", dryRun=True), "checked", None),
    Case("Azure says no at validation", "http", _asked(FAILING), "failed", None, "UserErrorRestoreToLowerVersion"),
    Case(
        "flexible server as database: impossible", "queue", _asked("pg-stage-01", "retired-server", database="app2"),
        "refused", None, "FlexibleServerTakesFilesOnly",
    ),
    Case("a message nobody can read", "queue", "restore pg-prod-01 please", "refused", None, "RequestRefused"),
    Case("a Jira issue moved to Approved", "jira", "pg-prod-02"),
    Case("an approved ServiceNow item", "servicenow", "geo-flex"),
    Case("a Zendesk trigger", "zendesk", "pg-stage-01"),
    Case("a GitHub issue form, labelled", "github", "pg-prod-01"),
    Case("single server as files, cross-region", "http", _asked("geo-orders", crossRegion=True)),
    Case(
        "single server as database (retired), by queue", "queue", _asked("empdb11", "retired-server", database="emp21"),
        "succeeded", "databaseCreated",
    ),
)  # fmt: skip


BY_ENTRA = Case("a service of one's own, signed in with Entra", "portal", "pg-prod-01")  # where desk.toml has it


def cases(count: int | None, cloud: Cloud = PUBLIC) -> Iterator[Case]:
    """Every case, as it is asked for in that cloud, and more plain ones where more are asked for."""
    yield from (replace(case, body=_moved(case.body, cloud)) for case in CASES)
    if cloud != PUBLIC:
        yield BY_ENTRA
    plain = cycle([Case(f"{name} as files", "http", _asked(name)) for name in ("pg-prod-01", "pg-prod-02", "geo-flex")])
    yield from islice(plain, max(0, (count or 0) - len(CASES)))


def _moved(body: Any, cloud: Cloud) -> Any:
    return json.loads(moved(json.dumps(body), cloud))
