"""What stands against the POST at its last moment: desk.toml as it is now, the pause, and either of two clocks."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shared.config.desk_file import Desk
from shared.domain.events import Refused
from shared.domain.problems import Trouble
from shared.domain.restore import BEFORE_SUBMISSION, Phase, Restore
from shared.domain.state_machine import IllegalStep
from shared.storage.queue_messages import wake_message
from shared.storage.shared_state import Pause
from shared.workflow.submission import hindrance, too_late
from shared.workflow.workflow import STARTS
from tests.kits.fakes import OTHER_VAULT, START, VAULT, Clock
from tests.kits.restores import IDENTITY, SECRET, SERVER
from tests.kits.stories import now_is, up_to
from tests.kits.world import DESK_MODEL, World, desk_with, running

SERVER_TARGET = {"kind": "database", "server": SERVER, "credentialsSecret": SECRET}


def pg_a(**changes: Any) -> Desk:
    entry = DESK_MODEL.instances["pg-a"].model_copy(update=changes)
    return desk_with(instances={**DESK_MODEL.instances, "pg-a": entry})


def refused(world: World, restore: Restore) -> str:
    event = hindrance(world.process().parts, restore)
    assert isinstance(event, Refused)
    return event.error.code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"id": f"{VAULT}/backupInstances/pg-other"}, "InstanceChanged"),
        ({"id": f"{OTHER_VAULT}/backupInstances/pg-a"}, "InstanceChanged"),
        ({"identity": IDENTITY}, "TargetChanged"),
        ({"targets": ()}, "NoLongerAllowed"),
    ],
)
def test_an_instance_that_changed_after_the_validation_is_not_submitted(changes: dict[str, Any], code: str) -> None:
    world = World()
    restore = ready(world)
    world.desk = pg_a(**changes)
    assert refused(world, restore) == code
    world.settle(world.process())
    after = now_is(world, restore.id)
    assert (after.phase, after.error and after.error.code, world.azure.posted) == (Phase.REFUSED, code, [])


def ready(world: World) -> Restore:
    """Validated, and paused so that it stays so."""
    one = running(world, world.process())
    world.process().parts.board.set_paused(Pause("dba", "wait", START), START)
    up_to(world, one, Phase.VALIDATED)
    world.process().parts.board.set_paused(None, START)
    return now_is(world, one)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ("https://dumps.blob.core.windows.net/elsewhere", "TargetChanged"),
        ("https://dumps.blob.core.windows.net/drills-pg-a", None),
    ],
)
def test_a_target_that_leads_elsewhere_by_now_is_not_used(changed: str, code: str | None) -> None:
    world = World()
    restore = ready(world)
    drills = DESK_MODEL.targets["drills"].model_copy(update={"container": changed})
    world.desk = desk_with(targets={"drills": drills})
    event = hindrance(world.process().parts, restore)
    assert (event.error.code if isinstance(event, Refused) else event) == code


def test_another_secret_of_a_servers_login_is_a_change_too() -> None:
    world = World(
        desk=desk_with(targets={"drills": Desk.model_validate({"targets": {"t": SERVER_TARGET}}).targets["t"]})
    )
    parts = world.process().parts
    asked = now_is(world, running(world, world.process(), database="new")).model_copy(update={"phase": Phase.VALIDATED})
    assert hindrance(parts, asked) is None
    assert asked.plan
    for changes in (
        {"secret": SECRET + "x"},
        {"container_id": "/other"},
        {"identity": IDENTITY},
        {"database": "other"},
    ):
        other = asked.model_copy(update={"plan": asked.plan.model_copy(update=changes)})
        assert refused(world, other) == "TargetChanged"
    assert hindrance(parts, asked.model_copy(update={"plan": None})) is None
    assert refused(world, asked.model_copy(update={"source": "tickets/gone"})) == "NoLongerAllowed"


# --- the window -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("which", ["wall", "elapsed"])
@pytest.mark.parametrize(("seconds", "sent"), [(20, True), (21, False)])
def test_a_post_that_is_late_by_either_clock_is_not_sent(which: str, seconds: float, sent: bool) -> None:
    world = World()
    restore = ready(world)
    wall = Clock()
    wall.at = world.clock.at
    frozen = wall if which == "wall" else world.clock
    act: Callable[[], None] = lambda: frozen.advance(seconds)  # noqa: E731
    world.azure.script["submit"] = [act]
    after = world.process(clock=wall).workflow.advance(restore.id, now_due=True)
    assert after is not None
    assert len(world.azure.posted) == int(sent)
    assert (after.phase is Phase.VALIDATED) is not sent
    if not sent:
        assert "between the save and the POST" in (after.trouble or "")
        assert [attempt.ended for attempt in after.attempts] == ["not sent"]


def test_a_pause_that_comes_in_the_last_moment_holds_the_post_back() -> None:
    world = World()
    restore = ready(world)
    board = world.process().parts.board
    world.azure.script["submit"] = [lambda: board.set_paused(Pause("dba", "stop", START), START)]
    after = world.process().workflow.advance(restore.id, now_due=True)
    assert after is not None
    assert (after.phase, world.azure.posted) == (Phase.VALIDATED, [])
    assert after.due == world.clock.now() + timedelta(seconds=60)
    assert "stop" in (after.trouble or "")


# --- the deadline -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("seconds", "late"), [(0, False), (1, True)])
def test_the_deadline_is_a_day_from_the_turn_or_from_a_dry_runs_acceptance(seconds: float, late: bool) -> None:
    world = World()
    parts, began = world.process().parts, START - timedelta(days=1, seconds=seconds)
    restore = now_is(world, running(world, world.process())).model_copy(update={"turn_at": began})
    for phase in Phase:
        found = too_late(parts, restore.model_copy(update={"phase": phase}))
        assert isinstance(found, Refused) is (late and phase in BEFORE_SUBMISSION)
    assert too_late(parts, restore.model_copy(update={"turn_at": None})) is None
    dry = restore.model_copy(update={"dry_run": True, "turn_at": None, "accepted_at": began})
    assert isinstance(too_late(parts, dry), Refused) is late


# --- steps ------------------------------------------------------------------------------------------------------------
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
    board, subscription = world.process().parts.board, VAULT.split("/")[2]
    while board.take_start(subscription, world.clock.now(), STARTS, world.pace.budget_window):
        pass
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
