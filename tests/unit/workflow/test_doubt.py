"""The one POST: in doubt, adopted, sent anew or parked; raced for, stalled, refused; never made twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from shared.azure.port import Doubt, NotSent
from shared.domain.restore import Phase
from shared.storage.shared_state import Pause
from tests.kits.fakes import Clock
from tests.kits.stories import no, now_is, up_to
from tests.kits.world import World, running


def test_a_swallowed_202_is_adopted_and_not_resubmitted() -> None:
    world = World()
    world.azure.script["answer"] = [Doubt("the answer to the POST was lost (ReadTimeout)")]
    one = running(world, world.process())
    world.settle(world.process())
    restore = now_is(world, one)
    assert (restore.phase, world.azure.count("submit")) == (Phase.SUCCEEDED, 1)
    assert [a.ended for a in restore.attempts] == ["adopted"]
    assert world.faults({one}) == []


def test_a_job_that_is_listed_only_late_in_the_grace_is_adopted_too() -> None:
    world = World()
    world.azure.listed_after = 850
    world.azure.script["answer"] = [Doubt("reset")]
    one = running(world, world.process())
    world.settle(world.process())
    assert (now_is(world, one).phase, world.azure.count("submit")) == (Phase.SUCCEEDED, 1)


def test_a_post_that_never_arrived_is_sent_anew_once_the_vault_is_known_to_echo() -> None:
    world = World()
    running(world, world.process(), key="teacher")
    world.settle(world.process())
    world.azure.script["submit"] = [Doubt("reset before anything")]
    began = world.clock.now()
    two = running(world, world.process(), key="pupil")
    world.settle(world.process())
    restore = now_is(world, two)
    assert restore.phase is Phase.SUCCEEDED
    assert [a.ended for a in restore.attempts] == ["never arrived", "taken"]
    assert restore.attempts[1].at - began >= timedelta(minutes=90)
    assert [entry.what for entry in restore.timeline].count("validating") == 2, "it is validated anew"
    assert not [entry for entry in restore.timeline if "safe" in (entry.note or "")]
    assert world.faults() == []


@pytest.mark.parametrize("echoes_prefix", [True, False], ids=["prefix echoed", "nothing echoed"])
def test_a_vault_that_does_not_echo_ids_is_told_by_the_prefix_or_parked(echoes_prefix: bool) -> None:
    world = World()
    world.azure.echoes, world.azure.echoes_prefix = False, echoes_prefix
    world.azure.script["answer"] = [Doubt("reset")]
    one = running(world, world.process())
    two = running(world, world.process(), key="behind")
    world.settle(world.process())
    assert now_is(world, one).phase is (Phase.SUCCEEDED if echoes_prefix else Phase.LOST)
    assert now_is(world, two).phase is (Phase.SUCCEEDED if echoes_prefix else Phase.ACCEPTED)
    assert world.azure.count("submit") == (2 if echoes_prefix else 1)


def test_an_empty_reading_is_no_proof_while_a_job_of_the_instance_cannot_be_read() -> None:
    world = World()
    running(world, world.process(), key="teacher")
    world.settle(world.process())
    world.azure.script["answer"] = [Doubt("reset")]
    two = running(world, world.process(), key="pupil")
    up_to(world, two, Phase.SUBMITTING)
    next(job for job in world.azure.jobs_by_id.values() if job.restore == two).hidden = True
    world.settle(world.process())
    assert (now_is(world, two).phase, world.azure.count("submit")) == (Phase.LOST, 2)


def test_a_job_that_comes_to_light_before_the_next_attempt_is_adopted() -> None:
    world = World()
    running(world, world.process(), key="teacher")
    world.settle(world.process())
    world.azure.listed_after = 3 * 3600
    world.azure.script["answer"] = [Doubt("reset")]
    two = running(world, world.process(), key="pupil")
    up_to(world, two, Phase.SUBMITTING)
    world.process().parts.board.set_paused(Pause("dba", "maintenance", world.clock.now()), world.clock.now())
    up_to(world, two, Phase.VALIDATED)
    world.clock.advance(3 * 3600)
    world.process().parts.board.set_paused(None, world.clock.now())
    world.settle(world.process())
    assert (now_is(world, two).phase, len(world.azure.posted)) == (Phase.SUCCEEDED, 2)
    assert world.faults() == []


def test_ten_workers_on_one_restore_post_once() -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.VALIDATING)
    world.clock.advance(60)
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda process: process.workflow.advance(one), [world.process() for _ in range(10)]))
    assert world.azure.count("submit") == 1
    world.settle(world.process())
    assert world.faults({one}) == []


def test_a_worker_that_stalls_between_save_and_post_sends_nothing() -> None:
    world = World()
    one = running(world, world.process())
    world.azure.script["submit"] = [lambda: world.clock.advance(world.pace.submit_window + 1)]
    world.settle(world.process())
    restore = now_is(world, one)
    assert [a.ended for a in restore.attempts] == ["not sent", "taken"]
    assert (restore.phase, len(world.azure.posted)) == (Phase.SUCCEEDED, 1)


def test_clocks_that_are_minutes_apart_submit_once() -> None:
    for apart in (-280.0, 280.0):
        world = World()
        running(world, world.process(), key="teacher")
        world.settle(world.process())
        world.azure.listed_after = 890
        world.azure.script["answer"] = [Doubt("reset")]
        one = running(world, world.process(), key="k2")
        up_to(world, one, Phase.SUBMITTING)
        other = Clock()
        for _ in range(60):
            other.at = world.clock.at + timedelta(seconds=apart)
            world.process(clock=other).sweep.run()
            world.clock.advance(60)
        assert [posted for posted, _ in world.azure.posted].count(one) == 1
        assert now_is(world, one).phase is Phase.SUCCEEDED


def test_a_429_to_the_post_itself_silences_too_and_the_back_off_grows() -> None:
    world = World()
    world.azure.script["submit"] = [NotSent("Azure answered 429 to the POST", None, True) for _ in range(4)]
    one = running(world, world.process())
    world.settle(world.process())
    restore = now_is(world, one)
    gaps = [(b.at - a.at).total_seconds() for a, b in zip(restore.attempts, restore.attempts[1:], strict=False)]
    assert restore.phase is Phase.SUCCEEDED
    assert len(gaps) == 4
    assert gaps == sorted(gaps)
    assert gaps[-1] > 4 * gaps[0]


def test_a_certain_no_to_the_post_ends_it() -> None:
    world = World()
    world.azure.script["submit"] = [no("UserErrorNo")]
    one = running(world, world.process())
    world.settle(world.process())
    assert (now_is(world, one).phase, world.azure.count("submit")) == (Phase.FAILED, 1)
    assert world.faults({one}) == []


def test_an_operation_whose_url_expired_is_followed_by_its_job() -> None:
    world = World()
    world.azure.operation_gone = True
    one = running(world, world.process())
    world.settle(world.process())
    assert (now_is(world, one).phase, len(world.azure.posted)) == (Phase.SUCCEEDED, 1)
