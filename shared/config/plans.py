"""The targets of desk.toml as plans: what is sent to Azure, or the Problem of a target that cannot be used. Pure."""

import re

from shared.config.desk_file import Desk
from shared.config.target_entries import FilesEntry
from shared.domain import resource_ids
from shared.domain.clouds import Cloud
from shared.domain.problems import Problem, forbidden, invalid
from shared.domain.request import FilesTarget
from shared.domain.resource_ids import ArmId, BadName, ContainerUrl
from shared.domain.restore import Plan
from shared.frozen import frozen


@frozen
class Ground:
    """What decisions need besides desk.toml: the cloud, and the desk's own storage account, which may not be a
    target."""

    cloud: Cloud
    own_account: str | None = None


def parsed(where: str, text: str, *kinds: str) -> ArmId:
    try:
        return resource_ids.parse_id(text, *kinds)
    except BadName as error:
        raise invalid(where, str(error)) from error


def files_plan(entry: FilesEntry, name: str, desk: Desk, ground: Ground) -> Plan:
    """The container of a target, or its account: there each attempt gets a container of its own, by its step."""
    if entry.account is None:
        return container_plan(filled(entry, name), desk, ground)
    account = parsed("target.account", entry.account, resource_ids.ACCOUNT)
    if account.name.lower() == (ground.own_account or "").lower():
        raise forbidden("target.account", "this is the desk's own storage account; dumps may not lie beside its ledger")
    return Plan(kind="files", account=account.text, keep_hours=entry.keep_hours, prefix=entry.prefix)


def container_url(account: str, name: str, ground: Ground) -> str:
    """The URL of a container of an account, by the account's ARM id."""
    return f"https://{account.rsplit('/', 1)[-1].lower()}.blob.{ground.cloud.storage_suffix}/{name}"


def filled(entry: FilesEntry, name: str) -> FilesTarget:
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


def has_name_of_its_own(entry: FilesEntry, name: str) -> bool:
    """Whether `{instance}` becomes a container that no other unnamed instance can have: Azure ends the names of backup
    instances in a GUID, and nothing of it is cut off."""
    guid = re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", name.lower())
    return guid is not None and guid[0] in filled(entry, name).container


def owners_of(container: str, desk: Desk) -> set[str]:
    """The named instances whose own container, by `{instance}` of one of their targets, this is."""
    targets = {name: one for name, one in desk.targets.items() if isinstance(one, FilesEntry)}
    return {
        name
        for name, entry in desk.instances.items()
        for one in (targets[target] for target in entry.targets if target in targets)
        if "{instance}" in (one.container or "") and filled(one, name).container == container
    }


def container_plan(target: FilesTarget, desk: Desk, ground: Ground) -> Plan:
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
        held = parsed("target.containerId", container_id, resource_ids.CONTAINER)
        if (held.names[0].lower(), held.names[-1].lower()) != (url.account, url.container):
            raise invalid("target.containerId", "it names another account or container than the URL")
    return Plan(kind="files", container=url.text, container_id=container_id, prefix=target.prefix)


def derived_id(url: ContainerUrl, desk: Desk) -> str | None:
    """The container's ARM id, if another target of desk.toml has the ARM id of its account: the URL does not contain
    subscription and resource group. Without one, `shared/azure/limits.py` requires `containerId`."""
    for entry in desk.targets.values():
        said = entry.container_id if isinstance(entry, FilesEntry) else None
        account, found, _ = (said or "").partition("/blobServices/")
        if found and account.rsplit("/", 1)[-1].lower() == url.account:
            return f"{account}/blobServices/default/containers/{url.container}"
    return None


def server_plan(server: str, database: str, secret: str, ground: Ground) -> Plan:
    found = parsed("target.server", server, resource_ids.SINGLE_SERVER, resource_ids.FLEXIBLE_SERVER)
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
    """Faults that the model cannot find: targets that can never be used; each line says where and why."""
    faults = []
    for name, entry in desk.targets.items():
        try:
            if isinstance(entry, FilesEntry):
                files_plan(entry, "sample", desk, ground)
            else:
                server_plan(entry.server, "sample", entry.credentials_secret, ground)
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
            container = filled(target, name).container
            other = first.setdefault(container, name)
            if other != name:
                faults.append(f"instances.{name}: {container} is the container of {other}, too: rename one of the two")
    return faults
