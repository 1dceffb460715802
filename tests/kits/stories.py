"""What stories of restores are told with: how one stands, rounds until it stands so, a no of Azure."""

from shared.azure.port import Rejected
from shared.domain.restore import AzureError, Phase, Restore
from shared.storage.ledger import Ledger
from tests.kits.world import World


def now_is(world: World, restore_id: str) -> Restore:
    found = Ledger(world.store).load(restore_id)
    assert found is not None
    return found


def up_to(world: World, restore_id: str, phase: Phase) -> None:
    """Rounds until a restore has come to a phase."""
    process = world.process()
    for _ in range(120):
        if now_is(world, restore_id).phase is phase:
            return
        world.deliver(process)
        process.sweep.run()
        if now_is(world, restore_id).phase is not phase:
            world.clock.advance(world.next_due())
    assert now_is(world, restore_id).phase is phase


def no(code: str = "UserErrorNo", status: int = 400) -> Rejected:
    return Rejected(AzureError(stage="submission", code=code, message="no"), status)
