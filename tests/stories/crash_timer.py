"""Stories with crash points of the timer's other duties: retention, containers, damaged rows, a desk not built."""

import json
from functools import cached_property

from shared.config.desk_file import parse_desk
from shared.domain.problems import Ours, Trouble
from shared.domain.values import iso
from shared.storage import row_keys
from shared.storage.store import Change
from shared.workflow.queue_in import QueueDoor, QueueIn
from tests.kits.aftercare_kit import ACCOUNT, vaulted_world
from tests.kits.breaker import Break, Breaker
from tests.kits.crash_desks import Ticking
from tests.kits.crash_story import Story, ended, now_of, of, waits
from tests.kits.desk_kit import DESK
from tests.kits.fakes import VAULT
from tests.kits.stories import no
from tests.kits.world import Process, World, body

DAY = 86400.0


# --- the timer's other duties ------------------------------------------------------------------------------------
def grows_old(story: Story, process: Process) -> bool:
    """Forty days later the retention has removed it; its key says so, and another request does not get it."""
    if not of(story, key="k1", closed=True) and story.accepted:
        return not of(story, key="k1")
    if not story.world.live("owed") and not story.world.live("open"):
        story.world.clock.advance(40 * DAY)
    return False


def asks_for_the_removed(story: Story, process: Process) -> bool:
    assert process.post(body(), "k1").status in (410, 503)
    assert process.post(body(reason="another"), "k1").status in (422, 503)
    story.accepted.clear()
    return True


def retained(plan: dict[int, Break]) -> Story:
    """Points go stale and are recent again, a channel is away, what is old is removed."""
    stale = parse_desk(DESK.replace('pg-a"\ntargets', 'pg-a"\nstaleAfterDays = 2\ntargets'))
    story = Story(Breaker(plan), World(desk=stale), kind=Ticking).by_http("k1")

    def away(story: Story, process: Process) -> bool:
        channels = {"events": stale.channels["events"]}
        story.world.desk = stale.model_copy(update={"channels": channels}) if not of(story, closed=True) else stale
        return bool(of(story, closed=True))

    story.todo = [away, grows_old, asks_for_the_removed]
    return story


def contained(plan: dict[int, Break]) -> Story:
    """A container an attempt: made, kept for three days, deleted; one of a stranger beside it."""
    story = Story(Breaker(plan), vaulted_world(), kind=Ticking).by_http("k1", target="vaulted")
    story.by_http("k2", target="vaulted", instance="pg-b", dryRun=True)
    story.todo = [ended("k1"), waits(4 * DAY), waits(3600), ended("k1")]
    return story


def crossed(plan: dict[int, Break]) -> Story:
    """Containers that Azure does not make at once, and one that a stranger made."""
    story = Story(Breaker(plan), vaulted_world(), kind=Ticking).by_http("k1", target="vaulted")
    story.by_http("k2", target="vaulted", instance="pg-b")

    def took(story: Story, process: Process) -> bool:
        """Somebody makes the container under the desk's nose."""
        for restore in of(story, key="k2"):
            story.world.azure.blobs[(ACCOUNT, f"rd-{restore.id}-1")] = {}
        return bool(of(story, key="k2"))

    story.world.azure.script["make_container"] = [Trouble("503"), no("ContainerBeingDeleted", 409)]
    story.world.azure.script["container"] = [Trouble("503"), Trouble("503"), Trouble("503")]
    story.todo = [took]
    return story


def denied(plan: dict[int, Break]) -> Story:
    """Azure's no to a container, for good."""
    story = Story(Breaker(plan), vaulted_world(), kind=Ticking).by_http("k1", target="vaulted")
    story.world.azure.script["make_container"] = [no("AccountNotFound", 404)] * 3
    return story


def damages(story: Story, process: Process) -> bool:
    """A row that this release cannot read lies among the open ones."""
    place, key = row_keys.vault_partition(VAULT), row_keys.open_row("of-a-newer-release", "damaged")
    story.world.store.commit(place, [Change("put", key, {"phase": "to come", "due": iso(now_of(story))})])
    return True


def mends(story: Story, process: Process) -> bool:
    place, key = row_keys.vault_partition(VAULT), row_keys.open_row("of-a-newer-release", "damaged")
    story.world.store.commit(place, [Change("delete", key)])
    return True


def damaged(plan: dict[int, Break]) -> Story:
    story = Story(Breaker(plan), kind=Ticking).by_http("k1").by_http("k2", instance="pg-b")
    story.todo = [damages, ended("k1"), mends]
    return story


# --- the queue's functions, of a desk that cannot be built for a while ---
class Unbuilt(Ticking):
    """Its queue functions find a desk that cannot be built, for five deliveries."""

    failures = 5

    @cached_property
    def queue_door(self) -> QueueDoor:
        def build() -> QueueIn:
            if Unbuilt.failures > 0:
                Unbuilt.failures -= 1
                raise Ours("a setting is wrong")
            return self.queue_in

        return QueueDoor(build, self.parts.send, self.parts.send, self.parts.pace.hold_message)


def unbuilt(plan: dict[int, Break]) -> Story:
    Unbuilt.failures = 5
    story = Story(Breaker(plan), kind=Unbuilt)
    story.by_queue(json.dumps(body()).encode()).by_queue(json.dumps(body("pg-b", target="moon")).encode())
    story.messages += 2
    story.todo = [copies]
    return story


def copies(story: Story, process: Process) -> bool:
    """The host's own copies of messages that failed five times; one of them was put off as well."""
    process.queue_door.poison(POISON, "copy", expires=True)
    process.queue_door.poison(json.dumps(body()).encode(), "twin", expires=True)
    return True


POISON = json.dumps(body("pg-b", idempotencyKey="poisoned")).encode()
