"""What a subscription offers and whom it lets do what: as an owner in West Europe sees it, unless planted otherwise."""

from typing import Any

from local.emulator.api.calls import Answer, Call, World, gateway_refused

OWNER: dict[str, Any] = {"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []}
SKUS = ("Standard_LRS", "Standard_ZRS", "Standard_GRS", "Standard_GZRS")
STACK = {"name": "python", "properties": {"majorVersions": [{"minorVersions": [{"value": "3.12"}, {"value": "3.13"}]}]}}


def answer(world: World, call: Call) -> Answer:
    """A planted document as it stands, else what stands here; 404 for everything else."""
    planted = world.inventory.resource(call.path)
    if planted is not None:
        return Answer(body=dict(planted.body))
    _, _, end = call.path.partition("/providers/")
    found = _usual(end.lower())
    if found is None:
        raise gateway_refused(404, "ResourceNotFound", f"The Resource '{call.path}' was not found.")
    return Answer(body=found)


def _usual(end: str) -> dict[str, Any] | None:
    if end.endswith("microsoft.authorization/permissions"):
        return {"value": [OWNER]}
    if end.endswith("microsoft.authorization/locks") or end == "microsoft.keyvault/deletedvaults":
        return {"value": []}
    if end == "microsoft.web/georegions":
        return {"value": [{"name": "West Europe"}, {"name": "North Europe"}]}
    if end.endswith("/functionappstacks"):
        return {"value": [STACK]}
    if end == "microsoft.storage/skus":
        return {"value": [{"name": name, "locations": ["westeurope"]} for name in SKUS]}
    return {"namespace": end, "registrationState": "Registered"} if end and "/" not in end else None
