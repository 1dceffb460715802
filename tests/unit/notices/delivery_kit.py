"""What the tests of delivery share: a world's notices, and processes whose channels answer as planned."""

from collections.abc import Mapping

from shared.domain.restore import Phase
from shared.notices.messages import Message
from shared.notices.notifier import DeliveryRound
from shared.notices.outbox import Notice, Outbox
from tests.kits.desk_kit import Process
from tests.kits.stories import up_to
from tests.kits.world import World, running


def notices(world: World, restore_id: str, channel: str = "events") -> list[Notice]:
    """As they stand; what is owed as its lines say it."""
    told = [n for n in Outbox(world.store).of_restore(restore_id) if (n.channel, n.state == "owed") == (channel, False)]
    return sorted([*told, *world.owed(restore_id, channel)], key=lambda n: n.sequence)


def owed(world: World) -> list[Notice]:
    return world.owed(channel="events")


def deliver(world: World, process: Process) -> DeliveryRound:
    told = DeliveryRound()
    process.notifier.deliver(owed(world), told)
    return told


def until(notice: Notice, world: World) -> float:
    return (notice.due - world.clock.now()).total_seconds()


def answering(world: World, status: int, headers: Mapping[str, str]) -> Process:
    """A process whose channels all answer so."""
    made = world.process()

    def post(message: Message) -> tuple[int, bytes, Mapping[str, str]]:
        world.posts.tried.append(message.url)
        return status, b"", headers

    return Process(made.parts, post)


def two_owed(world: World) -> tuple[Notice, Notice]:
    """Two notices of one line, both due."""
    one = running(world, world.process())
    up_to(world, one, Phase.RESTORING)
    for told in notices(world, one):
        if told.state != "owed":
            Outbox(world.store).resend(told, world.clock.now())
    world.posts.told.clear()
    first, second = notices(world, one)
    return first, second
