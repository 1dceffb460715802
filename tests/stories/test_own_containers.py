"""A container an attempt: made before validation, kept, deleted when it is due; what goes wrong on the way."""

import pytest

from shared.config.desk_file import parse_desk
from shared.domain.problems import Trouble
from shared.domain.restore import Phase
from tests.kits.aftercare_kit import (
    ACCOUNT,
    DESK_TEXT,
    KEEP_HOURS,
    asked,
    delivered,
    hours,
    names,
    no_row,
    refused,
    row_of,
    vaulted_world,
)
from tests.kits.stories import now_is, up_to


def test_the_container_is_there_before_validation_and_is_deleted_when_its_time_is_over() -> None:
    world = vaulted_world()
    one = delivered(world)
    assert names(world) == [f"rd-{one}-1"]
    assert world.azure.blobs[(ACCOUNT, f"rd-{one}-1")] == {"restoredesk": one}
    calls = [name for name, _ in world.azure.calls]
    assert calls.index("make_container") < calls.index("validate")
    plan = world.azure.bodies[0].plan
    assert plan is not None
    assert plan.container == f"https://drillstore.blob.core.windows.net/rd-{one}-1"
    hours(world, KEEP_HOURS - 0.1)
    assert world.process().cleanup.run() == 0
    hours(world, 0.2)
    assert world.process().cleanup.run() == 1
    assert (names(world), row_of(world, one).state) == ([], "gone")
    hours(world, 1000)
    calls_before = len(world.azure.calls)
    assert world.process().cleanup.run() == 0
    assert len(world.azure.calls) == calls_before


@pytest.mark.parametrize(
    ("code", "message", "ours"),
    [
        ("RequestDisallowedByPolicy", "policy x", "ContainerPolicy"),
        ("AuthorizationFailure", "blocked by network rules", "ContainerFirewall"),
        ("AuthorizationFailed", "no right", "ContainerRightMissing"),
        ("ResourceNotFound", "no such account", "ContainerAccountNotFound"),
        ("InvalidResourceName", "strange", "ContainerRefused"),
    ],
)
def test_each_no_has_a_code_and_a_next_step(code: str, message: str, ours: str) -> None:
    world = vaulted_world()
    world.azure.script["make_container"] = [refused(code, message=message) for _ in range(200)]
    one = asked(world)
    up_to(world, one, Phase.REFUSED)
    error = now_is(world, one).error
    assert error is not None
    assert (error.code, len(error.recommended_action)) == (ours, 1)
    assert world.azure.posted == []


def test_a_strangers_container_is_neither_used_nor_changed_nor_deleted() -> None:
    world = vaulted_world()
    one = asked(world)
    world.azure.blobs[(ACCOUNT, f"rd-{one}-1")] = {"team": "sales"}
    up_to(world, one, Phase.REFUSED)
    error = now_is(world, one).error
    assert error is not None
    assert error.code == "ContainerNameTaken"
    hours(world, 1)
    world.process().cleanup.run()
    assert world.azure.blobs == {(ACCOUNT, f"rd-{one}-1"): {"team": "sales"}}
    assert no_row(world, one)


def test_a_200_to_the_first_put_is_refused() -> None:
    world = vaulted_world()
    one = asked(world)

    def in_between() -> None:
        world.azure.blobs[(ACCOUNT, f"rd-{one}-1")] = {"team": "sales"}

    world.azure.script["make_container"] = [in_between]
    up_to(world, one, Phase.REFUSED)
    hours(world, 1)
    world.process().cleanup.run()
    assert names(world) == [f"rd-{one}-1"]  # the PUT wrote the desk's metadata over it: it is still not the desk's
    assert no_row(world, one)


@pytest.mark.parametrize(("owner", "ends"), [("", Phase.REFUSED), ("ours", Phase.SUCCEEDED)])
def test_after_a_put_whose_answer_was_lost_a_container_of_that_name_is_ours_by_its_metadata(
    owner: str, ends: Phase
) -> None:
    world = vaulted_world()
    one = asked(world)

    def appears() -> None:
        world.azure.blobs[ACCOUNT, f"rd-{one}-1"] = {"restoredesk": one if owner else "another"}
        raise Trouble("the answer was lost")

    world.azure.script["make_container"] = [appears]
    up_to(world, one, ends)
    assert world.azure.count("make_container") == 1


def test_a_200_to_the_second_put_is_the_late_end_of_the_first() -> None:
    world = vaulted_world()
    one = asked(world)

    def lost() -> None:
        raise Trouble("the answer was lost")

    def lands() -> None:
        world.azure.blobs[ACCOUNT, f"rd-{one}-1"] = {"restoredesk": one}

    world.azure.script["make_container"] = [lost, lands]
    up_to(world, one, Phase.SUCCEEDED)


@pytest.mark.parametrize(("changed", "phase"), [("otherstore", Phase.REFUSED), ("drillstore", Phase.SUCCEEDED)])
def test_another_account_in_desk_toml_before_the_post_refuses_and_the_made_container_goes(
    changed: str, phase: Phase
) -> None:
    world = vaulted_world()
    one = asked(world)
    up_to(world, one, Phase.VALIDATING)
    world.desk = parse_desk(DESK_TEXT.replace("storageAccounts/drillstore", f"storageAccounts/{changed}"))
    up_to(world, one, phase)
    error = now_is(world, one).error
    assert (error.code if error else None) == ("TargetChanged" if phase is Phase.REFUSED else None)
    assert world.process().cleanup.run() == (1 if phase is Phase.REFUSED else 0)
    assert row_of(world, one).account == ACCOUNT
