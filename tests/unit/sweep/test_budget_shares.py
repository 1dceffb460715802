"""Azure's budgets in a round: what they do not have is put off, and who was denied comes first."""

from shared.domain.restore import Phase
from shared.storage.shared_state import Board
from shared.storage.store import Row
from shared.sweep.call_budget import DETAILS, LOOKS, READS, STARTS, UNKNOWN, Allowance, Shares
from shared.sweep.job_watch import jobs_with_news
from tests.kits.fakes import START, VAULT
from tests.kits.stories import up_to
from tests.kits.world import Process, World, running

SUB = "/subscriptions/11111111-2222-3333-4444-555555555555"


def used_up(shares: Shares, world: World) -> None:
    while shares.may_read(VAULT, world.clock.now().timestamp()):
        pass


def test_a_list_that_the_budget_does_not_have_is_put_off() -> None:
    world = World()
    shares = Shares(world.pace.budget_window)
    used_up(shares, world)
    rows = [
        Row(name, {"phase": "restoring", "due": "2026-10-01T12:00:00Z", "restore": name, "job": name})
        for name in "abcde"
    ]
    assert jobs_with_news(world.process().parts, VAULT, rows, None, START, shares) is None
    assert world.azure.calls == []


def test_a_job_that_the_budget_does_not_have_is_asked_for_in_the_next_round() -> None:
    world = World()
    world.azure.job_seconds = 5000
    one = running(world, world.process())
    up_to(world, one, Phase.RESTORING)
    world.clock.advance(200)
    process = world.process()
    process.sweep.run()
    asked, read_at = world.azure.count("job"), last_read(world)
    world.clock.advance(1000)
    used_up(process.sweep._shares, world)
    process.sweep.run()
    assert (world.azure.count("job"), last_read(world)) == (asked, read_at)
    world.clock.advance(61)
    process.sweep.run()
    assert world.azure.count("job") == asked + 1


def last_read(world: World) -> str:
    watch = Board(world.store).live(VAULT).watch
    return watch.text("readAt") if watch else ""


# --- budgets ----------------------------------------------------------------------------------------------------------
def test_an_allowance_gives_so_much_in_any_window() -> None:
    some = Allowance(3, 60)
    assert [some.take(t) for t in (0, 10, 20, 30)] == [True, True, True, False]
    assert (some.left(59.9), some.left(60), some.left(70), some.left(80)) == (0, 1, 2, 3)
    assert not Allowance(3, 60).take(0, 2) or some.take(100, 2)
    assert (some.take(100, 2), some.take(160, 5), some.take(161, 1)) == (False, True, False)
    back = Allowance(1, 60)
    assert (back.take(100), back.take(50)) == (True, True), "a clock that went back begins anew"


def test_the_budgets_are_azures_with_room_for_people() -> None:
    assert (STARTS, READS, DETAILS, LOOKS) == (85, 180, 12, 120)
    shares = Shares(60)
    assert sum(shares.may_look(f"{SUB}/v", 0) for _ in range(200)) == LOOKS
    assert sum(shares.may_look(f"{SUB}/v", 15) for _ in range(200)) == LOOKS
    assert shares.may_look("/subscriptions/other/v", 0), "each subscription has its own"


def test_details_leave_a_quarter_of_the_readings_and_no_vault_keeps_its_place_for_them() -> None:
    shares = Shares(60)
    assert shares.may_list(f"{SUB}/v", READS - READS // 4 - 1, 0)
    assert shares.may_ask_details(f"{SUB}/v", 0)
    assert not shares.may_ask_details(f"{SUB}/v", 0)


def test_who_was_denied_keeps_its_place_in_line() -> None:
    shares = Shares(60)
    vaults = [f"{SUB}/a", f"{SUB}/b", f"{SUB}/c"]
    assert shares.order(vaults) == vaults
    for vault in vaults:
        shares.visited(vault)
    assert shares.order(reversed(vaults)) == vaults
    while shares.may_read(vaults[0], 0):
        pass
    shares.visited(vaults[0])
    shares.visited(vaults[1])
    assert shares.order(vaults) == [vaults[0], vaults[2], vaults[1]]
    shares.visited(vaults[0])
    assert shares.order(vaults) == [vaults[2], vaults[1], vaults[0]]


def test_starts_are_dealt_one_by_one_to_those_who_wait() -> None:
    shares = Shares(60)
    a, b = f"{SUB}/a", f"{SUB}/b"
    assert shares.may_start(a, 10, 0) == 10, "at most a quarter of what is left, rounded up: 22"
    assert shares.may_start(a, 100, 0) == 19
    assert shares.may_start(b, 100, 0) == 14
    shares.deal([a, b], 0)
    assert (shares.may_start(a, 81, 0), shares.may_start(b, 86, 0)) == (21, 21)
    assert shares.may_start(a, 60, 0) == 0
    shares.deal([a, b], 60)
    assert shares.may_start(a, 60, 60) == 43
    assert shares.may_start(b, 65, 60) == 42


def test_who_waited_for_one_start_is_dealt_one_and_takes_its_part_of_the_rest() -> None:
    shares = Shares(60)
    a, b = f"{SUB}/a", f"{SUB}/b"
    assert (shares.may_start(a, 23, 0), shares.may_start(b, 17, 0)) == (22, 16), "each leaves one to wait"
    shares.deal([a, b], 60)
    assert shares.may_start(a, 100, 60) == 1 + (STARTS - 2) // UNKNOWN


# --- starts in a round ------------------------------------------------------------------------------------------------
def unused(world: World, process: Process) -> bool:
    """Whether the sweep's starts are all there: a vault that did not wait before may take a quarter of them."""
    starts = process.sweep._shares.may_start(VAULT, STARTS, world.clock.now().timestamp())
    return starts == -(-STARTS // UNKNOWN)


def test_what_is_under_way_takes_no_starts() -> None:
    world = World()
    for n in range(6):
        running(world, world.process(), key=f"k{n}", dryRun=True)
    world.deliver(world.process())
    assert {restore.phase for restore in world.restores()} == {Phase.VALIDATING}
    world.clock.advance(600)
    process = world.process()
    process.sweep.run()
    assert {restore.phase for restore in world.restores()} == {Phase.CHECKED}
    assert unused(world, process)


def test_who_waits_behind_a_running_one_takes_no_starts() -> None:
    world = World()
    world.azure.job_seconds = 5000
    one, *_ = [running(world, world.process(), key=f"k{n}") for n in range(6)]
    up_to(world, one, Phase.RESTORING)
    world.clock.advance(600)
    process = world.process()
    process.sweep.run()
    assert sorted(restore.phase for restore in world.restores()) == [*[Phase.ACCEPTED] * 5, Phase.RESTORING]
    assert unused(world, process)
