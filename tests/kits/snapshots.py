"""What a deployment would make, as the compiler's snapshots in tests/infra/deployments say."""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

DEPLOYMENTS = Path(__file__).parents[1] / "infra" / "deployments"
NAMES = sorted(path.name.removesuffix(".snapshot.json") for path in DEPLOYMENTS.glob("*.snapshot.json"))


@dataclass(frozen=True)
class Assignment:
    """A role given: on what, which, to whom (an expression where only Azure knows)."""

    scope: str
    role: str
    principal: str
    kind: str


@dataclass(frozen=True)
class Deployment:
    """One snapshot."""

    name: str
    resources: list[dict[str, Any]]
    outputs: dict[str, Any]
    diagnostics: list[str]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Every resource of a type."""
        return [one for one in self.resources if one["type"] == kind]

    def only(self, kind: str) -> dict[str, Any]:
        """The one resource of a type."""
        (found,) = self.of(kind)
        return found

    def settings(self) -> dict[str, str]:
        """The function app's settings."""
        given = self.only("Microsoft.Web/sites")["properties"]["siteConfig"]["appSettings"]
        return {one["name"]: one["value"] for one in given}

    def assignments(self) -> list[Assignment]:
        """Every role assignment."""
        return [_assignment(one) for one in self.of("Microsoft.Authorization/roleAssignments")]

    def definitions(self) -> dict[str, dict[str, Any]]:
        """Roles of our own: GUID → properties."""
        return {one["name"]: one["properties"] for one in self.of("Microsoft.Authorization/roleDefinitions")}


def _assignment(one: dict[str, Any]) -> Assignment:
    properties = one["properties"]
    scope = one["id"].split("/providers/Microsoft.Authorization/")[0]
    if scope.startswith("["):  # the name is an expression, as it holds a principal that only Azure knows
        scope = re.findall(r"guid\('([^']+)'", one["id"])[0]
    role = properties["roleDefinitionId"].rpartition("/")[2]
    return Assignment(scope, role, properties["principalId"], properties["principalType"])


@cache
def deployment(name: str) -> Deployment:
    """A snapshot by its name."""
    told = json.loads((DEPLOYMENTS / f"{name}.snapshot.json").read_text())
    return Deployment(name, told["predictedResources"], told["outputs"], told["diagnostics"])
