"""What desk.toml lets a source ask for: a request becomes a plan, or a Problem naming the field. Pure."""

from collections.abc import Sequence

from shared.config.desk_file import Desk, InstanceEntry
from shared.config.plans import (
    Ground,
    container_plan,
    derived_id,
    files_plan,
    has_name_of_its_own,
    owners_of,
    parsed,
    server_plan,
)
from shared.config.rights import Asker
from shared.config.target_entries import DatabaseEntry, FilesEntry
from shared.config.verify import level_of, wanted
from shared.domain import resource_ids
from shared.domain.problems import Problem, forbidden, invalid, unknown
from shared.domain.request import DatabaseTarget, FilesTarget, RestoreRequest
from shared.domain.resource_ids import ArmId, parse_container
from shared.domain.restore import Plan
from shared.domain.verification import Level, Wanted
from shared.frozen import frozen


@frozen
class Decision:
    """A request that may be taken: which instance, and where to."""

    instance: ArmId
    name: str | None
    plan: Plan
    verification: Wanted | None = None

    @property
    def vault(self) -> ArmId:
        return self.instance.parent()


def decide(request: RestoreRequest, asker: Asker, desk: Desk, ground: Ground) -> Decision:
    """The plan for a request, or the Problem that says what is not allowed, and which field asks for it."""
    instance, name = _instance(request.instance, asker, desk)
    entry = desk.instances[name] if name else None
    if request.callback and request.callback not in asker.callbacks:
        raise asker.no_callback(request.callback)
    if isinstance(request.resource_guard_requests, list):
        for one in request.resource_guard_requests:
            parsed("resourceGuardRequests", one, resource_ids.GUARD_REQUEST)
    plan = _plan(request, asker, desk, ground, instance, name)
    identity = entry.identity if entry else None
    verification = verification_of(desk, name, level_of(request, plan, _least(desk, plan)))
    return Decision(instance, name, plan.model_copy(update={"identity": identity}), verification)


def _least(desk: Desk, plan: Plan) -> Level:
    """What the target verifies at least."""
    target = desk.targets.get(plan.name or "")
    return (target.verify if isinstance(target, FilesEntry) else None) or "none"


def verification_of(desk: Desk, name: str | None, level: Level) -> Wanted | None:
    """How a delivery of that instance is verified by the present desk.toml; None if it is not."""
    entry = desk.instances.get(name or "")
    if level == "none" or entry is None:
        return None
    return wanted(level, entry.databases, entry.checks)


def decide_for_any(request: RestoreRequest, askers: Sequence[Asker], desk: Desk, ground: Ground) -> Decision:
    """As `decide`, for one who may ask in several ways (the roles of a person): the first that allows it."""
    problem: Problem | None = None
    for asker in askers:
        try:
            return decide(request, asker, desk, ground)
        except Problem as found:
            problem = found
    assert problem is not None
    raise problem


def _instance(said: str, asker: Asker, desk: Desk) -> tuple[ArmId, str | None]:
    """The instance, where the asker may ask for it; every other one is refused in the same words."""
    found = _looked_up(said, desk)
    if found is None or not (found[1] in asker.instances if found[1] else asker.ids):
        raise asker.no_instance(said)
    return found


def find_instance(said: str, desk: Desk) -> tuple[ArmId, str | None]:
    """A name, or an ARM id: one that equals a named instance is that instance, another needs an `allow` pattern."""
    found = _looked_up(said, desk)
    if found is None and said.startswith("/"):
        raise forbidden("instance", "no pattern of allow.instances covers this id")
    if found is None:
        raise unknown("instance", said, "instance", desk.instances)
    return found


def _looked_up(said: str, desk: Desk) -> tuple[ArmId, str | None] | None:
    if said in desk.instances:
        return resource_ids.parse_id(desk.instances[said].id, resource_ids.INSTANCE), said
    if not said.startswith("/"):
        return None
    instance = parsed("instance", said, resource_ids.INSTANCE)
    for name, entry in desk.instances.items():
        if entry.id.lower() == instance.key:
            return resource_ids.parse_id(entry.id, resource_ids.INSTANCE), name
    return (instance, None) if resource_ids.allowed(instance.text, desk.allow.instances) else None


def _plan(request: RestoreRequest, asker: Asker, desk: Desk, ground: Ground, instance: ArmId, name: str | None) -> Plan:
    target = request.target
    entry = desk.instances[name] if name else None
    if isinstance(target, str):
        if target not in asker.targets_for(name, desk):
            raise asker.no_target(target, name, desk)
        return _named(request, target, desk, ground, _Place(entry, name or instance.name))
    if request.database and isinstance(target, FilesTarget):
        raise invalid("database", "a restore as files has no database name")
    if request.database:
        raise invalid("database", "the target has a database: leave this field out")
    if not asker.places:
        raise forbidden("target", f"{asker.source} may go to named targets only (its `explicit` is not true)")
    if entry and not entry.explicit_targets:
        raise forbidden("target", f"instances.{name} takes named targets only (explicitTargets is not set)")
    if isinstance(target, FilesTarget):
        plan = _files(target, request, desk, ground)
        _alone(plan, _Place(entry, name or instance.name), desk)
        return plan
    return _database(target, request, desk, ground)


@frozen
class _Place:
    entry: InstanceEntry | None
    name: str


def _named(request: RestoreRequest, target: str, desk: Desk, ground: Ground, place: _Place) -> Plan:
    found = desk.targets[target]
    if isinstance(found, DatabaseEntry):
        if not request.database:
            raise invalid("database", f"target {target} is a server: send the name of the new database")
        plan = server_plan(found.server, request.database, found.credentials_secret, ground)
    else:
        if request.database:
            raise invalid("database", "a restore as files has no database name")
        plan = files_plan(found, place.name, desk, ground)
        if (
            place.entry is None
            and "{instance}" in (found.container or "")
            and not has_name_of_its_own(found, place.name)
        ):
            words = "its container is named after the instance, and another instance may have the name of this one"
            raise forbidden("target", f"{words}: give the instance a name in desk.toml")
        _alone(plan, place, desk)
    if place.entry is None:
        _covered(plan, desk)
    location = request.location or (found.location or "").replace(" ", "").lower() or None
    return plan.model_copy(update={"name": target, "location": location})


def _alone(plan: Plan, place: _Place, desk: Desk) -> None:
    """Dumps of two instances never lie in one container that is named after one of them."""
    owners = owners_of(plan.container or "", desk)
    if owners - {place.name if place.entry else ""}:
        raise forbidden("target", "this container belongs to another instance")


def _covered(plan: Plan, desk: Desk) -> None:
    if plan.account:
        raise forbidden("target", "an account's containers are for instances that desk.toml names")
    where = plan.container or plan.server or ""
    patterns = desk.allow.containers if plan.kind == "files" else desk.allow.servers
    if not resource_ids.allowed(where, patterns):
        kind = "containers" if plan.kind == "files" else "servers"
        raise forbidden("target", f"no pattern of allow.{kind} covers it")
    if plan.secret and not resource_ids.allowed(plan.secret, desk.allow.secrets):
        raise forbidden("target.credentialsSecret", "no pattern of allow.secrets covers it")


def _files(target: FilesTarget, request: RestoreRequest, desk: Desk, ground: Ground) -> Plan:
    plan = container_plan(target, desk, ground)
    known = derived_id(parse_container(target.container, ground.cloud), desk)
    if target.container_id and target.container_id.lower() != (known or "").lower():
        raise forbidden("target.containerId", "desk.toml knows no such id for this account: leave this field out")
    _covered(plan, desk)
    return plan.model_copy(update={"location": request.location})


def _database(target: DatabaseTarget, request: RestoreRequest, desk: Desk, ground: Ground) -> Plan:
    plan = server_plan(target.server, target.database, target.credentials_secret, ground)
    _covered(plan, desk)
    return plan.model_copy(update={"location": request.location})
