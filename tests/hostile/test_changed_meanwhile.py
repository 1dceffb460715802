"""What desk.toml or the retention changes between acceptance and submission restores nothing else instead."""

import json
from typing import Any

from shared.config.target_entries import DatabaseEntry
from shared.domain.restore import Datasource, Phase
from shared.sweep.retention import Retention
from tests.kits.fake_azure import FakeAzure
from tests.kits.stories import now_is, up_to
from tests.kits.world import DESK_MODEL, World, body, desk_with, running

SERVER = (
    "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg/providers/"
    "Microsoft.DBforPostgreSQL/servers/old"
)


class SingleServer(FakeAzure):
    """A vault of databases on the retired kind of server."""

    def _datasource(self, instance: str) -> Datasource:
        return Datasource(type="Microsoft.DBforPostgreSQL/servers/databases", id=f"{SERVER}/databases/a", name="a")


def server(secret: str) -> DatabaseEntry:
    said = {
        "kind": "database",
        "server": SERVER,
        "credentialsSecret": f"https://kv-one.vault.azure.net/secrets/{secret}",
    }
    return DatabaseEntry.model_validate(said)


def test_a_secret_that_desk_toml_changed_meanwhile_is_not_used() -> None:
    world = World(desk=desk_with(targets={"drills": server("dbauth3")}))
    world.azure = SingleServer(world.clock)
    one = running(world, world.process(), database="emp21")
    up_to(world, one, Phase.VALIDATING)
    world.desk = desk_with(targets={"drills": server("dbauth4")})
    world.settle(world.process())
    assert now_is(world, one).phase is Phase.REFUSED
    assert world.azure.count("submit") == 0


def test_a_name_that_desk_toml_gave_to_another_instance_restores_neither() -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.VALIDATING)
    world.desk = desk_with(instances={**DESK_MODEL.instances, "pg-a": DESK_MODEL.instances["pg-b"]})
    world.settle(world.process())
    assert now_is(world, one).phase is Phase.REFUSED
    assert world.azure.count("submit") == 0


def test_a_key_whose_restore_the_retention_is_just_removing_restores_nothing_anew() -> None:
    world = World()
    one = running(world, world.process())
    world.settle(world.process())
    world.clock.advance(40 * 86400)
    process = world.process()

    def meanwhile(name: str, act: Any, args: Any) -> Any:
        found = act()
        if name == "store.get" and args[0].startswith("k-"):
            Retention(process.parts.ledger, process.parts.outbox, 30).remove_old(world.clock.now())
        return found

    answer = world.process(meanwhile).post(body(), "k")
    assert (answer.status, json.loads(answer.body)["restore"]) == (410, one)
    assert world.restores() == []
