"""What the stories of a doubtful POST share: a vault that is known to echo, and what a person does."""

from shared.workflow.operator_acts import Act, Resolution
from tests.kits.fake_azure import FakeAzure
from tests.kits.world import World, running

ACT = Act(by="dba", reason="no longer needed")


def world_of(azure: type[FakeAzure] = FakeAzure, teacher: bool = True) -> World:
    """A vault with a good restore behind it (it is known to echo), or an empty one."""
    world = World()
    world.azure = azure(world.clock)
    if teacher:
        running(world, world.process(), key="teacher")
        world.settle(world.process())
    return world


def posts_of(world: World, restore_id: str) -> int:
    return [posted for posted, _ in world.azure.posted].count(restore_id)


def later(world: World, rounds: int, seconds: float) -> None:
    for _ in range(rounds):
        world.deliver(world.process())
        world.process().sweep.run()
        world.clock.advance(seconds)


def resolution(how: str, job: str | None = None) -> Resolution:
    more = {"jobId": job} if job else {}
    return Resolution.model_validate({"by": "dba", "reason": "looked in the portal", "resolution": how, **more})
