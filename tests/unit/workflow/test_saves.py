"""Saves that fail or that somebody else came before: what becomes of the attempt, the claim and the restore."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shared.azure.port import Doubt, Rejected
from shared.domain.events import Claimed
from shared.domain.problems import Ours, Problem, Trouble
from shared.domain.restore import AzureError, Phase
from shared.storage.store import Conflict
from tests.kits.aftercare_kit import asked, vaulted_world
from tests.kits.stories import no, now_is, up_to
from tests.kits.world import World, running
from tests.unit.workflow.kit import ACT, validated


def test_an_answer_that_cannot_be_saved_five_times_leaves_the_attempt_to_its_doubt() -> None:
    world = World()
    one = validated(world)
    tries = []

    def down(name: str, act: Any, args: Any) -> Any:
        if name == "store.commit" and any(change.fields.get("phase") == "submitted" for change in args[1]):
            tries.append(1)
            raise Trouble("the table does not answer")
        return act()

    after = world.process(down).workflow.advance(one, now_due=True)
    assert after
    assert (after.phase, len(tries), len(world.azure.posted)) == (Phase.SUBMITTING, 5, 1)
    world.settle(world.process())
    assert (now_is(world, one).phase, len(world.azure.posted)) == (Phase.SUCCEEDED, 1)


def test_a_claim_that_somebody_else_made_is_not_ours() -> None:
    world = World()
    one = validated(world)

    def other_first(name: str, act: Any, args: Any) -> Any:
        if name == "store.commit" and any(change.fields.get("phase") == "submitting" for change in args[1]):
            flow = world.process().workflow
            found = now_is(world, one)
            if found.phase is Phase.VALIDATED:
                flow.save(found, Claimed("another's", world.clock.now() + timedelta(minutes=5)))
        return act()

    world.process(other_first).workflow.advance(one, now_due=True)
    found = now_is(world, one)
    assert (world.azure.posted, [attempt.request_id for attempt in found.attempts]) == ([], ["another's"])


def test_a_fault_of_ours_after_the_submission_rises() -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.RESTORING)
    world.azure.script["job"] = [Ours("a setting is missing")]
    with pytest.raises(Ours):
        world.process().workflow.advance(one, now_due=True)
    two = running(world, world.process(), "pg-b", key="b")
    world.azure.script["points"] = [Ours("a setting is missing")]
    world.deliver(world.process())
    found = now_is(world, two)
    assert (found.trouble, found.due - world.clock.now()) == ("a setting is missing", timedelta(seconds=20))


def test_a_restore_that_is_moved_each_time_it_is_looked_at_is_a_409() -> None:
    world = World()
    one = running(world, world.process())
    tries = []

    def moved(name: str, act: Any, args: Any) -> Any:
        if name == "store.commit":
            tries.append(1)
            raise Conflict("moved")
        return act()

    with pytest.raises(Problem, match="it changed each time") as caught:
        world.process(moved).acts.withdraw(now_is(world, one), ACT)
    assert (caught.value.status, len(tries)) == (409, 8)


def refused_a_container_after_a_doubt(world: World, meanwhile: Callable[[], None]) -> str:
    """Its first attempt is in doubt, no list shows that job, and Azure refuses the container of its second attempt;
    `meanwhile` is done in that moment."""
    one = asked(world)
    world.azure.script["answer"] = [Doubt("reset")]
    up_to(world, one, Phase.SUBMITTING)
    for job in world.azure.jobs_by_id.values():
        job.hidden, job.listed_from = True, job.listed_from + timedelta(days=30)

    def refuse() -> None:
        meanwhile()
        raise Rejected(AzureError(stage="request", code="RequestDisallowedByPolicy", message="no"), 403)

    world.azure.script["make_container"] = [refuse]
    for _ in range(60):
        if not world.azure.script["make_container"]:
            break
        world.process().sweep.run()
        world.clock.advance(world.next_due())
    return one


def test_trouble_with_the_jobs_puts_off_the_refusal_of_a_containers_step() -> None:
    world = vaulted_world()

    def unlisted() -> None:
        world.azure.script["jobs"] = [no("X", 400)]

    after = now_is(world, refused_a_container_after_a_doubt(world, unlisted))
    assert after.phase is Phase.ACCEPTED
    assert "the vault's jobs cannot be read, and an attempt was made" in (after.trouble or "")


def test_a_job_that_comes_to_light_as_its_next_container_is_refused_is_adopted() -> None:
    world = vaulted_world()

    def shown() -> None:
        for job in world.azure.jobs_by_id.values():
            job.hidden, job.listed_from = False, world.clock.now()

    after = now_is(world, refused_a_container_after_a_doubt(world, shown))
    assert after.job
    assert (after.phase, [after.job.id]) == (Phase.RESTORING, list(world.azure.jobs_by_id))
    world.settle(world.process())
    assert (now_is(world, after.id).phase, len(world.azure.posted)) == (Phase.SUCCEEDED, 1)
