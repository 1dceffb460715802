"""Microsoft.Storage's containers through ARM: made, shown, listed, deleted, as strict as Azure with names and metadata.

https://learn.microsoft.com/rest/api/storagerp/blob-containers
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from local.emulator.api.calls import Answer, Call, World, gateway_refused, listed
from local.emulator.world.containers import Container
from local.emulator.world.ticks import SECOND

# https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
_NAME = re.compile(r"(?=.{3,63}\Z)[a-z0-9](?:-?[a-z0-9])*")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")  # of C#: a hyphen is refused
_DELETING_SECONDS = 30
SOFT_DELETE_DAYS = 7


def put(world: World, call: Call) -> Answer:
    """201 for a new container, 200 for one that was there."""
    account, name = _account(world, call), call.params["container"]
    if not _NAME.fullmatch(name):
        raise gateway_refused(400, "InvalidResourceName", f"The specified resource name '{name}' is not valid.")
    metadata, access = _asked(call)
    if access not in ("None", "Container", "Blob"):
        raise gateway_refused(400, "InvalidRequestPropertyValue", f"The value '{access}' of publicAccess is invalid.")
    if any(not _IDENTIFIER.fullmatch(key) for key in metadata):
        words = "The metadata specified is invalid. It has characters that are not permitted."
        raise gateway_refused(400, "InvalidMetadata", words)
    if _being_deleted(world, call, account, name):
        words = "The specified container is being deleted. Try operation later."
        raise gateway_refused(409, "ContainerBeingDeleted", words)
    new = world.containers.make(account, name, metadata)
    found = world.containers.find(account, name) or Container(name, metadata)
    return Answer(status=201 if new else 200, body=_body(call, found), effect=new)


def get(world: World, call: Call) -> Answer:
    account, name = _account(world, call), call.params["container"]
    found = world.containers.find(account, name)
    if found is None:
        held = world.inventory.resource(call.path)  # one that the seed names
        if held is None:
            raise gateway_refused(404, "ContainerNotFound", "The specified container does not exist.")
        found = Container(name, {})
        return Answer(body=_body(call, found, about=held.about))
    return Answer(body=_body(call, found))


def delete(world: World, call: Call) -> Answer:
    """200 if there was one, 204 if there was none."""
    account, name = _account(world, call), call.params["container"]
    if not world.containers.remove(account, name):
        return Answer(status=204)
    ends = call.now + world.options.span(_DELETING_SECONDS)
    row = (f"{account}/{name}", ends)
    world.store.db.execute("INSERT OR REPLACE INTO deleted_containers VALUES (?, ?)", row)
    return Answer(status=200, effect=True)


def list_all(world: World, call: Call) -> Answer:
    """A page has `$maxpagesize` of them at the most."""
    account, after = _account(world, call), world.signer.untoken(call.query.get("$skiptoken", "")) or ""
    wanted = call.query.get("$maxpagesize", "")
    size = min(int(wanted) if wanted.isdecimal() and int(wanted) else world.options.page_size, 5000)
    found = [each for each in world.containers.listed(account) if each.name > after]
    more = call.next_page(world.signer.token(found[size - 1].name)) if len(found) > size else None
    return listed(call, [_body(call, each, f"{call.path}/{each.name}") for each in found[:size]], more, always=False)


def service(world: World, call: Call) -> Answer:
    """blobServices/default: how long deleted containers can be brought back."""
    _account(world, call)
    policy = {"enabled": True, "days": SOFT_DELETE_DAYS}
    properties = {"containerDeleteRetentionPolicy": policy, "deleteRetentionPolicy": {"enabled": False}}
    return Answer(body={"id": call.path, "name": "default", "properties": properties})


def _account(world: World, call: Call) -> str:
    account = call.path.partition("/blobServices")[0]
    if world.inventory.resource(account) is None:
        name = account.rsplit("/", 1)[-1]
        words = f"The Resource 'Microsoft.Storage/storageAccounts/{name}' was not found."
        raise gateway_refused(404, "ResourceNotFound", words)
    return account.rsplit("/", 1)[-1].lower()


def _asked(call: Call) -> tuple[dict[str, str], str]:
    try:
        given: Any = json.loads(call.body or b"{}")
        properties = given.get("properties") or {}
        metadata = properties.get("metadata") or {}
        fine = all(isinstance(value, str) for value in metadata.values())
    except (ValueError, AttributeError):
        fine = False
    if not fine:
        raise gateway_refused(400, "InvalidRequestContent", "The request content was invalid and could not be read.")
    return metadata, properties.get("publicAccess", "None")


def _being_deleted(world: World, call: Call, account: str, name: str) -> bool:
    sql = "SELECT ends FROM deleted_containers WHERE id = ?"
    row = world.store.db.execute(sql, (f"{account}/{name}",)).fetchone()
    return row is not None and row["ends"] > call.now and call.now > SECOND


def _body(call: Call, found: Container, path: str = "", about: Mapping[str, Any] | None = None) -> dict[str, Any]:
    held = {"hasImmutabilityPolicy": False, "hasLegalHold": False}
    properties = {"publicAccess": "None", "metadata": dict(found.metadata), **held, **(about or {})}
    kind = "Microsoft.Storage/storageAccounts/blobServices/containers"
    return {"id": path or call.path, "name": found.name, "type": kind, "properties": properties}
