"""What the person who deploys may do: the deployment's own acts against the permissions that ARM lists."""

from collections.abc import Iterator
from typing import Literal

from deskctl.arm_reader import Json
from deskctl.doctor.findings import Finding, fault, ok
from deskctl.doctor.preflight import Before
from shared.advice.shell_commands import az

PERMISSIONS = "2022-04-01"
GIVES_ROLES = "Microsoft.Authorization/roleAssignments/write"
DEFINES_ROLES = "Microsoft.Authorization/roleDefinitions/write"
LOCKS = "Microsoft.Authorization/locks/write"
TARGETS = ("DESK_TARGET_CONTAINERS", "DESK_TARGET_ACCOUNTS", "DESK_TARGET_SECRETS", "DESK_TARGET_SERVERS")
MAKES = "Microsoft.Resources/deployments/write"


def permissions(before: Before) -> Iterator[Finding]:
    """What the deployment does here: Contributor alone is not enough."""
    asked = [MAKES, GIVES_ROLES, *([LOCKS] if before.on("DESK_LOCK_LEDGER") else [])]
    yield from _may(before, before.subscription, asked, "your subscription")
    if before.on("DESK_ASSIGN_TARGET_ROLES"):
        for name in TARGETS:
            for scope in before.listed(name):
                instead = "azd env set DESK_ASSIGN_TARGET_ROLES false"
                yield from _may(before, scope, [GIVES_ROLES], f"{name} {scope.rpartition('/')[2]}", instead)
    if not before.on("DESK_ASSIGN_ROLES"):
        return
    for vault in before.vaults():
        yield from _may(before, vault, [GIVES_ROLES], f"vault {vault.rpartition('/')[2]}")
        if before.on("DESK_CUSTOM_ROLES"):
            held = "/".join(vault.split("/")[:3])
            yield from _may(
                before, held, [DEFINES_ROLES], "the vault's subscription", "azd env set DESK_CUSTOM_ROLES false"
            )


def _may(before: Before, scope: str, asked: list[str], place: str, instead: str = "") -> Iterator[Finding]:
    held = list(before.reader.pages(f"{scope}/providers/Microsoft.Authorization/permissions", PERMISSIONS))
    for action in asked:
        if any(allows(one, action) for one in held):
            yield ok(place, f"you hold {action}")
            continue
        line = az("role assignment create", role="Owner", assignee="<you>", scope=scope)
        instead = instead or (
            "azd env set DESK_LOCK_LEDGER false" if action == LOCKS else "azd env set DESK_ASSIGN_ROLES false"
        )
        yield fault(place, f"you lack {action} there: Owner has it, Contributor has not", line, instead)


def allows(permission: Json, action: str, kind: Literal["actions", "dataActions"] = "actions") -> bool:
    """Whether one permission of a role lets an action of the management or the data plane happen."""

    def covers(patterns: object) -> bool:
        found = patterns if isinstance(patterns, list) else []
        return any(matches(str(pattern).lower(), action.lower()) for pattern in found)

    return covers(permission.get(kind)) and not covers(permission.get(f"not{kind[0].upper()}{kind[1:]}"))


def matches(pattern: str, action: str) -> bool:
    """Whether an action fits a role's pattern. `*`, Azure's only wildcard, stands for any run of characters."""
    parts, place = pattern.split("*"), 0
    if len(parts) == 1:
        return pattern == action
    if not action.startswith(parts[0]) or not action.endswith(parts[-1]):
        return False
    for part in parts:
        found = action.find(part, place)
        if found < 0:
            return False
        place = found + len(part)
    return True
