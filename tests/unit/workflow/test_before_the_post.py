"""What stands against the POST at its last moment: desk.toml as it is now, the pause, and either of two clocks."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shared.config.desk_file import Desk
from shared.domain.events import Refused
from shared.domain.restore import BEFORE_SUBMISSION, Phase, Restore
from shared.storage.shared_state import Pause
from shared.workflow.submission import hindrance, too_late
from tests.kits.fakes import OTHER_VAULT, START, VAULT, Clock
from tests.kits.restores import IDENTITY, SECRET, SERVER
from tests.kits.stories import now_is
from tests.kits.world import DESK_MODEL, World, desk_with, running
from tests.unit.workflow.kit import ready

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
