"""Few calls for many restores: one list tells of a vault's instances, of its submissions, of its running jobs."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.restore import Phase
from shared.storage.shared_state import Board
from tests.kits.fakes import START, VAULT
from tests.kits.stories import now_is, up_to
from tests.kits.world import EVENTS_URL, Process, World, body


def asked(process: Process, *instances: str) -> list[str]:
    answers = [process.post(body(name), f"key-{name}") for name in instances]
    return [str(json.loads(answer.body)["id"]) for answer in answers]


def swept(world: World, process: Process, rounds: int, every: float = 30.0) -> None:
    """The timer alone: the queue gives nothing."""
    for _ in range(rounds):
        world.clock.advance(every)
        process.sweep.run()


def short_list(world: World) -> None:
    """The vault's list of jobs was read before: it is one page."""
    Board(world.store).watch(VAULT, START - timedelta(days=1), {"pages": 1})


def followed(world: World) -> list[str]:
    """The operations of submissions that were asked one by one."""
    return [url for name, url in world.azure.calls if name == "operation" and "/restore-" in url]


def test_two_restores_of_a_vault_are_told_by_lists_and_each_by_one_get_at_its_end() -> None:
    world = World()
    short_list(world)
    world.azure.job_seconds = 600
    process = world.process()
    asked(process, "pg-a", "pg-b")
    swept(world, process, 40)
    assert {restore.phase for restore in world.restores()} == {Phase.SUCCEEDED}
    assert world.azure.count("instances") == 1
    assert world.azure.count("datasource") == 0
    assert followed(world) == []
    assert world.azure.count("job") == 2
    assert not world.faults()


def test_one_alone_is_followed_by_its_own_operation_and_job() -> None:
    world = World()
    process = world.process()
    asked(process, "pg-a")
    swept(world, process, 20)
    assert world.restores()[0].phase is Phase.SUCCEEDED
    assert world.azure.count("instances") == world.azure.count("jobs") == 0
    assert len(followed(world)) == 1
    assert not world.faults()


def test_a_vault_that_does_not_echo_our_ids_is_asked_for_each_operation() -> None:
    world = World()
    short_list(world)
    world.azure.echoes = False
    process = world.process()
    asked(process, "pg-a", "pg-b")
    swept(world, process, 30)
    assert {restore.phase for restore in world.restores()} == {Phase.SUCCEEDED}
    assert len(followed(world)) == 2
    assert not world.faults()


def test_a_job_of_somebody_else_on_the_same_instance_is_not_taken_for_ours() -> None:
    world = World()
    short_list(world)
    process = world.process()
    asked(process, "pg-a", "pg-b")
    while len(world.azure.posted) < 2:
        swept(world, process, 1, 6.0)
    mine = next(iter(world.azure.jobs_by_id.values()))
    foreign = type(mine)(**{**vars(mine), "id": "ffffffff-0000-0000-0000-000000000000", "request_id": "not-ours"})
    world.azure.jobs_by_id[foreign.id] = foreign
    swept(world, process, 30)
    assert foreign.id not in {restore.job.id for restore in world.restores() if restore.job}
    assert {restore.phase for restore in world.restores()} == {Phase.SUCCEEDED}


def test_an_unchanged_job_is_not_written_and_an_end_is_told_in_the_same_round() -> None:
    world = World()
    short_list(world)
    world.azure.job_seconds = 10_000
    process = world.process()
    ids = asked(process, "pg-a", "pg-b")
    swept(world, process, 20)
    before = {restore.id: restore.etag for restore in world.restores()}
    told = len(world.posts.events(EVENTS_URL))
    swept(world, process, 10)
    assert {restore.id: restore.etag for restore in world.restores()} == before
    for job in world.azure.jobs_by_id.values():
        job.ends = world.clock.now()
    swept(world, process, 1, 600.0)
    ended = world.posts.events(EVENTS_URL)[told:]
    assert {event.split(".")[0] for event in ended} == set(ids)
    assert all(VAULT in restore.instance for restore in world.restores())


@pytest.mark.parametrize(
    ("end", "phase"),
    [("Completed", Phase.SUCCEEDED), ("CompletedWithWarnings", Phase.RESTORING), ("Failed", Phase.RESTORING)],
)
def test_of_a_list_only_a_good_end_is_believed(end: str, phase: Phase) -> None:
    world = World()
    world.azure.end_status = end
    process = world.process()
    (restore,) = asked(process, "pg-a")
    up_to(world, restore, Phase.RESTORING)
    world.clock.advance(4000)
    listed = next(world.azure.jobs(VAULT, None))
    process.workflow.hear(restore, replace(listed, job=listed.job.model_copy(update={"id": "another"})))
    assert now_is(world, restore).phase is Phase.RESTORING
    process.workflow.hear(restore, listed)
    assert now_is(world, restore).phase is phase
    assert world.azure.count("job") == 0
    world.settle(process)
    assert world.faults({restore}) == []


def test_a_listed_job_of_a_restore_that_is_not_on_the_books_is_nobodys_news() -> None:
    world = World()
    world.azure.job_of_nobody("pg-a")
    listed = next(world.azure.jobs(VAULT, None))
    assert world.process().workflow.hear("yoeytdsl-01m3vnbwg0000000000000zzzz", listed) is None
    assert world.restores() == []
