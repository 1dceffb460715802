"""What the stories of verifications share: a round of sweep and loader, its events, its calls."""

import json
from typing import Any

from loader.messages import Load
from shared.api.http import Answer, Call
from shared.api.http import answered as replied
from shared.notices.outbox import Outbox
from tests.kits.world import World


def run(world: World, work: bool = True) -> None:
    """A sweep, a loader, and its answers."""
    process = world.process()
    process.verify.run()
    while work and world.loads.work():
        pass
    world.loads.deliver(process.verdicts)
    process.sweep.run()


def events(world: World, one: str, channel: str = "events") -> list[str]:
    return [n.event for n in Outbox(world.store).of_restore(one) if n.channel == channel]


def call(world: World, one: str, route: str, **body: Any) -> Answer:
    value = {"by": "dba", "reason": "an audit", **body}
    api = world.process().verification
    return replied(getattr(api, route), Call(path={"id": one}, body=json.dumps(value).encode()))


def load_of(world: World) -> Load:
    return world.loads.sent[-1]
