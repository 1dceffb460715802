"""What desk.toml lets a source ask for: a request becomes a plan, or a Problem naming the field. Pure."""

import re
from dataclasses import dataclass

from shared.config.desk_file import DatabaseEntry, Desk, FilesEntry, InstanceEntry
from shared.config.rights import Asker
from shared.domain import resource_ids
from shared.domain.clouds import Cloud
from shared.domain.problems import Problem, forbidden, invalid, unknown
from shared.domain.request import DatabaseTarget, FilesTarget, RestoreRequest
from shared.domain.resource_ids import ArmId, BadName, ContainerUrl
from shared.domain.restore import Plan


@dataclass(frozen=True)
class Ground:
    """What decisions stand on beside desk.toml: the cloud, and the desk's own storage account, which is no target."""

    cloud: Cloud
    own_account: str | None = None


@dataclass(frozen=True)
class Decision:
    """A request that may be taken: which instance, and where to."""

    instance: ArmId
    name: str | None
    plan: Plan

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
            _parsed("resourceGuardRequests", one, resource_ids.GUARD_REQUEST)
    plan = _plan(request, asker, desk, ground, instance, name)
    identity = entry.identity if entry else None
    return Decision(instance, name, plan.model_copy(update={"identity": identity}))


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
    instance = _parsed("instance", said, resource_ids.INSTANCE)
    for name, entry in desk.instances.items():
        if entry.id.lower() == instance.key:
            return resource_ids.parse_id(entry.id, resource_ids.INSTANCE), name
    return (instance, None) if resource_ids.allowed(instance.text, desk.allow.instances) else None


def _parsed(where: str, text: str, *kinds: str) -> ArmId:
    try:
        return resource_ids.parse_id(text, *kinds)
    except BadName as error:
        raise invalid(where, str(error)) from error


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
        raise invalid("database", "the target says the database itself: leave this field out")
    if not asker.places:
        raise forbidden("target", f"{asker.source} may go to named targets only (its `explicit` is not true)")
    if entry and not entry.explicit_targets:
        raise forbidden("target", f"instances.{name} takes named targets only (explicitTargets is not set)")
    if isinstance(target, FilesTarget):
        return _files(target, request, desk, ground)
    return _database(target, request, desk, ground)


@dataclass(frozen=True)
class _Place:
    entry: InstanceEntry | None
    name: str


def _named(request: RestoreRequest, target: str, desk: Desk, ground: Ground, place: _Place) -> Plan:
    found = desk.targets[target]
    if isinstance(found, DatabaseEntry):
        if not request.database:
            raise invalid("database", f"target {target} is a server: say the name of the new database")
        plan = _server_plan(found.server, request.database, found.credentials_secret, ground)
    else:
        if request.database:
            raise invalid("database", "a restore as files has no database name")
        plan = _files_plan(found, place.name, desk, ground)
    if place.entry is None:
        _covered(plan, desk)
    location = request.location or (found.location or "").replace(" ", "").lower() or None
    return plan.model_copy(update={"name": target, "location": location})


def _files_plan(entry: FilesEntry, name: str, desk: Desk, ground: Ground) -> Plan:
    """The container of a target, or its account: there each attempt gets a container of its own, by its step."""
    if entry.account is None:
        return _container_plan(_filled(entry, name), desk, ground)
    account = _parsed("target.account", entry.account, resource_ids.ACCOUNT)
    if account.name.lower() == (ground.own_account or "").lower():
        raise forbidden("target.account", "this is the desk's own storage account; dumps may not lie beside its ledger")
    return Plan(kind="files", account=account.text, keep_hours=entry.keep_hours, prefix=entry.prefix)


def container_url(account: str, name: str, ground: Ground) -> str:
    """The URL of a container of an account, by the account's ARM id."""
    return f"https://{account.rsplit('/', 1)[-1].lower()}.blob.{ground.cloud.storage_suffix}/{name}"


def _filled(entry: FilesEntry, name: str) -> FilesTarget:
    slug = re.sub(r"-{2,}", "-", re.sub(r"[^a-z0-9-]", "-", name.lower())).strip("-")
    return FilesTarget(
        kind="files",
        container=_short(entry.container or "", slug),
        containerId=_short(entry.container_id, slug) if entry.container_id else None,
        prefix=entry.prefix,
    )


def _short(text: str, slug: str) -> str:
    """`{instance}` filled in, the slug cut so that the container's name keeps to 63 characters."""
    last = text.rsplit("/", 1)[-1]
    room = 63 - len(last.replace("{instance}", ""))
    return text.replace("{instance}", slug[: max(room, 0)].rstrip("-"))


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
    plan = _container_plan(target, desk, ground)
    _covered(plan, desk)
    return plan.model_copy(update={"location": request.location})


def _container_plan(target: FilesTarget, desk: Desk, ground: Ground) -> Plan:
    try:
        url = resource_ids.parse_container(target.container, ground.cloud)
    except BadName as error:
        raise invalid("target.container", str(error)) from error
    if url.account == (ground.own_account or "").lower():
        raise forbidden(
            "target.container", "this is the desk's own storage account; dumps may not lie beside its ledger"
        )
    container_id = target.container_id or derived_id(url, desk)
    if container_id:
        held = _parsed("target.containerId", container_id, resource_ids.CONTAINER)
        if (held.names[0].lower(), held.names[-1].lower()) != (url.account, url.container):
            raise invalid("target.containerId", "it names another account or container than the URL")
    return Plan(kind="files", container=url.text, container_id=container_id, prefix=target.prefix)


def derived_id(url: ContainerUrl, desk: Desk) -> str | None:
    """The container's ARM id, where another target of desk.toml says which account its account is: the URL alone
    does not tell subscription and resource group. Where none does, `shared/azure/limits.py` asks for it."""
    for entry in desk.targets.values():
        said = entry.container_id if isinstance(entry, FilesEntry) else None
        account, found, _ = (said or "").partition("/blobServices/")
        if found and account.rsplit("/", 1)[-1].lower() == url.account:
            return f"{account}/blobServices/default/containers/{url.container}"
    return None


def _database(target: DatabaseTarget, request: RestoreRequest, desk: Desk, ground: Ground) -> Plan:
    plan = _server_plan(target.server, target.database, target.credentials_secret, ground)
    _covered(plan, desk)
    return plan.model_copy(update={"location": request.location})


def _server_plan(server: str, database: str, secret: str, ground: Ground) -> Plan:
    found = _parsed("target.server", server, resource_ids.SINGLE_SERVER, resource_ids.FLEXIBLE_SERVER)
    if found.type == resource_ids.FLEXIBLE_SERVER:
        raise invalid(
            "target.server",
            "Azure restores to flexible servers as files only: restore to a container, then load it with pg_restore",
        )
    if re.search(r"^(azure_maintenance|azure_sys|postgres|template[01])$", database, re.IGNORECASE):
        raise invalid("database", f"{database} is a system database of every server: choose a new name")
    try:
        return Plan(
            kind="database",
            server=found.text,
            database=database,
            secret=resource_ids.parse_secret(secret, ground.cloud),
        )
    except BadName as error:
        raise invalid("target.credentialsSecret", str(error)) from error


def check_file(desk: Desk, ground: Ground) -> list[str]:
    """What the model cannot see: targets that could never be used; each line says where and why."""
    faults = []
    for name, entry in desk.targets.items():
        try:
            if isinstance(entry, FilesEntry):
                _files_plan(entry, "sample", desk, ground)
            else:
                _server_plan(entry.server, "sample", entry.credentials_secret, ground)
        except Problem as problem:
            faults.append(f"targets.{name}: {problem.detail}")
    return faults + _shared_containers(desk)


def _shared_containers(desk: Desk) -> list[str]:
    """Instances whose names become one in `{instance}`: a flexible server's files know no prefix to tell them apart."""
    faults, first = [], dict[str, str]()
    for name, entry in desk.instances.items():
        for target in (desk.targets[target] for target in entry.targets):
            if not isinstance(target, FilesEntry) or "{instance}" not in (target.container or ""):
                continue
            container = _filled(target, name).container
            other = first.setdefault(container, name)
            if other != name:
                faults.append(f"instances.{name}: {container} is the container of {other}, too: rename one of the two")
    return faults
