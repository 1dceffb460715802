"""GETs of what exists: vaults, instances, their points, the guard's proxy, other resources and assignments."""

import re
from uuid import UUID, uuid5

from local.emulator.api.calls import (
    NOT_FOUND,
    Answer,
    Call,
    RefusedError,
    World,
    gateway_refused,
    listed,
    the_instance,
    the_vault,
)
from local.emulator.api.request_bodies import MalformedError
from local.emulator.wire import vault_bodies
from local.emulator.world import ticks
from local.emulator.world.inventory import HeldInstance, HeldPoint
from local.emulator.world.seed import Assignment

_CLAUSE = re.compile(r"(startDate|endDate) eq '([^']*)'")
_FIRST = (1 << 62, "~")
_ROLES = UUID("0d1f2b70-5a3c-4f0e-8a54-7d9a1c1b2e01")


def vault(world: World, call: Call) -> Answer:
    return Answer(body=vault_bodies.vault(the_vault(world, call)))


def vaults(world: World, call: Call) -> Answer:
    scope = call.group if "group" in call.params else f"/subscriptions/{call.params['subscription']}"
    return listed(call, [vault_bodies.vault(held) for held in world.inventory.vaults(scope)], None, always=False)


def instance(world: World, call: Call) -> Answer:
    return Answer(body=vault_bodies.instance(the_instance(world, call)))


def instances(world: World, call: Call) -> Answer:
    held, size = the_vault(world, call), world.options.page_size
    found = world.inventory.instances(held, skipped(world, call) or "", size + 1)
    more = call.next_page(world.signer.token(found[size - 1].key)) if len(found) > size else None
    return listed(call, [vault_bodies.instance(each) for each in found[:size]], more, always=False)


def point(world: World, call: Call) -> Answer:
    held = the_instance(world, call)
    found = world.inventory.point(held.key, call.params["point"])
    if found is None:
        raise RefusedError(NOT_FOUND)
    return Answer(body=vault_bodies.point(held, found, call.now))


def points(world: World, call: Call) -> Answer:
    return list_points(world, call, the_instance(world, call), (0, 1 << 62))


def list_points(world: World, call: Call, held: HeldInstance, limits: tuple[int, int]) -> Answer:
    """Newest first. A filter narrows the limits; a reversed range is an empty list, not an error."""
    start, end = filtered(call.query.get("$filter", ""))
    span = (max(start, limits[0]), min(end, limits[1]))
    size = world.options.page_size
    found = world.inventory.points(held.key, span, _before(world, call), size + 1)
    more = _next_points(world, call, found[size - 1]) if len(found) > size else None
    return listed(call, [vault_bodies.point(held, each, call.now) for each in found[:size]], more, always=False)


def _before(world: World, call: Call) -> tuple[int, str]:
    token = skipped(world, call)
    if token is None:
        return _FIRST
    time, _, identity = token.partition(":")
    return (int(time), identity)


def _next_points(world: World, call: Call, last: HeldPoint) -> str:
    query = {"$filter": call.query["$filter"]} if "$filter" in call.query else {}
    return call.next_page(world.signer.token(f"{last.time}:{last.id}"), **query)


def filtered(text: str) -> tuple[int, int]:
    """startDate and endDate, either or both, each once, in the one form the service's clients send; both inclusive."""
    bounds = {"startDate": 0, "endDate": 1 << 62}
    if not text:
        return bounds["startDate"], bounds["endDate"]
    clauses = [_CLAUSE.fullmatch(clause) for clause in text.split(" and ")]
    for clause in clauses:
        moment = ticks.parse(clause[2]) if clause else None
        if clause is None or moment is None:
            raise MalformedError(
                f"$filter {text!r} is not startDate eq '…' and endDate eq '…' with seven fraction digits"
            )
        bounds[clause[1]] = moment
    if len({clause[1] for clause in clauses if clause}) < len(clauses):
        raise MalformedError(f"$filter {text!r} gives a bound twice")
    return bounds["startDate"], bounds["endDate"]


def skipped(world: World, call: Call) -> str | None:
    token = call.query.get("$skiptoken")
    if token is None:
        return None
    text = world.signer.untoken(token)
    if text is None:
        raise MalformedError("$skipToken is not one of this service's")
    return text


def guard_proxy(world: World, call: Call) -> Answer:
    held = the_vault(world, call)
    if held.vault.guard is None:
        raise RefusedError(NOT_FOUND)
    return Answer(body=vault_bodies.guard_proxy(held, held.vault.guard))


def guard_proxies(world: World, call: Call) -> Answer:
    held = the_vault(world, call)
    guards = [vault_bodies.guard_proxy(held, held.vault.guard)] if held.vault.guard else []
    return listed(call, guards, None, always=False)


def resource(world: World, call: Call) -> Answer:
    found = world.inventory.resource(call.path)
    if found is None:
        kind, _, name = call.path.partition("/providers/")[2].rpartition("/")
        raise gateway_refused(404, "ResourceNotFound", f"The Resource '{kind}/{name}' was not found.")
    return Answer(body=dict(found.body) or vault_bodies.resource(found))


def role_assignments(world: World, call: Call) -> Answer:
    scope = call.params["scope"]
    return Answer(body={"value": [_assignment(each, scope) for each in world.inventory.assignments(scope)]})


def _assignment(what: Assignment, asked: str) -> dict[str, object]:
    name = str(uuid5(_ROLES, f"{what.scope}/{what.principal}/{what.role}".lower()))
    subscription = "/".join(asked.split("/")[:3])
    return {
        "properties": {
            "roleDefinitionId": f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{what.role}",
            "principalId": what.principal,
            "principalType": "ServicePrincipal",
            "scope": what.scope,
            "condition": what.condition,
            "conditionVersion": "2.0" if what.condition else None,
        },
        "id": f"{what.scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
        "type": "Microsoft.Authorization/roleAssignments",
        "name": name,
    }
