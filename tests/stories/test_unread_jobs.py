"""A vault's job list that is never read, behind an attempt: told as overdue, then lost."""

from collections.abc import Iterator

import pytest

from shared.azure.port import Doubt, VaultFacts
from shared.azure.responses import JobRead
from shared.domain.problems import Trouble
from shared.domain.restore import Phase
from shared.storage.shared_state import Pause
from tests.kits.fake_azure import FakeAzure
from tests.kits.stories import no, now_is, up_to
from tests.kits.world import EVENTS_URL, World, running


class Unread(FakeAzure):
    """Its job list answers well, until it never does again."""

    refuses: BaseException | None = None

    def jobs(self, vault: str, facts: VaultFacts | None) -> Iterator[JobRead]:
        if self.refuses:
            raise self.refuses
        yield from super().jobs(vault, facts)


@pytest.mark.parametrize("why", [no("AuthorizationFailed", 403), no("Strange", 418), Trouble("more than 1000 pages")])
@pytest.mark.parametrize("proven", [True, False], ids=["before another attempt", "in doubt"])
def test_a_job_list_that_is_never_read_is_told_as_overdue_and_then_lost(why: BaseException, proven: bool) -> None:
    world = World()
    azure = Unread(world.clock)
    world.azure = azure
    azure.script["submit" if proven else "answer"] = [Doubt("reset")]
    one = running(world, world.process(), key="victim")
    up_to(world, one, Phase.SUBMITTING)
    if proven:
        board = world.process().parts.board
        board.set_paused(Pause("dba", "maintenance", world.clock.now()), world.clock.now())
        up_to(world, one, Phase.VALIDATED)
        board.set_paused(None, world.clock.now())
    azure.refuses = why
    told = []
    for _ in range(15 * 24):
        world.deliver(world.process())
        world.process().sweep.run()
        world.clock.advance(3600)
        restore = now_is(world, one)
        told += [restore.overdue_at is not None, restore.phase is Phase.LOST]
    assert (restore.phase, restore.overdue_at is not None) == (Phase.LOST, True)
    assert len(azure.posted) == (0 if proven else 1)
    assert any(event.startswith(one) for event in world.posts.events(EVENTS_URL))
    waited = told[1::2].index(True)
    assert waited >= (13 * 24 - 3 if getattr(why, "status", None) == 403 else 22), "a missing right is ours to mend"
