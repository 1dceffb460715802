"""What mends a missing right: roles of the vault's and the desk's identity, the network, the provider. Pure."""

import re

from shared.advice import shell_commands
from shared.advice.remedy_case import Case, Steps
from shared.advice.shell_commands import Step, az, grant, quoted


def vault_on_server(case: Case) -> Steps:
    flexible = case.restore.datasource is not None and case.restore.datasource.flexible
    if flexible:
        return (*retention_role(case), *container(case)[:1])
    words = "Give the vault's identity the role Reader on the server"
    found = (Step(words, (case.identity, grant(shell_commands.READER, case.server))),)
    return (*found, *container(case)[:1]) if case.plan.container else found


def retention_role(case: Case) -> Steps:
    group = case.source.partition("/providers/")[0]
    words = (
        "Give the vault's identity the role PostgreSQL Flexible Server Long Term Retention Backup Role on the server, "
        "and Reader on its resource group"
    )
    commands = (
        case.identity,
        grant(shell_commands.LONG_TERM_RETENTION, case.source),
        grant(shell_commands.READER, group),
    )
    return (Step(words, commands),)


def container(case: Case) -> Steps:
    account, container = shell_commands.account_and_container(case.plan.container or "")
    words = "Give the vault's identity the role Storage Blob Data Contributor on the container"
    there = az("storage container show", "-o tsv", account_name=account, name=container, auth_mode="login")
    query = "[publicNetworkAccess,allowCrossTenantReplication]"
    open_ = az("storage account show", name=account, query=query)
    return (
        Step(words, (case.identity, grant(shell_commands.BLOB_CONTRIBUTOR, case.scope))),
        Step(
            "The container must exist; its account must allow public network access and cross-tenant replication",
            (there, open_),
        ),
    )


def network(case: Case) -> Steps:
    rule = f"{case.server}/firewallRules/AllowAllWindowsAzureIps?api-version=2017-12-01"
    body = '{"properties": {"startIpAddress": "0.0.0.0", "endIpAddress": "0.0.0.0"}}'
    open_ = f"az resource update --ids {quoted(case.server)} --set properties.publicNetworkAccess=Enabled"
    words = 'Turn "Deny public network access" off and "Allow access to Azure services" on at the target server'
    return (Step(words, (open_, az("rest", method="put", url=rule, body=body))),)


def caller(case: Case) -> Steps:
    """ARM's 403 speaks of the desk's own identity, and names it: the vault's identity is not what is missing here."""
    found = re.search(r"object id '([0-9a-fA-F-]{36})'", case.error.message)
    assignee = found[1] if found else shell_commands.Verbatim('"$DESK_IDENTITY"')
    hint = "" if found else " (its object id in DESK_IDENTITY)"
    vault = case.vault.partition("/providers/")[0] if case.restore.cross_region else case.vault
    where = "the vault's resource group" if case.restore.cross_region else "the vault"
    grants = tuple(
        az(
            "role assignment create",
            assignee_object_id=assignee,
            assignee_principal_type="ServicePrincipal",
            role=role,
            scope=vault,
        )
        for role in (shell_commands.BACKUP_OPERATOR, shell_commands.READER)
    )
    return (Step(f"Give the desk's own identity{hint} the roles Backup Operator and Reader on {where}", grants),)


def registration(case: Case) -> Steps:
    named = re.search(r"namespace\W+([A-Za-z]+(?:\.[A-Za-z]+)+)", case.error.message)
    namespace = named[1] if named else "Microsoft.DataProtection"
    subscription = (case.group.split("/") + [""] * 3)[2]
    registered = az("provider register", "--wait", namespace=namespace, subscription=subscription)
    return (Step(f"Register the resource provider {namespace} in the target's subscription", (registered,)),)
