"""One call and its answer, and the world that a call is answered from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from local.emulator.hindrance.faults import Struck, Target
from local.emulator.wire.errors import Json
from local.emulator.world.containers import Containers
from local.emulator.world.inventory import HeldInstance, HeldVault, Inventory
from local.emulator.world.options import Options
from local.emulator.world.signing import Signer
from local.emulator.world.store import Store

NOT_FOUND = "UserErrorGenericResourceNotFound"


@dataclass(frozen=True, slots=True)
class World:
    options: Options
    store: Store
    inventory: Inventory
    signer: Signer
    clock: Callable[[], int]
    containers: Containers


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """`target` is path and query as sent; `path` is decoded; `query` has lower-cased names; `number` counts calls."""

    verb: str
    method: str
    base: str
    target: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    request_id: str
    headers: Mapping[str, str]
    now: int
    number: int
    subject: Target = field(default_factory=lambda: Target(""))
    struck: Struck = field(default_factory=Struck)

    @property
    def api_version(self) -> str:
        return self.query.get("api-version", "")

    @property
    def group(self) -> str:
        return f"/subscriptions/{self.params['subscription']}/resourceGroups/{self.params['group']}"

    @property
    def vault_id(self) -> str:
        return f"{self.group}/providers/Microsoft.DataProtection/backupVaults/{self.params['vault']}"

    def next_page(self, token: str, **query: str) -> str:
        pairs = {"api-version": self.api_version, **query, "$skipToken": token}
        written = "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs.items())
        return f"{self.base}{quote(self.path)}?{written}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """`effect`: the call started something that stays."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    effect: bool = False


class RefusedError(Exception):
    """A key of CODES, or a body and status of the gateway's own."""

    def __init__(self, code: str, detail: str = "", *, status: int | None = None, body: Json | None = None) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail, self.status, self.body = code, detail, status, body


type Handler = Callable[[World, Call], Answer]


def the_vault(world: World, call: Call) -> HeldVault:
    held = world.inventory.vault(call.vault_id)
    if held is None:
        raise gateway_refused(
            404,
            "ResourceNotFound",
            f"The Resource 'Microsoft.DataProtection/backupVaults/{call.params['vault']}' under resource group "
            f"'{call.params['group']}' was not found.",
        )
    return held


def the_instance(world: World, call: Call) -> HeldInstance:
    held = the_vault(world, call)
    return known_instance(world, f"{held.id}/backupInstances/{call.params['instance']}")


def known_instance(world: World, id_: str) -> HeldInstance:
    held = world.inventory.instance(id_)
    if held is None:
        raise RefusedError(NOT_FOUND)
    return held


def gateway_refused(status: int, code: str, message: str) -> RefusedError:
    return RefusedError(code, message, status=status, body={"error": {"code": code, "message": message}})


def listed(call: Call, values: list[Json], next_link: str | None, *, always: bool) -> Answer:
    """With no further page nextLink is null or absent: always null for jobs, by turns elsewhere."""
    if next_link is None and not always and call.number % 2:
        return Answer(body={"value": values})
    return Answer(body={"value": values, "nextLink": next_link})
