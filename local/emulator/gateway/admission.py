"""What the gateway checks before the service sees a call: token, api-version, media type, group, budgets."""

import hashlib
import math
import re
from collections.abc import Mapping

from local.emulator.api.calls import Answer, Call, World
from local.emulator.api.routes import Found, Route
from local.emulator.hindrance.budgets import Caller, spend
from local.emulator.wire.errors import gateway
from local.emulator.world.seed import TENANT

_VERSIONS = {
    "2021-01-01",
    "2021-07-01",
    "2024-03-01",
    "2024-04-01",
    "2025-01-01",
    "2025-02-01",
    "2025-07-01",
    "2025-09-01",
    "2026-03-01",
    "2026-06-01",
}
_EARLIER = re.compile(r"202[23]-\d\d-\d\d")
_ANY_VERSION = re.compile(r"\d{4}-\d\d-\d\d(-preview)?")


def admit(world: World, call: Call, found: Found) -> tuple[Answer | None, dict[str, str]]:
    """A refusal or None, and the rate-limit headers that any answer shows."""
    refusal = _unauthenticated(world, call.headers) or _unroutable(call, found)
    if refusal is not None or found.route is None:
        return refusal, {}
    refusal = _unsupported(call, found.route) or _unknown(world, call, found.route)
    if refusal is not None:
        return refusal, {}
    return _throttled(world, call, found.route)


def _unauthenticated(world: World, headers: Mapping[str, str]) -> Answer | None:
    kind, _, token = headers.get("authorization", "").partition(" ")
    expected = world.options.token
    challenge = f'Bearer authorization_uri="https://login.microsoftonline.com/{TENANT}"'
    if kind.lower() != "bearer" or not token.strip():
        body = gateway("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
        return Answer(status=401, body=body, headers={"WWW-Authenticate": challenge})
    if expected is not None and token != expected:
        body = gateway("InvalidAuthenticationToken", "The access token is invalid.")
        return Answer(status=401, body=body, headers={"WWW-Authenticate": f'{challenge}, error="invalid_token"'})
    return None


def _unroutable(call: Call, found: Found) -> Answer | None:
    if found.route is not None:
        return None
    if found.known:
        return _refused(405, "MethodNotAllowed", f"The resource does not support {call.method}.")
    return _refused(404, "InvalidResourceType", "The resource type could not be found.")


def _unsupported(call: Call, route: Route) -> Answer | None:
    version = call.api_version
    if not version:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        return _refused(400, "MissingApiVersionParameter", message)
    stable = version in _VERSIONS or bool(_EARLIER.fullmatch(version))
    if not (stable if route.protection else _ANY_VERSION.fullmatch(version)):
        known = ",".join(sorted(_VERSIONS))
        message = f"The api-version '{version}' is invalid. The supported versions are '{known}'."
        return _refused(400, "InvalidApiVersionParameter", message)
    media = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if call.method in ("POST", "PUT") and media != "application/json":
        message = f"The content media type '{media}' is not supported. Only 'application/json' is supported."
        return _refused(415, "UnsupportedMediaType", message)
    return None


def _unknown(world: World, call: Call, route: Route) -> Answer | None:
    subscription = call.params.get("subscription")
    if subscription is None:  # a path of the tenant's
        return None
    if not world.inventory.has_subscription(subscription):
        return _refused(404, "SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")
    group = call.params.get("group") if route.protection else None
    if group and not world.inventory.has_group(subscription, group):
        return _refused(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
    return None


def _throttled(world: World, call: Call, route: Route) -> tuple[Answer | None, dict[str, str]]:
    options = world.options
    caller = Caller(
        subscription=call.params.get("subscription", "").lower(),
        principal=hashlib.sha256(call.headers["authorization"].encode()).hexdigest()[:16],
        verb=route.verb.lower(),
        writes=call.method != "GET",
        by_location="location" in call.params,
    )
    spent = spend(world.store, caller, call.now, options.speed, enforce=options.buckets)
    if spent.body is None:
        return None, spent.headers
    wait = f"{spent.wait:.3f}" if options.fractional_retry_after else str(max(1, math.ceil(spent.wait)))
    return Answer(status=429, body=spent.body, headers={"Retry-After": wait}), spent.headers


def _refused(status: int, code: str, message: str) -> Answer:
    return Answer(status=status, body=gateway(code, message), headers={"x-ms-failure-cause": "gateway"})
