"""What several tests of the workflow use: restores on the books, validated, or ready for the POST."""

from typing import Any

from shared.domain.restore import Phase, Restore
from shared.storage.shared_state import Pause
from shared.workflow.intake import Accepted, Caller
from shared.workflow.operator_acts import Act
from tests.kits.fakes import START, VAULT
from tests.kits.stories import now_is, up_to
from tests.kits.world import World, body, running

ACT = Act(by="dba", reason="not needed")
INSTANCE = f"{VAULT}/backupInstances/pg-a"


def ready(world: World) -> Restore:
    """Validated, and paused so that it stays so."""
    one = running(world, world.process())
    world.process().parts.board.set_paused(Pause("dba", "wait", START), START)
    up_to(world, one, Phase.VALIDATED)
    world.process().parts.board.set_paused(None, START)
    return now_is(world, one)


def validated(world: World) -> str:
    """The id of one that is ready."""
    return ready(world).id


WHOLE = Caller("queue", "k", "app-1", "dba", "again-of", "chain", "delivery-1")


def take(world: World, caller: Caller = WHOLE, **more: Any) -> Accepted:
    return world.process().intake.take(body(**more), caller)
