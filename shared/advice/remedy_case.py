"""A failed restore as its mending needs it: the vault, the server, the container's scope, by name and by id. Pure."""

import re

from shared.advice import shell_commands
from shared.advice.shell_commands import Step, az, within
from shared.domain.restore import AzureError, Plan, Restore
from shared.frozen import frozen

Steps = tuple[Step, ...]


@frozen
class Case:
    """A failed restore, and the names that mending it needs."""

    restore: Restore
    error: AzureError
    plan: Plan

    @property
    def vault(self) -> str:
        return self.restore.vault

    @property
    def source(self) -> str:
        """The ARM id of the backed-up server, or of the instance if the server is not known."""
        found = self.restore.datasource
        return found.id.split("/databases/")[0] if found else self.restore.instance

    @property
    def server(self) -> str:
        """The server that must take part: the target's, or for files the one that was backed up."""
        return self.plan.server or self.source

    @property
    def scope(self) -> str:
        """The container as the scope of a role; its account where its own id is not known."""
        account, _ = shell_commands.account_and_container(self.plan.container or "")
        return self.plan.container_id or within(az("storage account show", "-o tsv", name=account, query="id"))

    @property
    def identity(self) -> str:
        return shell_commands.identity_of(self.vault, self.plan.identity)

    @property
    def key_vault(self) -> str:
        return re.sub(r"^https://", "", self.plan.secret or "").split(".")[0]

    @property
    def secret_name(self) -> str:
        return (self.plan.secret or "").partition("/secrets/")[2].split("/")[0]

    @property
    def group(self) -> str:
        """The target's resource group, or the source's where the target says none."""
        return (self.plan.container_id or self.plan.server or self.source).partition("/providers/")[0]


def support(case: Case) -> str:
    """What Microsoft Support asks for first."""
    activity = case.error.activity_id or (case.restore.attempt.request_id if case.restore.attempt else "")
    return f"if it comes again, give Microsoft Support the activity id {activity}" if activity else "then call Support"


def vault_options(vault: str) -> dict[str, str]:
    """How az is told of a vault."""
    parts = [*vault.split("/"), *[""] * 9]
    return {"subscription": parts[2], "resource_group": parts[4], "vault_name": parts[8]}
