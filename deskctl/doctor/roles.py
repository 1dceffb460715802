"""Which role an identity needs where, whether it has it, and the `az` line that gives it."""

from collections.abc import Iterator
from dataclasses import dataclass

from deskctl.arm_reader import Absent, ArmReader, Hidden, Json
from deskctl.doctor.findings import Finding, fault, ok, unknown, warning
from deskctl.doctor.permissions import allows
from shared.advice.shell_commands import BACKUP_OPERATOR, BLOB_CONTRIBUTOR, READER, SECRETS_USER, az

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
MUA_OPERATOR = "f54b6d04-23c6-443e-b462-9c16ab7b4a52"


@dataclass(frozen=True)
class Role:
    """A role that is needed, the wider ones that hold it, and the actions that count: any role with them will do."""

    name: str
    id: str
    wider: frozenset[str] = frozenset({OWNER, CONTRIBUTOR})
    actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()

    def held_by(self, roles: set[str]) -> bool:
        return bool(roles & {self.id, *self.wider})


VAULT = "Microsoft.DataProtection/backupVaults"
OPERATES = Role(
    "Backup Operator",
    BACKUP_OPERATOR,
    frozenset({OWNER, CONTRIBUTOR, "5e467623-bb1f-42f4-a55d-6e525e11384b"}),
    (
        f"{VAULT}/read",
        f"{VAULT}/backupInstances/read",
        f"{VAULT}/backupInstances/recoveryPoints/read",
        f"{VAULT}/backupInstances/validateRestore/action",
        f"{VAULT}/backupInstances/restore/action",
        f"{VAULT}/operationStatus/read",
    ),
)
READS_JOBS = Role("Reader", READER, actions=(f"{VAULT}/backupJobs/read",))
READS = Role("Reader", READER, actions=("Microsoft.DBforPostgreSQL/servers/read",))
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers"
# Owner and Contributor are no data roles: https://learn.microsoft.com/azure/storage/blobs/assign-azure-role-data-access
WRITES_BLOBS = Role(
    "Storage Blob Data Contributor",
    BLOB_CONTRIBUTOR,
    frozenset({"b7e6dc6d-f1e8-4753-8033-0f276bb0955b"}),
    data_actions=(f"{BLOBS}/blobs/read", f"{BLOBS}/blobs/write"),
)
KEEPS_CONTAINERS = Role(
    "Storage Account Contributor",
    "17d1049b-9a84-46fb-8f53-869881c3d3ab",
    actions=(f"{BLOBS}/read", f"{BLOBS}/write", f"{BLOBS}/delete", "Microsoft.Storage/storageAccounts/read"),
)
READS_SECRETS = Role(
    "Key Vault Secrets User",
    SECRETS_USER,
    frozenset({"b86a8fe4-44ce-4948-aee5-eccb2c155cd7", "00482a5a-887f-4fb3-b363-3b7fe8e74483"}),
    data_actions=("Microsoft.KeyVault/vaults/secrets/getSecret/action",),
)
STANDING = {MUA_OPERATOR: "Backup MUA Operator", OWNER: "Owner", CONTRIBUTOR: "Contributor"}


def grant(role: Role, principal: str, scope: str) -> str:
    """The line that gives the role."""
    kind = "ServicePrincipal"
    return az("role assignment create", role=role.name, assignee_object_id=principal, assignee_principal_type=kind,
              scope=scope)  # fmt: skip


def assignments(reader: ArmReader, scope: str, principal: str) -> list[Json]:
    """What the identity holds at the scope and above it, by itself or by a group."""
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments"
    query = {"$filter": f"atScope() and assignedTo('{principal}')"}
    found = [item.get("properties") or {} for item in reader.pages(path, **query)]
    return [p for p in found if p.get("principalId") == principal or p.get("principalType") == "Group"]


def role_of(assignment: Json) -> str:
    return str(assignment.get("roleDefinitionId", "")).rpartition("/")[2].lower()


def needs(reader: ArmReader, place: str, who: str, principal: str | None, role: Role, scope: str) -> Finding:
    """Whether an identity has a role at a scope."""
    if principal is None:
        return unknown(place, f"{who} is not known: nobody can tell whether it has {role.name}")
    try:
        held = assignments(reader, scope, principal)
    except (Absent, Hidden) as error:
        return unknown(place, f"the role assignments may not be read ({error})", grant(role, principal, scope))
    free = [each for each in held if not each.get("condition")]
    verdict = _has(reader, role, free)
    if verdict.state == "ok" or len(free) == len(held) or _has(reader, role, held).state != "ok":
        return _said(verdict, place, who, grant(role, principal, scope))
    words = f"{who} has {role.name} only under a condition, which can refuse what Azure Backup does"
    return fault(place, f"{words}: give it without one", grant(role, principal, scope))


def _said(verdict: Finding, place: str, who: str, line: str) -> Finding:
    mend = () if verdict.state == "ok" else (line,)
    return Finding(place, verdict.state, f"{who} {verdict.words}", mend)


def _has(reader: ArmReader, role: Role, held: list[Json]) -> Finding:
    """By the roles' ids, else by what their definitions allow, taken together; a finding without its place."""
    if role.held_by({role_of(each) for each in held}):
        return ok("", f"has {role.name}")
    granted: list[Json] = []
    unread = ""
    for each in held:
        try:
            found = reader.get(str(each.get("roleDefinitionId")))
            granted += (found.get("properties") or {}).get("permissions") or []
        except (Absent, Hidden) as error:
            unread = str(error)
    allowed = [any(allows(one, action) for one in granted) for action in role.actions]
    allowed += [any(allows(one, action, "dataActions") for one in granted) for action in role.data_actions]
    if allowed and all(allowed):
        return ok("", f"holds the actions that count of {role.name}")
    if unread and held:
        return unknown("", f"may lack {role.name}: the definition of a role that it holds may not be read")
    return fault("", f"lacks {role.name}")


def standing(reader: ArmReader, guard: str, people: dict[str, str]) -> Iterator[Finding]:
    """The permanent roles that people of the desk's side hold on a Resource Guard; such roles must end after hours."""
    place = f"guard {guard.rpartition('/')[2]}"
    for who, principal in people.items():
        holds = "hold" if who == "you" else "holds"
        try:
            held = assignments(reader, guard, principal)
        except (Absent, Hidden) as error:
            yield unknown(place, f"its role assignments may not be read ({error})")
            continue
        found = [each for each in held if role_of(each) in STANDING]
        for each in found:
            name = STANDING[role_of(each)]
            line = az("role assignment delete", assignee=str(each.get("principalId")), role=name,
                      scope=str(each.get("scope") or guard))  # fmt: skip
            words = f"{who} {holds} {name} there for good, which defeats it: let it be given for an hour, by PIM"
            yield warning(place, words, line) if who == "you" else fault(place, words, line)
        if not found:
            yield ok(place, f"{who} {holds} no standing role there")
