"""What a restore costs at the table: each call is billed, and each is waited for."""

from local.bench.storage import Counted
from shared.domain.restore import Phase
from shared.storage.azure_answers import HELD
from shared.storage.shared_state import Board
from shared.workflow.azure_facts import vault_facts
from tests.kits.fakes import VAULT
from tests.kits.world import DESK_MODEL, World, desk_with, running

TOLD = ("accepted", "submitted", "succeeded")
ONE_CHANNEL = {"events": DESK_MODEL.channels["events"].model_copy(update={"on": TOLD})}


def test_a_short_restore_with_three_notices_makes_32_calls_at_the_most() -> None:
    """Beside what the sweep's rounds read for all restores of a vault. Azure's facts are known of the second one."""
    world = World(desk=desk_with(channels=ONE_CHANNEL))
    books, world.store = world.store, Counted(world.store)
    process, counted = world.process(), world.store
    world.store = books
    for key in ("first", "second"):
        counted.calls = 0
        running(world, process, key=key)
        world.settle(process)
    assert [restore.phase for restore in world.restores()] == [Phase.SUCCEEDED] * 2
    assert len(world.posts.tried) == 2 * len(TOLD)
    assert counted.calls <= 32


def test_a_fact_that_this_process_wrote_is_not_read_again_until_it_is_old() -> None:
    world = World()
    counted = Counted(world.store)
    world.store = counted
    parts = world.process().parts
    vault_facts(parts, VAULT)
    counted.calls = 0
    for _ in range(3):
        vault_facts(parts, VAULT)
    assert counted.calls == 0
    world.clock.advance(parts.pace.facts_fresh)
    vault_facts(parts, VAULT)
    assert (counted.calls, world.azure.count("vault")) == (2, 2)  # the row, which is old too; and the new one


def test_of_many_facts_a_process_holds_some() -> None:
    world = World()
    board, now = Board(world.store), world.clock.now()
    for number in range(HELD + 10):
        board.remember(VAULT, f"instance-{number}", {"n": number}, now)
    board.remember(VAULT, "instance-long", {"n": "x" * 10_000}, now)
    assert len(board._answers) == HELD
    assert {(VAULT, "instance-0"), (VAULT, "instance-long")}.isdisjoint(board._answers)


def test_starts_are_counted_for_all_processes_together() -> None:
    world = World()
    one, other, now = Board(world.store), Board(world.store), world.clock.now()
    taken = [board.take_start("s", now, 3, 60) for board in (one, other, one, other, one)]
    assert taken == [True, True, True, False, False]


def test_a_process_that_starts_alone_reads_its_own_count_from_what_it_wrote() -> None:
    world = World()
    counted = Counted(world.store)
    board, now = Board(counted), world.clock.now()
    assert [board.take_start("s", now, 5, 60) for _ in range(3)] == [True] * 3
    assert counted.calls == 1 + 3  # one reading before the first
