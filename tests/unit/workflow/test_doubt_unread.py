"""In doubt while a job of the instance cannot be read: one bad answer is no verdict, and held jobs are not asked."""

from shared.azure.port import Doubt
from shared.domain.restore import Phase
from tests.kits.stories import now_is, up_to
from tests.kits.world import World, running


def test_a_job_that_cannot_be_read_parks_the_restore_and_is_adopted_once_it_can_be() -> None:
    world = World()
    world.azure.echoes, world.azure.echoes_prefix = False, True  # only a GET shows whose job it is
    running(world, world.process(), key="teacher")
    world.settle(world.process())
    world.azure.script["answer"] = [Doubt("reset")]
    one = running(world, world.process(), key="pupil")
    up_to(world, one, Phase.SUBMITTING)
    job = next(job for job in world.azure.jobs_by_id.values() if job.restore == one)
    job.hidden = True
    world.settle(world.process())
    parked = now_is(world, one)
    assert (parked.phase, job.id in (parked.trouble or "")) == (Phase.LOST, True)
    job.hidden = False
    for _ in range(4):
        world.clock.advance(world.pace.lost_look)
        world.process().sweep.run()
    world.settle(world.process())
    assert (now_is(world, one).phase, len(world.azure.posted)) == (Phase.SUCCEEDED, 2)
    assert world.faults() == []


def test_jobs_that_other_restores_hold_are_not_read() -> None:
    world = World()
    for key in ("one", "two", "three"):
        running(world, world.process(), key=key)
        world.settle(world.process())
    held = set(world.azure.jobs_by_id)
    for job in world.azure.jobs_by_id.values():
        job.hidden = True  # a GET of any of them would put the reading in doubt
    world.azure.script["submit"] = [Doubt("reset before anything")]
    four = running(world, world.process(), key="four")
    world.settle(world.process())
    restore = now_is(world, four)
    assert (restore.phase, [one.ended for one in restore.attempts]) == (Phase.SUCCEEDED, ["never arrived", "taken"])
    assert restore.job
    assert restore.job.id not in held
