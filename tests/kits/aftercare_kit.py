"""A world whose restores go to an account: each attempt has a container of its own, which the desk deletes."""

import json
from typing import Any

from shared.aftercare.rows import Rows
from shared.api.http import Answer, Call, answered
from shared.azure.port import Rejected
from shared.config.desk_file import parse_desk
from shared.domain.restore import AzureError, Phase
from shared.storage.account_looks import AccountLook
from shared.storage.container_rows import ContainerRow
from shared.storage.ledger import Ledger
from shared.storage.shared_state import Board
from tests.kits.desk_kit import DESK, Process
from tests.kits.fakes import GROUP
from tests.kits.stories import now_is, up_to
from tests.kits.world import World, running

ACCOUNT = f"{GROUP.partition('/providers/')[0]}/providers/Microsoft.Storage/storageAccounts/drillstore"
KEEP_HOURS = 72
TARGET = f'[targets.vaulted]\nkind = "files"\naccount = "{ACCOUNT}"\nkeepHours = {KEEP_HOURS}\nverify = "none"\n'
DESK_TEXT = DESK.replace('targets = ["drills"]', 'targets = ["drills", "vaulted"]') + TARGET


def vaulted_world() -> World:
    return World(desk=parse_desk(DESK_TEXT))


def asked(world: World, key: str = "k", **more: Any) -> str:
    return running(world, world.process(), key=key, target="vaulted", **more)


def delivered(world: World, key: str = "k") -> str:
    """A restore that succeeded."""
    one = asked(world, key)
    up_to(world, one, Phase.SUCCEEDED)
    return one


def row_of(world: World, one: str) -> ContainerRow:
    row = Rows(Ledger(world.store)).of(one)
    assert row is not None
    return row


def no_row(world: World, one: str) -> bool:
    return Rows(Ledger(world.store)).of(one) is None


def names(world: World) -> list[str]:
    return [name for _, name in world.azure.blobs]


def look_of(world: World) -> AccountLook:
    look = Board(world.store).account_look(ACCOUNT)
    assert look is not None
    return look


def act(process: Process, one: str, what: str, **more: object) -> Answer:
    value = {"by": "dba", "reason": "an audit", **more}
    routes = process.verification if what == "verify" else process.aftercare
    return answered(getattr(routes, what), Call(path={"id": one}, body=json.dumps(value).encode()))


def hours(world: World, number: float) -> None:
    world.clock.advance(number * 3600)


__all__ = ["now_is"]


def refused(code: str, status: int = 403, message: str = "no") -> Rejected:
    return Rejected(AzureError(stage="request", code=code, message=message), status)
