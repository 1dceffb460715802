"""When a step is taken: starts within their budget, nothing before its time, and trouble postpones it."""

from datetime import timedelta
from typing import Any

import pytest

from shared.azure.port import Rejected
from shared.domain.events import TurnTaken
from shared.domain.problems import Trouble
from shared.domain.restore import AzureError, Phase
from shared.domain.state_machine import IllegalStep
from shared.storage.queue_messages import wake_message
from shared.workflow.workflow import STARTS
from tests.kits.aftercare_kit import asked, vaulted_world
from tests.kits.fakes import VAULT
from tests.kits.stories import now_is, up_to
from tests.kits.world import World, running
from tests.unit.workflow.kit import ready


def test_queue_messages_start_so_many_of_a_subscription_and_the_sweep_the_rest() -> None:
    world = World()
    ids = [running(world, world.process(), key=f"k{n}", dryRun=True) for n in range(STARTS + 2)]
    world.deliver(world.process())
    started = [one for one in ids if now_is(world, one).phase is not Phase.ACCEPTED]
    assert len(started) == STARTS
    late = now_is(world, ids[-1])
    assert late.phase is Phase.ACCEPTED
    held = world.process().workflow.advance(late.id, late.wake)
    assert held is not None
    assert held.phase is Phase.ACCEPTED
    begun = world.process().workflow.advance(late.id)
    assert begun is not None
    assert begun.phase is Phase.VALIDATING, "the sweep has its own budget"


def test_one_under_way_is_no_fresh_start_and_its_wake_is_answered() -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.VALIDATING)
    restore = now_is(world, one)
    world.clock.at = restore.due
    take_all_starts(world)
    after = world.process().workflow.advance(one, restore.wake)
    assert after is not None
    assert after.phase is not Phase.VALIDATING


def test_nothing_is_done_before_its_time_but_what_is_asked_for_now() -> None:
    world = World()
    restore = ready(world)
    process = world.process()
    waiting = process.workflow.save(restore, postponed(world, 0.6))
    assert process.workflow.advance(waiting.id) == waiting
    world.clock.advance(0.1)
    after = process.workflow.advance(waiting.id)
    assert after is not None
    assert after.phase is not Phase.VALIDATED


def postponed(world: World, seconds: float) -> Any:
    from shared.domain.events import Postponed

    return Postponed("wait", world.clock.now() + timedelta(seconds=seconds))


def test_a_job_with_news_is_looked_at_once_and_its_end_goes_on_at_once() -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.RESTORING)
    world.clock.at = now_is(world, one).due
    before = world.azure.count("job")
    world.process().workflow.advance(one)
    assert world.azure.count("job") == before + 1
    world.clock.advance(3600)
    ended = world.process().workflow.advance(one, now_due=True)
    assert ended is not None
    assert ended.phase is Phase.SUCCEEDED


def test_a_quiet_subscription_is_left_alone_but_for_what_is_closed() -> None:
    world = World()
    restore = ready(world)
    board = world.process().parts.board
    board.set_quiet(VAULT.split("/")[2], world.clock.now() + timedelta(seconds=1))
    assert world.process().workflow.advance(restore.id, now_due=True) == restore
    world.clock.advance(1)
    after = world.process().workflow.advance(restore.id, now_due=True)
    assert after is not None
    assert after.phase is not Phase.VALIDATED
    assert world.process().workflow.advance("yoeytdsl-01m3vnbwg0000000000000zzzz") is None


@pytest.mark.parametrize(
    ("trouble", "seconds", "quiet"),
    [
        (Trouble("503"), None, False),
        (Trouble("503", 2.0), 5, False),
        (Trouble("429", 70.0, 429, True), 70, True),
    ],
)
def test_trouble_is_postponed_by_what_azure_says_or_our_own_back_off(
    trouble: Trouble, seconds: float | None, quiet: bool
) -> None:
    world = World()
    restore = ready(world)
    world.azure.script["ready"] = [trouble]
    after = world.process().workflow.advance(restore.id, now_due=True)
    assert after is not None
    wait = seconds or world.pace.back_off_for(restore.troubles, 0.5)
    assert after.due == world.clock.now() + timedelta(seconds=wait)
    assert (after.trouble, after.phase) == (trouble.what, Phase.VALIDATED)
    until = world.process().parts.board.quiet_until(VAULT.split("/")[2])
    assert until == (after.due if quiet else None)


def test_a_step_that_the_table_does_not_have_is_not_taken() -> None:
    world = World()
    restore = ready(world)
    with pytest.raises(IllegalStep):
        world.process().workflow.save(restore.model_copy(update={"phase": Phase.SUCCEEDED}), postponed(world, 1))
    assert wake_message(restore).startswith('{"restore": "')


@pytest.mark.parametrize("code", ["ContainerBeingDeleted", "CloudInternalError"])
def test_a_no_to_a_container_that_passes_is_asked_again(code: str) -> None:
    world = vaulted_world()
    one = asked(world)
    world.azure.script["make_container"] = [Rejected(AzureError(stage="request", code=code, message="wait"), 409)]
    world.process().workflow.advance(one)
    found = now_is(world, one)
    assert (found.phase, found.trouble) == (Phase.ACCEPTED, f"{code}: wait")
    assert found.due - world.clock.now() == timedelta(seconds=world.pace.back_off)
    up_to(world, one, Phase.SUCCEEDED)


def take_all_starts(world: World) -> None:
    board, subscription = world.process().parts.board, VAULT.split("/")[2]
    while board.take_start(subscription, world.clock.now(), STARTS, world.pace.budget_window):
        pass


def test_one_that_has_its_turn_is_no_fresh_start() -> None:
    world = World()
    restore = now_is(world, running(world, world.process()))
    restore = world.process().workflow.save(restore, TurnTaken())
    take_all_starts(world)
    world.process().workflow.advance(restore.id, restore.wake)
    assert now_is(world, restore.id).phase is Phase.VALIDATING


def test_a_dry_run_under_way_never_takes_a_turn_and_is_no_fresh_start_either() -> None:
    world = World()
    one = running(world, world.process(), dryRun=True)
    up_to(world, one, Phase.VALIDATING)
    restore = now_is(world, one)
    world.clock.at = restore.due
    take_all_starts(world)
    world.process().workflow.advance(one, restore.wake)
    assert (restore.turn_at, now_is(world, one).phase) == (None, Phase.CHECKED)
