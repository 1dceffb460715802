"""The `az` lines that give the desk and the vaults what they need, for an admin who owns those scopes. Pure."""

from collections.abc import Iterator

from deskctl.doctor.roles import KEEPS_CONTAINERS, OPERATES, READS, READS_SECRETS, WRITES_BLOBS, Role
from shared.advice.shell_commands import THE_ID, Verbatim, account_and_container, az, identity_of, within
from shared.config.desk_file import Desk
from shared.config.plans import Ground
from shared.config.policy import decide
from shared.config.rights import anybody
from shared.domain import resource_ids
from shared.domain.request import RestoreRequest
from shared.domain.resource_ids import parse_id
from shared.domain.restore import Plan


def role_lines(desk: Desk, identity: str | None, ground: Ground) -> Iterator[str]:
    """The desk's roles on its vaults, then what each vault's identity needs on its targets; each line once."""
    yield "# the desk's identity on each vault (Reader: backupJobs/read is in none of the Backup roles)"
    principal = identity or Verbatim('"$DESK"')
    vaults = dict.fromkeys(parse_id(entry.id, resource_ids.INSTANCE).parent().text for entry in desk.instances.values())
    for vault in vaults:
        for role in (OPERATES, READS):
            yield _grant(role, principal, vault)
    accounts = {target.account for target in desk.targets.values() if target.kind == "files" and target.account}
    if accounts:
        yield "# the desk's identity on the accounts where it makes and deletes containers"
    for account in sorted(accounts):
        yield _grant(KEEPS_CONTAINERS, principal, account)
    yield "# each vault's identity on its targets"
    needed: dict[str, dict[str, None]] = {}
    for name, entry in desk.instances.items():
        lines = needed.setdefault(
            identity_of(parse_id(entry.id, resource_ids.INSTANCE).parent().text, entry.identity), {}
        )
        for target in entry.targets:
            database = "sample" if desk.targets[target].kind == "database" else None
            request = RestoreRequest(instance=name, target=target, database=database)
            lines |= dict.fromkeys(_target(decide(request, anybody(desk), desk, ground).plan))
    for who, lines in needed.items():
        yield from (who, *lines)


def _target(plan: Plan) -> Iterator[str]:
    if plan.kind == "files":
        yield _grant(WRITES_BLOBS, THE_ID, plan.account or plan.container_id or _container(plan.container or ""))
        return
    yield _grant(READS, THE_ID, plan.server or "")
    key_vault = (plan.secret or "").removeprefix("https://").split(".")[0]
    yield _grant(READS_SECRETS, THE_ID, within(az("keyvault show", "-o tsv", name=key_vault, query="id")))


def _container(url: str) -> Verbatim:
    account, container = account_and_container(url)
    shown = az("storage account show", "-o tsv", name=account, query="id")
    return Verbatim(f'"$({shown})/blobServices/default/containers/{container}"')


def _grant(role: Role, principal: str, scope: str) -> str:
    kind = "ServicePrincipal"
    return az("role assignment create", role=role.name, assignee_object_id=principal, assignee_principal_type=kind,
              scope=scope)  # fmt: skip
