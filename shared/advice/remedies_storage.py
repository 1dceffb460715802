"""Remedies for the target's storage account and the vault's identity, by the codes of Microsoft's 2025 pages. Pure.

https://learn.microsoft.com/azure/backup/backup-azure-database-postgresql-flex-troubleshoot
"""

from shared.advice import shell_commands
from shared.advice.remedies_rights import container, vault_on_server
from shared.advice.remedy_case import Case, Steps
from shared.advice.shell_commands import Step, az, quoted, shown


def _account(case: Case) -> str:
    return shell_commands.account_and_container(case.plan.container or "")[0]


def no_system_identity(case: Case) -> Steps:
    words = "The vault has no system-assigned identity: turn it on"
    on = f"az resource update --ids {quoted(case.vault)} --set identity.type=SystemAssigned"
    other = "Or name the vault's user-assigned identity as `identity` of the instance in desk.toml"
    return Step(words, (on,)), *vault_on_server(case), Step(other)


def user_identity(case: Case) -> Steps:
    named = f" {case.plan.identity}" if case.plan.identity else ""
    words = f"The identity{named} is not one of the vault's; those that it has are"
    mend = "Add it to the vault, or correct `identity` of the instance in desk.toml"
    return Step(words, (shown(case.vault, "identity"),)), Step(mend)


def key_access(case: Case) -> Steps:
    words = (
        f"The storage account {_account(case)} does not allow access by its keys, which Azure Backup needs: allow it"
    )
    return (Step(words, (az("storage account update", "--allow-shared-key-access true", name=_account(case)),)),)


def locked(case: Case) -> Steps:
    words = f"The storage account {_account(case)} has a lock, or is failing over. Check both, and remove the lock"
    account = case.scope if not case.plan.container_id else case.plan.container_id.partition("/blobServices/")[0]
    locks = f"az lock list --resource {quoted(account)} -o table"
    state = az("storage account show", name=_account(case), query="[provisioningState,failoverInProgress]")
    return (Step(words, (locks, state), "; "),)


def immutable(case: Case) -> Steps:
    url, name = _account(case), shell_commands.account_and_container(case.plan.container or "")[1]
    words = "The container has an immutability policy, so Azure cannot finish writing. Look at the policy"
    policy = az("storage container immutability-policy show", account_name=url, container_name=name)
    return Step(words, (policy,)), Step("Remove the policy, or give the target another container")


def cross_tenant(case: Case) -> Steps:
    words = f"The storage account {_account(case)} forbids cross-tenant replication, which Azure Backup needs: allow it"
    return (Step(words, (az("storage account update", "--allow-cross-tenant-replication true", name=_account(case)),)),)


def permissions(case: Case) -> Steps:
    return (*vault_on_server(case), *container(case)[:1]) if case.plan.container else vault_on_server(case)


def guard(case: Case) -> Steps:
    words = (
        "A Resource Guard protects restores of this vault: its request must name the guard "
        '("resourceGuardRequests": "auto" finds it), and the desk\'s identity needs Backup MUA Operator on the guard'
    )
    proxies = f"{case.vault}/backupResourceGuardProxies/DppResourceGuardProxy"
    return (Step(words, (shown(proxies, "properties.resourceGuardResourceId"),)),)


def point_gone(case: Case) -> Steps:
    point = case.restore.point.id if case.restore.point else "that was asked for"
    name = (case.restore.instance_name or case.restore.instance).replace("/", "%2F")
    listed = shell_commands.get(f"/api/instances/{name}/recovery-points")
    return (Step(f"The vault no longer has the recovery point {point}; those that it has", (listed,)),)
