"""A container an attempt: made before validation, kept, deleted when it is due; what goes wrong on the way."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from shared.azure.port import Doubt, Rejected
from shared.config.desk_file import parse_desk
from shared.domain.problems import Trouble
from shared.domain.restore import AzureError, Phase
from shared.notices.outbox import Outbox
from shared.storage.ledger import Ledger
from shared.sweep.retention import Retention
from shared.workflow.operator_acts import Act
from tests.kits.aftercare_kit import (
    ACCOUNT,
    DESK_TEXT,
    KEEP_HOURS,
    act,
    asked,
    delivered,
    hours,
    names,
    no_row,
    row_of,
    vaulted_world,
)
from tests.kits.stories import now_is, up_to
from tests.kits.world import World


def refused(code: str, status: int = 403, message: str = "no") -> Rejected:
    return Rejected(AzureError(stage="request", code=code, message=message), status)


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


@pytest.mark.parametrize("phase", [Phase.FAILED, Phase.CHECKED, Phase.WITHDRAWN])
def test_what_delivered_nothing_goes_at_once(phase: Phase) -> None:
    world = vaulted_world()
    world.azure.end_status = "Failed"
    one = asked(world, dryRun=phase is Phase.CHECKED)
    if phase is Phase.WITHDRAWN:
        up_to(world, one, Phase.VALIDATING)

        world.process().acts.withdraw(now_is(world, one), Act(by="dba", reason="not needed"))
    up_to(world, one, phase)
    assert world.process().cleanup.run() == 1
    assert world.azure.deleted == [f"rd-{one}-1"]


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


def test_a_lost_restore_keeps_its_container() -> None:
    world = vaulted_world()
    world.azure.script["submit"] = [Doubt("lost")]
    one = asked(world)
    up_to(world, one, Phase.VALIDATING)
    world.azure.job_of_nobody("pg-a", started_after=60)
    up_to(world, one, Phase.LOST)
    hours(world, 10 * KEEP_HOURS)
    assert world.process().cleanup.run() == 0
    assert names(world) == [f"rd-{one}-1"]


def test_keep_is_taken_until_deleting_and_then_is_409() -> None:
    world = vaulted_world()
    one = delivered(world)
    answer = act(world.process(), one, "keep", hours=200)
    assert answer.status == 200
    assert json.loads(answer.body)["container"]["state"] == "kept"
    hours(world, 199)
    assert world.process().cleanup.run() == 0
    hours(world, 2)
    during: list[int] = []
    world.azure.script["delete_container"] = [lambda: during.append(act(world.process(), one, "keep").status)]
    assert world.process().cleanup.run() == 1
    assert during == [409]
    assert act(world.process(), one, "keep").status == 409


def at_call(point: int, act_then: Callable[[], None]) -> Callable[[str, Callable[[], Any], Any], Any]:
    """A seam that has something else happen right before its n-th call."""
    count = [0]

    def between(name: str, call: Callable[[], Any], args: Any) -> Any:
        count[0] += 1
        if count[0] == point:
            act_then()
        return call()

    return between


def raced(point: int) -> tuple[list[int], World, str]:
    """The clean-up with a person's keep before its n-th call; what the person was answered."""
    world, kept = vaulted_world(), list[int]()
    one = delivered(world)
    hours(world, KEEP_HOURS + 1)
    between = at_call(point, lambda: kept.append(act(world.process(), one, "keep").status))
    world.process(between).cleanup.run()
    return kept, world, one


def test_keep_that_races_due_wins_or_loses_and_both_say_so() -> None:
    answers = set[int]()
    for point in range(1, 40):
        kept, world, one = raced(point)
        if not kept:
            assert answers == {200, 409}
            return
        answers |= set(kept)
        assert (kept == [200]) == (names(world) != []), point
        assert row_of(world, one).state == ("kept" if kept == [200] else "gone")
    raise AssertionError("the clean-up makes more calls than were tried")


def test_cleanup_by_a_person_deletes_with_the_next_sweep() -> None:
    world = vaulted_world()
    one = delivered(world)
    assert act(world.process(), one, "cleanup").status == 202
    assert world.process().cleanup.run() == 1
    assert act(world.process(), one, "cleanup").status == 409


def test_what_cannot_be_deleted_is_told_once_and_tried_again_daily() -> None:
    world = vaulted_world()
    one = delivered(world)
    world.settle(world.process())
    hours(world, KEEP_HOURS + 1)
    world.azure.script["delete_container"] = [refused("ScopeLocked", 409), refused("ScopeLocked", 409)]
    for _ in range(2):
        assert world.process().cleanup.run() == 0
        assert row_of(world, one).state == "cleanupFailed"
        world.settle(world.process())
        hours(world, 25)
    told = [n for n in Outbox(world.store).of_restore(one) if n.event == "cleanupFailed"]
    assert [(n.channel, n.state) for n in told] == [("events", "delivered")]
    assert world.faults() == []
    assert world.process().cleanup.run() == 1


def test_a_second_attempt_has_a_container_of_its_own_and_the_first_is_deleted_before() -> None:
    world = vaulted_world()
    one = asked(world)
    world.azure.script["submit"] = [Doubt("lost")]
    up_to(world, one, Phase.SUCCEEDED)
    assert (world.azure.deleted, names(world)) == ([f"rd-{one}-1"], [f"rd-{one}-2"])


def test_retention_leaves_a_restore_whose_container_is_not_gone() -> None:
    world = vaulted_world()
    one = delivered(world)
    world.settle(world.process())
    retention = Retention(Ledger(world.store), Outbox(world.store), 1)
    hours(world, 48)
    assert retention.remove_old(world.clock.now()) == 0
    hours(world, KEEP_HOURS)
    world.process().cleanup.run()
    assert retention.remove_old(world.clock.now()) == 1
    assert [row.key for row in world.store.scan(f"v-{one[:8]}", "c", "d")] == []


BREAKS = ("crash before", "crash after", "trouble before", "trouble after")


class Crash(BaseException):
    """The process is gone."""


def _broken_at(point: int, how: str) -> tuple[Callable[..., Any], list[str]]:
    count, seen, dead = [0], list[str](), [False]

    def call(name: str, go: Callable[[], Any], args: Any) -> Any:
        if dead[0]:
            raise Crash
        count[0] += 1
        seen.append(name)
        if count[0] != point:
            return go()
        if "after" in how:
            go()
        if "crash" in how:
            dead[0] = True
            raise Crash
        raise Trouble("broke")

    return call, seen


@pytest.mark.parametrize("how", BREAKS)
def test_every_call_of_the_clean_up_broken(how: str) -> None:
    """Nothing is deleted early, nothing is left for ever, whichever call breaks."""
    for point in range(1, 60):
        world = vaulted_world()
        one = delivered(world)
        hours(world, KEEP_HOURS - 1)
        call, seen = _broken_at(point, how)
        process = world.process(call)
        for _ in range(2):
            _crashing(process.cleanup.run)
            if world.clock.elapsed() < KEEP_HOURS * 3600:
                assert names(world) == [f"rd-{one}-1"]
            hours(world, 2)
        for _ in range(3):
            world.process().cleanup.run()
            hours(world, 1)
        assert (names(world), row_of(world, one).state) == ([], "gone"), (point, how, seen)
        if len(seen) < point:
            return
    raise AssertionError("more calls than were tried")


@pytest.mark.parametrize("how", BREAKS)
def test_every_call_of_the_making_broken(how: str) -> None:
    for point in range(1, 200):
        world = vaulted_world()
        one = asked(world)
        call, seen = _broken_at(point, how)
        process = world.process(call)
        for _ in range(6):
            _crashing(partial(world.deliver, process))
            _crashing(process.sweep.run)
            world.clock.advance(world.next_due())
        up_to(world, one, Phase.SUCCEEDED)
        assert len(world.azure.posted) == 1, (point, how)
        plan = world.azure.bodies[0].plan
        assert plan is not None
        assert [plan.container] == [f"https://drillstore.blob.core.windows.net/{name}" for name in names(world)], point
        if len(seen) < point:
            return
    raise AssertionError("more calls than were tried")


def _crashing(go: Callable[[], object]) -> None:
    try:
        go()
    except (Crash, Trouble):
        return


def two_sweeps(point: int) -> tuple[int, list[int], int]:
    world, other = vaulted_world(), list[int]()
    delivered(world)
    hours(world, KEEP_HOURS + 1)
    between = at_call(point, lambda: other.append(world.process().cleanup.run()))
    first = world.process(between).cleanup.run()
    return first, other, world.azure.count("delete_container")


def test_two_sweeps_at_once_delete_once() -> None:
    for point in range(1, 40):
        first, other, deletes = two_sweeps(point)
        if not other:
            assert point > 5
            return
        assert (first + other[0], deletes) == (1, 1), point
    raise AssertionError("the clean-up makes more calls than were tried")
