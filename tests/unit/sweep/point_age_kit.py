"""What the tests of a point's age share: points with dates, a desk with a limit, what it announced."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.api.health import Health
from shared.api.http import Call
from shared.api.instances import InstancesApi
from shared.config.desk_file import parse_desk
from shared.config.settings import Settings
from shared.domain.values import iso
from shared.sweep.points_look import PointsLook
from tests.kits.desk_kit import DESK, EVENTS_URL
from tests.kits.fake_azure import FakeAzure
from tests.kits.world import World

DAY = 24 * 3600
OFTEN = DESK.replace('pg-a"\ntargets', 'pg-a"\nstaleAfterDays = 2\ntargets')
HEALTH = Settings(environ={})


@dataclass
class Dated(FakeAzure):
    """An Azure whose instances have points of their own times."""

    newest: dict[str, list[datetime]] = field(default_factory=dict)

    def points(self, instance: str, odata: str) -> list[Any]:
        listed = super().points(instance, odata)
        times = self.newest.get(instance.rsplit("/", 1)[-1])
        if times is None:
            return listed
        inner = listed[0]["properties"]
        return [{"name": f"at-{at}", "properties": {**inner, "recoveryPointTime": iso(at)}} for at in times]


def desk(text: str = OFTEN) -> tuple[World, Dated]:
    world = World(desk=parse_desk(text))
    azure = Dated(world.clock)
    world.azure = azure
    return world, azure


def look(world: World, days: float = 0) -> None:
    """Time passes, every instance is looked at, and what is said is delivered."""
    world.clock.advance(days * DAY + (1 if days == 1 else 0))  # a look is made again after more than a day
    process = world.process()
    while PointsLook(process.parts).run():
        pass
    process.sweep.run()


def told(world: World, url: str = EVENTS_URL) -> list[tuple[str, str]]:
    """Type and subject of every event that came to a webhook."""
    bodies = [json.loads(message.body) for message in world.posts.messages if message.url == url]
    return [(body["type"], body["subject"]) for body in bodies]


STALE = ("restoredesk.instance.pointStale.v1", "instances/pg-a")
FRESH = ("restoredesk.instance.pointFresh.v1", "instances/pg-a")


def shown(world: World) -> tuple[bool | None, str | None]:
    """What the list and health say."""
    parts = world.process().parts
    rows = json.loads(InstancesApi(parts).list(Call()).body)["value"]
    health = Health(parts, HEALTH).look()
    assert all("stale" not in row for row in rows if row["name"] != "pg-a")
    return next(row.get("stale") for row in rows if row["name"] == "pg-a"), health["checks"].get("points")
