"""What a subscription offers and whom it lets do what: as an owner in West Europe sees it, unless planted otherwise."""

import json
from typing import Any

from local.emulator.api.calls import Answer, Call, World, gateway_refused
from local.emulator.world.seed import TENANT

OWNER: dict[str, Any] = {"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []}
SKUS = ("Standard_LRS", "Standard_ZRS", "Standard_GRS", "Standard_GZRS")


def stack(*versions: str) -> dict[str, Any]:
    """Python on Flex Consumption in these versions, as `functionAppStacks` says it."""
    flex = {"linuxRuntimeSettings": {"Sku": [{"skuCode": "FC1"}]}}
    minors = [{"value": version, "stackSettings": flex} for version in versions]
    return {"name": "python", "properties": {"majorVersions": [{"minorVersions": minors}]}}


def answer(world: World, call: Call) -> Answer:
    """A planted document as it stands, else what stands here; 404 for everything else."""
    planted = world.inventory.resource(call.path)
    if planted is not None:
        return Answer(body=dict(planted.body))
    _, _, end = call.path.partition("/providers/")
    if call.path.count("/") == 2:
        return Answer(body={"id": call.path, "subscriptionId": call.params["subscription"], "tenantId": TENANT})
    found = _usual(end.lower())
    if found is None:
        raise gateway_refused(404, "ResourceNotFound", f"The Resource '{call.path}' was not found.")
    return Answer(body=found)


def judge(world: World, call: Call) -> Answer:
    """checkPolicyRestrictions: a planted document {kind: assignment's id} lists refused kinds and policies."""
    details = json.loads(call.body or b"{}").get("resourceDetails") or {}
    kind = (details.get("resourceContent") or {}).get("type")
    if not kind or not details.get("apiVersion"):
        raise gateway_refused(
            400, "InvalidRequestContent", "resourceDetails needs resourceContent.type and apiVersion."
        )
    planted = world.inventory.resource(call.path)
    refusing = planted.body.get(kind) if planted else None
    info = {
        "policyAssignmentId": refusing,
        "policyDefinitionId": "/providers/Microsoft.Authorization/policyDefinitions/x",
    }
    judged = [{"policyInfo": info, "evaluationResult": "NonCompliant"}] if refusing else []
    return Answer(body={"fieldRestrictions": [], "contentEvaluationResult": {"policyEvaluations": judged}})


def _usual(end: str) -> dict[str, Any] | None:
    if end.endswith("microsoft.authorization/permissions"):
        return {"value": [OWNER]}
    if end.endswith("microsoft.authorization/locks") or end == "microsoft.keyvault/deletedvaults":
        return {"value": []}
    if end == "microsoft.web/georegions":
        return {"value": [{"name": "West Europe"}, {"name": "North Europe"}]}
    if end.endswith("/functionappstacks"):
        return {"value": [stack("3.12", "3.13")]}
    if end == "microsoft.storage/skus":
        return {"value": [{"name": name, "locations": ["westeurope"]} for name in SKUS]}
    return {"namespace": end, "registrationState": "Registered"} if end and "/" not in end else None
