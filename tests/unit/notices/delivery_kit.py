"""What the tests of delivery share: a world's notices, and processes whose channels answer as planned."""

from collections.abc import Mapping
from typing import Any

from local.stack.memory import MemoryStore
from shared.config.desk_file import Channel, Desk
from shared.domain.restore import Phase
from shared.notices import outbox
from shared.notices.delivery_round import DeliveryRound
from shared.notices.facts import facts_of
from shared.notices.messages import Message
from shared.notices.notifier import Notifier
from shared.notices.outbox import Notice, Outbox, read_notice
from shared.storage.store import Row
from tests.kits.desk_kit import DESK_MODEL, SECRET, Process
from tests.kits.restores import NOW, a_restore
from tests.kits.stories import up_to
from tests.kits.world import World, desk_with, running

ENVIRON = {"S": SECRET, "EVENTS_SECRET": SECRET, "DBA_SECRET": SECRET}
SYS_ID = "0123456789abcdef0123456789abcdef"
SERVICENOW = Channel.model_validate(
    {"kind": "servicenow", "url": "https://x.service-now.com", "user": "bot", "secret": {"env": "S"}, "refs": ["*"]}
)


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


def notifier(channel: Channel, *answers: Any) -> tuple[Notifier, list[Message]]:
    desk: Desk = desk_with(channels={**DESK_MODEL.channels, "x": channel})
    left, posted = list(answers), list[Message]()

    def post(message: Message) -> Any:
        posted.append(message)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    made = Notifier(Outbox(MemoryStore()), lambda: desk, ENVIRON, post, lambda: NOW, lambda: 0.5, World().pace)
    return made, posted


def a_notice(**changes: Any) -> Notice:
    facts = facts_of(a_restore(Phase.LOST, **changes), "lost", NOW)
    _, line, _ = outbox.owed(facts, ["x"])
    return read_notice(Row(line.key, line.fields))
