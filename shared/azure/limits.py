"""What Azure cannot do, refused before it is asked: what is wrong, and what to do instead. Pure."""

from typing import Protocol

from shared.domain.resource_ids import CONTAINER, parse_id
from shared.domain.restore import AzureError, Datasource, Plan, Restore, refusal

DISABLED = frozenset({"disabled", "permanentlydisabled"})


class Vault(Protocol):
    """What a vault says of itself (`shared.workflow.ports.VaultFacts`)."""

    @property
    def location(self) -> str: ...

    @property
    def secondary(self) -> str | None: ...

    @property
    def cross_subscription(self) -> str | None: ...

    @property
    def cross_region(self) -> str | None: ...


def impossible(restore: Restore, plan: Plan, source: Datasource, vault: Vault) -> AzureError | None:
    """Why this cannot be restored so, or None; known from the vault's and the instance's own facts."""
    if plan.kind == "database" and source.flexible:
        return refusal(
            "FlexibleServerTakesFilesOnly",
            f"{source.name} is a flexible server: Azure restores it as files only.",
            "Ask for a target of kind files, then load the files with pg_restore.",
        )
    if plan.kind == "database" and plan.destination.lower() == source.id.lower():
        return refusal(
            "TargetIsTheSource",
            f"The target database {plan.database} is the one that was backed up; Azure never restores over it.",
            "Choose a name that does not exist yet on the server.",
        )
    return _region(restore, plan, vault) or _server_region(plan, source) or _subscription(restore, plan, vault)


def _region(restore: Restore, plan: Plan, vault: Vault) -> AzureError | None:
    if not restore.cross_region:
        if plan.location and plan.location != vault.location and plan.location == vault.secondary:
            return refusal(
                "OtherRegion",
                f"{plan.location} is the vault's secondary region; a restore there is a cross-region restore.",
                'Ask with "crossRegion": true.',
            )
        return None
    if not vault.secondary or (vault.cross_region or "").lower() != "enabled":
        return refusal(
            "CrossRegionRestoreNotEnabled",
            "The vault has no secondary region: it is not geo-redundant with cross-region restore enabled.",
            "Restore in the vault's own region, or enable cross-region restore on the vault (for good).",
        )
    if plan.location != vault.secondary:
        return refusal(
            "OtherRegion",
            f"A cross-region restore of this vault goes to {vault.secondary}, not to {plan.location}.",
            f"Leave location out, or say {vault.secondary}; the target must be there.",
        )
    return None


def _server_region(plan: Plan, source: Datasource) -> AzureError | None:
    """Of one server we know where it is: the one that was backed up."""
    own = source.id.lower().split("/databases/")[0]
    known = (source.location or "").replace(" ", "").lower()
    if plan.kind != "database" or (plan.server or "").lower() != own or not known or plan.location == known:
        return None
    return refusal(
        "OtherRegion",
        f"The target server is in {known}, the request says {plan.location}.",
        f'Ask with "location": "{known}".',
    )


def _subscription(restore: Restore, plan: Plan, vault: Vault) -> AzureError | None:
    if (vault.cross_subscription or "").lower() not in DISABLED:
        return None
    for_good = (vault.cross_subscription or "").lower() == "permanentlydisabled"
    state = "permanently disabled" if for_good else "disabled"
    own = restore.vault.split("/")[2].lower()
    held = plan.container_id and parse_id(plan.container_id, CONTAINER).subscription
    if plan.kind == "files" and not held:
        return refusal(
            "ContainerIdNeeded",
            f"Cross-subscription restore is {state} on this vault, so Azure needs the container's ARM id.",
            "Give containerId: /subscriptions/<id>/resourceGroups/<name>/providers/Microsoft.Storage/storageAccounts/"
            "<account>/blobServices/default/containers/<container>",
        )
    if (held or own) != own or (plan.server and plan.server.split("/")[2].lower() != own):
        return refusal(
            "OtherSubscription",
            f"The target is in another subscription, and cross-subscription restore is {state} on this vault.",
            "Choose a target in the vault's subscription"
            + ("." if for_good else ", or enable cross-subscription restore on the vault."),
        )
    return None
