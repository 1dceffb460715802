"""When a container is deleted: a person's keep, what cannot be deleted, a second attempt, retention."""

import json

import pytest

from shared.azure.port import Doubt
from shared.domain.restore import Phase
from shared.notices.outbox import Outbox
from shared.storage.ledger import Ledger
from shared.sweep.retention import Retention
from shared.workflow.operator_acts import Act
from tests.kits.aftercare_kit import KEEP_HOURS, act, asked, delivered, hours, names, refused, row_of, vaulted_world
from tests.kits.breaker import at_call
from tests.kits.stories import now_is, up_to
from tests.kits.world import World


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
