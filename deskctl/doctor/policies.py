"""Azure Policy before a deployment: what the subscription's policies would refuse of what infra/ makes."""

from collections.abc import Iterator
from typing import Any

from deskctl.doctor.findings import Finding, fault, ok
from deskctl.doctor.preflight import Before
from shared.advice.shell_commands import az

POLICY_INSIGHTS = "2022-03-01"  # this version judges by policies that deny, and by no others


def policies(before: Before) -> Iterator[Finding]:
    """One question a resource: Azure judges its content by each policy that holds for the subscription."""
    refused = False
    for kind, (version, content) in _made(before).items():
        asked = {"resourceContent": {"type": kind, "location": before.region, **content}, "apiVersion": version}
        path = f"{before.subscription}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
        answer = before.reader.judge(path, POLICY_INSIGHTS, {"resourceDetails": asked})
        judged = (answer.get("contentEvaluationResult") or {}).get("policyEvaluations") or ()
        for one in judged:
            if str(one.get("evaluationResult")).lower() == "noncompliant":
                refused = True
                assignment = str((one.get("policyInfo") or {}).get("policyAssignmentId"))
                words = f"policy {assignment.rpartition('/')[2]} refuses {kind} as infra/ makes it"
                yield fault("policies", f"{words}; its owner may exempt the desk", _exempted(before, assignment))
    if not refused:
        yield ok("policies", "none refuses what the deployment makes")


def _exempted(before: Before, assignment: str) -> str:
    return az("policy exemption create", name="restore-desk", policy_assignment=assignment,
              exemption_category="Waiver", scope=before.subscription)  # fmt: skip


def _made(before: Before) -> dict[str, tuple[str, dict[str, Any]]]:
    """Kind → api-version and what infra/ says of it; a name or a tag of its own is not judged here."""
    private = before.on("DESK_PRIVATE_ENDPOINTS", "false")
    tags = {"azd-env-name": before.values.get("AZURE_ENV_NAME", "")}
    network = {
        "publicNetworkAccess": "Disabled" if private and not before.listed("DESK_ALLOWED_IPS") else "Enabled",
        "networkAcls": {"bypass": "None", "defaultAction": "Deny" if private else "Allow"},
    }
    account = {
        "allowSharedKeyAccess": False, "allowBlobPublicAccess": False, "allowCrossTenantReplication": False,
        "minimumTlsVersion": "TLS1_2", "supportsHttpsTrafficOnly": True, **network,
    }  # fmt: skip
    sku = {"name": before.values.get("DESK_STORAGE_SKU") or "Standard_ZRS"}
    vault = {"enableRbacAuthorization": True, "softDeleteRetentionInDays": 90, **network}
    site = {"httpsOnly": True, "siteConfig": {"minTlsVersion": "1.2", "scmMinTlsVersion": "1.2"}}
    return {
        "Microsoft.Storage/storageAccounts": (
            "2023-05-01", {"kind": "StorageV2", "sku": sku, "tags": tags, "properties": account}
        ),
        "Microsoft.KeyVault/vaults": ("2023-07-01", {"tags": tags, "properties": vault}),
        "Microsoft.Web/sites": ("2024-04-01", {"kind": "functionapp,linux", "tags": tags, "properties": site}),
        "Microsoft.OperationalInsights/workspaces": ("2023-09-01", {"tags": tags, "properties": {}}),
    }  # fmt: skip
