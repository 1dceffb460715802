"""Which path is which verb: the table of everything the emulator answers under the management endpoint. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from re import Pattern

from local.emulator.api import containers, cross_region, jobs, operations, restores, surroundings, vaults
from local.emulator.api.calls import Handler

_SUBSCRIPTION = r"/subscriptions/(?P<subscription>[^/]+)"
_GROUP = _SUBSCRIPTION + r"/resourceGroups/(?P<group>[^/]+)"
_PROVIDER = r"/providers/Microsoft\.DataProtection"
_VAULT = _GROUP + _PROVIDER + r"/backupVaults/(?P<vault>[^/]+)"
_INSTANCE = _VAULT + r"/backupInstances/(?P<instance>[^/]+)"
_LOCATION = _PROVIDER + r"/locations/(?P<location>[^/]+)"
_BLOBS = _GROUP + r"/providers/Microsoft\.Storage/storageAccounts/(?P<account>[^/]+)/blobServices/default"
_CONTAINERS = _BLOBS + "/containers"
_OPERATION = r"/(?P<operation>[^/]+)"


@dataclass(frozen=True, slots=True)
class Route:
    """`protection`: the Data Protection provider's own, with its api-versions and its subscriptions."""

    method: str
    verb: str
    path: Pattern[str]
    handler: Handler
    protection: bool = True


def _route(method: str, verb: str, path: str, handler: Handler, *, protection: bool = True) -> Route:
    return Route(method, verb, re.compile(path, re.IGNORECASE), handler, protection)


ROUTES = (
    _route("GET", "recoveryPoints", _INSTANCE + "/recoveryPoints", vaults.points),
    _route("GET", "recoveryPoint", _INSTANCE + "/recoveryPoints/(?P<point>[^/]+)", vaults.point),
    _route("POST", "validateRestore", _INSTANCE + "/validateRestore", restores.validate),
    _route("POST", "restore", _INSTANCE + "/restore", restores.restore),
    _route("GET", "operationResults", _INSTANCE + "/operationResults" + _OPERATION, operations.result),
    _route("GET", "operationStatus", _VAULT + "/operationStatus" + _OPERATION, operations.status),
    _route("GET", "operationResults", _VAULT + "/operationResults" + _OPERATION, operations.result),
    _route("GET", "job", _VAULT + "/backupJobs/(?P<job>[^/]+)", jobs.job),
    _route("GET", "jobs", _VAULT + "/backupJobs", jobs.jobs),
    _route("GET", "operationStatus", _GROUP + _PROVIDER + "/operationStatus" + _OPERATION, operations.status),
    _route("GET", "operationResults", _GROUP + _PROVIDER + "/operationResults" + _OPERATION, operations.result),
    _route("GET", "operationStatus", _SUBSCRIPTION + _LOCATION + "/operationStatus" + _OPERATION, operations.status),
    _route("GET", "operationResults", _SUBSCRIPTION + _LOCATION + "/operationResults" + _OPERATION, operations.result),
    _route("GET", "vault", _VAULT, vaults.vault),
    _route("GET", "vaults", _GROUP + _PROVIDER + "/backupVaults", vaults.vaults),
    _route("GET", "vaults", _SUBSCRIPTION + _PROVIDER + "/backupVaults", vaults.vaults),
    _route("GET", "backupInstance", _INSTANCE, vaults.instance),
    _route("GET", "backupInstances", _VAULT + "/backupInstances", vaults.instances),
    _route("GET", "guardProxies", _VAULT + "/backupResourceGuardProxies", vaults.guard_proxies),
    _route("GET", "guardProxy", _VAULT + "/backupResourceGuardProxies/DppResourceGuardProxy", vaults.guard_proxy),
    _route(
        "POST",
        "fetchSecondaryRecoveryPoints",
        _GROUP + _LOCATION + "/fetchSecondaryRecoveryPoints",
        cross_region.fetch_points,
    ),
    _route(
        "POST", "validateCrossRegionRestore", _GROUP + _LOCATION + "/validateCrossRegionRestore", cross_region.validate
    ),
    _route("POST", "crossRegionRestore", _GROUP + _LOCATION + "/crossRegionRestore", cross_region.restore),
    _route(
        "POST", "fetchCrossRegionRestoreJob", _GROUP + _LOCATION + "/fetchCrossRegionRestoreJob", cross_region.fetch_job
    ),
    _route(
        "POST",
        "fetchCrossRegionRestoreJobs",
        _GROUP + _LOCATION + "/fetchCrossRegionRestoreJobs",
        cross_region.fetch_jobs,
    ),
    _route(
        "GET",
        "roleAssignments",
        rf"(?P<scope>{_SUBSCRIPTION}(?:/.+)?)/providers/Microsoft\.Authorization/roleAssignments",
        vaults.role_assignments,
        protection=False,
    ),
    *(
        _route(method, verb, path, handler, protection=False)
        for method, verb, path, handler in (
            ("PUT", "putContainer", _CONTAINERS + "/(?P<container>[^/]+)", containers.put),
            ("GET", "getContainer", _CONTAINERS + "/(?P<container>[^/]+)", containers.get),
            ("DELETE", "deleteContainer", _CONTAINERS + "/(?P<container>[^/]+)", containers.delete),
            ("GET", "containers", _CONTAINERS, containers.list_all),
            ("GET", "blobService", _BLOBS, containers.service),
        )
    ),
    _route("GET", "surroundings", _SUBSCRIPTION, surroundings.answer, protection=False),
    _route(
        "GET",
        "surroundings",
        "/providers/Microsoft.Web/locations/[^/]+/functionAppStacks",
        surroundings.answer,
        protection=False,
    ),
    _route(
        "POST",
        "policies",
        _SUBSCRIPTION + "/providers/Microsoft.PolicyInsights/checkPolicyRestrictions",
        surroundings.judge,
        protection=False,
    ),
    _route(
        "GET",
        "surroundings",
        _SUBSCRIPTION + r"/(?:providers/(?!Microsoft\.DataProtection).+|resourceGroups/[^/]+"
        r"|.+/providers/Microsoft\.Authorization/(?:permissions|locks))",
        surroundings.answer,
        protection=False,
    ),
    _route(
        "GET", "resource", _GROUP + r"/providers/(?!Microsoft\.DataProtection/).+", vaults.resource, protection=False
    ),
)


@dataclass(frozen=True, slots=True)
class Found:
    """`known`: the path exists, if only for another method."""

    route: Route | None
    params: Mapping[str, str]
    known: bool = False


def find(method: str, path: str) -> Found:
    known = False
    for route in ROUTES:
        match = route.path.fullmatch(path)
        if match and route.method == method:
            return Found(route, match.groupdict(), known=True)
        known = known or match is not None
    return Found(None, {}, known)
