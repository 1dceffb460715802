"""What Azure says of vaults, instances and points is remembered, and for how long it is believed."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.azure.port import Gone, Rejected, VaultFacts
from shared.domain.problems import Trouble
from shared.domain.restore import AzureError, Datasource
from shared.workflow.azure_facts import datasource, learn_instances, remembered_source, vault_facts
from shared.workflow.points import is_stale, newest_usable, points_now, read_points, remembered_points, vault_of
from tests.kits.fakes import OTHER_VAULT, START, VAULT
from tests.kits.stories import no
from tests.kits.world import World
from tests.unit.workflow.beginning_kit import DAY, Telling, told
from tests.unit.workflow.kit import INSTANCE


def test_what_azure_says_of_a_vault_and_an_instance_is_believed_for_a_day() -> None:
    world, azure = told()
    parts, instance = world.process().parts, f"{VAULT}/backupInstances/pg-a"

    def read() -> tuple[int, int]:
        assert vault_facts(parts, VAULT) == azure.facts
        assert datasource(parts, VAULT, instance).name == "pg-a"
        return azure.count("vault"), azure.count("datasource")

    assert read() == (1, 1)
    world.clock.advance(DAY - 1)
    assert read() == (1, 1)
    azure.facts = VaultFacts("swedencentral")
    world.clock.advance(1)
    assert read() == (2, 2)
    assert vault_facts(parts, VAULT, anew=True) == azure.facts
    assert azure.count("vault") == 3
    vault_facts(parts, OTHER_VAULT)
    assert azure.calls[-1] == ("vault", OTHER_VAULT)


def test_one_list_teaches_two_unknown_instances_and_one_alone_is_asked_by_itself() -> None:
    world, azure = told()
    parts = world.process().parts
    ids = {f"{VAULT}/backupInstances/{name}" for name in ("pg-a", "pg-b")}
    learn_instances(parts, VAULT, {f"{VAULT}/backupInstances/pg-a"})
    assert azure.count("instances") == 0
    learn_instances(parts, VAULT, ids)
    learn_instances(parts, VAULT, ids)
    assert azure.count("instances") == 1
    assert [datasource(parts, VAULT, one).name for one in sorted(ids)] == ["pg-a", "pg-b"]
    assert azure.count("datasource") == 0
    world.clock.advance(DAY + 1)
    learn_instances(parts, VAULT, ids)
    assert azure.count("instances") == 2, "what is a day old is learnt anew"


def test_a_list_that_is_refused_leaves_each_to_be_asked_by_itself_and_a_long_one_is_read_no_further() -> None:
    world, azure = told()
    parts, ids = world.process().parts, {f"{VAULT}/backupInstances/{name}" for name in ("pg-a", "pg-b")}
    azure.script["instances"] = [Rejected(AzureError(stage="request", code="X", message="no"), 403)]
    learn_instances(parts, VAULT, ids)
    assert [datasource(parts, VAULT, one).name for one in sorted(ids)] == ["pg-a", "pg-b"]
    assert azure.count("datasource") == 2

    class Endless(Telling):
        def instances(self, vault: str) -> Iterator[tuple[str, Datasource]]:
            yield from super().instances(vault)
            raise AssertionError("everything that was wanted had been found")

    world, _ = told()
    world.azure = Endless(world.clock, listed_instances=("pg-b", "pg-x", "pg-a"))
    learn_instances(world.process().parts, VAULT, ids)
    assert [datasource(world.process().parts, VAULT, one).name for one in sorted(ids)] == ["pg-a", "pg-b"]
    assert world.azure.count("datasource") == 0


@pytest.mark.parametrize(("seconds", "reads"), [(86399, 1), (86400, 2)])
def test_the_facts_of_a_vault_and_an_instance_are_believed_for_a_day(seconds: float, reads: int) -> None:
    world = World()
    parts = world.process().parts
    assert remembered_source(parts, INSTANCE) is None
    first = vault_facts(parts, VAULT), datasource(parts, VAULT, INSTANCE)
    world.clock.advance(seconds)
    assert (vault_facts(parts, VAULT), datasource(parts, VAULT, INSTANCE)) == first
    assert (world.azure.count("vault"), world.azure.count("datasource")) == (reads, reads)
    assert remembered_source(parts, INSTANCE) == first[1]
    vault_facts(parts, VAULT, anew=True)
    assert world.azure.count("vault") == reads + 1


def test_two_unknown_instances_are_learned_by_one_list_and_one_is_not() -> None:
    world = World()
    parts = world.process().parts
    learn_instances(parts, VAULT, {INSTANCE})
    assert world.azure.count("instances") == 0
    learn_instances(parts, VAULT, {INSTANCE, INSTANCE.replace("pg-a", "pg-b")})
    assert (world.azure.count("instances"), remembered_source(parts, INSTANCE) is not None) == (1, True)
    learn_instances(parts, VAULT, {INSTANCE, INSTANCE.replace("pg-a", "pg-far")})
    assert world.azure.count("instances") == 1, "one of the two is known"
    world.clock.advance(86401)
    world.azure.script["instances"] = [no("X", 403)]
    learn_instances(parts, VAULT, {INSTANCE, INSTANCE.replace("pg-a", "pg-far")})
    assert world.azure.count("instances") == 2


@pytest.mark.parametrize(("seconds", "reads"), [(299, 1), (300, 2)])
def test_a_list_of_points_is_fresh_for_five_minutes(seconds: float, reads: int) -> None:
    world = World()
    parts = world.process().parts
    assert remembered_points(parts, INSTANCE) is None
    assert [point.id for point in points_now(parts, INSTANCE).points] == ["pt-1"]
    world.clock.advance(seconds)
    points_now(parts, INSTANCE)
    assert world.azure.count("points") == reads


def test_during_trouble_the_last_known_points_stand_and_a_no_is_remembered_as_the_problem() -> None:
    world = World()
    parts = world.process().parts
    world.azure.script["points"] = [Trouble("503")]
    with pytest.raises(Trouble):
        points_now(parts, INSTANCE)
    first = points_now(parts, INSTANCE)
    world.clock.advance(1000)
    world.azure.script["points"] = [Trouble("503"), no("X", 403), Gone("404")]
    assert points_now(parts, INSTANCE) == first
    for words in ("Azure said no: X: no", "Azure said no: 404"):
        refused = read_points(parts, INSTANCE)
        assert (refused.problem, refused.points, refused.at) == (words, first.points, world.clock.now())
    assert remembered_points(parts, INSTANCE) == refused
    asked_before = world.azure.count("points")
    assert points_now(parts, INSTANCE).problem is None, "a list with a problem is read anew at once"
    assert world.azure.count("points") == asked_before + 1
    fresh = World()
    fresh.azure.script["points"] = [no("X", 403)]
    assert read_points(fresh.process().parts, INSTANCE).points == ()
    assert vault_of(INSTANCE) == VAULT


def test_the_newest_usable_point_is_stale_after_so_many_days() -> None:
    world = World()
    parts = world.process().parts
    newest = newest_usable(parts, INSTANCE, read_points(parts, INSTANCE))
    assert newest
    assert newest.time == START - timedelta(hours=1)
    assert not is_stale(newest, 1, newest.time + timedelta(days=1))
    assert is_stale(newest, 1, newest.time + timedelta(days=1, seconds=1))
    assert is_stale(None, 1000, START)
