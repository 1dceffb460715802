"""Two workers at one restore: a claim is taken for one's own, and an answer saved, only by the attempt's request id."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shared.azure.port import Doubt, NotSent, Taken
from shared.azure.responses import Operation
from shared.domain.outcomes import TrackLost
from shared.domain.problems import Trouble
from shared.domain.restore import Attempt, Phase, Restore, subscription_of
from shared.storage.ledger import Ledger
from tests.kits.fake_azure import FakeAzure
from tests.kits.fakes import START
from tests.kits.stories import now_is
from tests.kits.world import World
from tests.unit.workflow.kit import ready


def claims(name: str, args: Any) -> bool:
    return name == "store.commit" and any(change.fields.get("phase") == "submitting" for change in args[1])


def test_another_workers_claim_is_not_taken_for_ones_own() -> None:
    world = World()
    restore, others = ready(world), [world.process()]
    world.azure.script["submit"] = [Doubt("its answer was lost")]

    def late(name: str, act: Callable[[], Any], args: Any) -> Any:
        if claims(name, args) and others:
            others.pop().workflow.advance(restore.id, now_due=True)
        return act()

    world.process(late).workflow.advance(restore.id, now_due=True)
    after = now_is(world, restore.id)
    assert (after.phase, len(after.attempts), others) == (Phase.SUBMITTING, 1, [])
    assert (world.azure.count("submit"), world.azure.posted) == (1, [])


@pytest.mark.parametrize(("moved", "posts"), [(False, 1), (True, 0)])
def test_ones_own_claim_whose_answer_was_lost_is_gone_on_with_unless_it_was_moved_on(moved: bool, posts: int) -> None:
    world = World()
    restore, left = ready(world), [True]

    def silent(name: str, act: Callable[[], Any], args: Any) -> Any:
        found = act()
        if claims(name, args) and left:
            left.clear()
            if moved:
                claimed = now_is(world, restore.id)
                world.process().workflow.save(claimed, TrackLost("nobody knows", world.clock.now()))
            raise Trouble("the table did not answer")
        return found

    world.process(silent).workflow.advance(restore.id, now_due=True)
    assert (len(world.azure.posted), left) == (posts, [])
    after = now_is(world, restore.id)
    assert after.phase is (Phase.LOST if moved else Phase.SUBMITTED)
    assert len(after.attempts) == 1


def changed(world: World, restore_id: str, **fields: Any) -> None:
    """Somebody saves the row meanwhile."""
    found = now_is(world, restore_id)
    Ledger(world.store).save(found, found.model_copy(update=fields))


def test_an_answer_is_saved_though_somebody_touched_the_row() -> None:
    world = World()
    restore = ready(world)
    touch: Callable[[], None] = lambda: changed(world, restore.id, reason="touched")  # noqa: E731
    world.azure.script["answer"] = [touch]
    world.process().workflow.advance(restore.id, now_due=True)
    after = now_is(world, restore.id)
    assert (after.phase, after.reason, after.attempts[0].ended) == (Phase.SUBMITTED, "touched", "taken")


def test_an_answer_is_not_saved_on_another_attempt() -> None:
    world = World()
    restore = ready(world)
    second = Attempt(number=2, request_id="bbbbbbbb-0000-0000-0000-000000000002", at=START)

    def another() -> None:
        first = now_is(world, restore.id).attempts[0].model_copy(update={"ended": "resubmitted"})
        changed(world, restore.id, attempts=(first, second))

    world.azure.script["answer"] = [another]
    world.process().workflow.advance(restore.id, now_due=True)
    after = now_is(world, restore.id)
    assert (after.tracking, after.attempts[1].ended) in ((None, None), (None, "in doubt"))
    assert after.phase is not Phase.SUBMITTED
    assert after.submitted_at is None


def test_an_answer_that_comes_when_it_was_moved_on_changes_nothing() -> None:
    world = World()
    restore = ready(world)

    def lost() -> None:
        claimed = now_is(world, restore.id)
        world.process().workflow.save(claimed, TrackLost("nobody knows", world.clock.now() + timedelta(hours=1)))

    world.azure.script["answer"] = [lost]
    found = world.process().workflow.advance(restore.id, now_due=True)
    assert found is not None
    assert (found.phase, now_is(world, restore.id).phase) == (Phase.LOST, Phase.LOST)
    assert now_is(world, restore.id).tracking is None


class AtOnce(FakeAzure):
    """An Azure that answers the POST with the job."""

    def submit(self, restore: Restore, check: Callable[[], None]) -> Taken:
        taken = super().submit(restore, check)
        job = self.operations[str(taken.tracking)]
        return Taken(None, None, Operation("succeeded", job, None, "Succeeded"))


def test_an_answer_that_names_its_job_at_once_is_followed_by_the_job() -> None:
    world = World()
    restore = ready(world)
    azure = AtOnce(world.clock)
    world.azure = azure
    world.process().workflow.advance(restore.id, now_due=True)
    after = now_is(world, restore.id)
    assert (after.phase, after.job and after.job.id) == (Phase.RESTORING, next(iter(azure.jobs_by_id)))
    assert after.due == world.clock.now() + timedelta(seconds=world.pace.job_likely)
    assert azure.count("operation") == 0


def test_a_job_that_is_named_when_the_restore_was_moved_on_is_left_to_who_moved_it() -> None:
    world = World()
    restore = ready(world)
    world.azure = AtOnce(world.clock)

    def lost() -> None:
        claimed = now_is(world, restore.id)
        world.process().workflow.save(claimed, TrackLost("nobody knows", world.clock.now() + timedelta(hours=1)))

    world.azure.script["answer"] = [lost]
    world.process().workflow.advance(restore.id, now_due=True)
    after = now_is(world, restore.id)
    assert (after.phase, after.job) == (Phase.LOST, None)


@pytest.mark.parametrize("throttled", [True, False])
def test_a_429_to_the_post_rests_the_whole_subscription(throttled: bool) -> None:
    world = World()
    restore = ready(world)
    world.azure.script["submit"] = [NotSent("not now", 77.0, throttled)]
    world.process().workflow.advance(restore.id, now_due=True)
    after = now_is(world, restore.id)
    assert (after.phase, after.due) == (Phase.VALIDATED, world.clock.now() + timedelta(seconds=77))
    until = world.process().parts.board.quiet_until(subscription_of(restore))
    assert until == (after.due if throttled else None)
