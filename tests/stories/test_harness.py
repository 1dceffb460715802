"""The tests' own test: two wrong desks, of which each passed every crash point once, are caught by the invariants."""

from functools import cached_property

import pytest

from shared.config.desk_file import Channel
from shared.domain.problems import Problem
from shared.domain.restore import Restore
from shared.notices.messages import Delivered, Verdict
from shared.notices.notifier import Notifier
from shared.notices.outbox import Notice
from shared.workflow.intake import Accepted, Intake
from tests.kits.breaker import CRASHES, Break
from tests.kits.crash_story import Story, broken, every, short
from tests.kits.world import Process


class NeverAgain(Intake):
    """Refuses, for ever, a request whose key was claimed by a process that crashed before the restore was saved."""

    def _put(self, restore: Restore, request_hash: str, quiet: bool = False) -> Accepted:
        known = self.keys.rows.find(restore.source, restore.key) if restore.key else None
        if known and self.parts.ledger.load(known.restore) is None:
            raise Problem(409, "No", "the key was claimed by a request that never came on the books")
        return super()._put(restore, request_hash, quiet)


class Refusing(Process):
    """A desk with `NeverAgain`."""

    @cached_property
    def intake(self) -> Intake:
        return NeverAgain(self.parts)


class Mute(Notifier):
    """Never posts to one channel, and says that it did."""

    def tell(self, name: str, channel: Channel, notice: Notice) -> Verdict:
        return Delivered() if name == "dba" else super().tell(name, channel, notice)


class Silent(Process):
    """A desk with `Mute`."""

    @cached_property
    def notifier(self) -> Notifier:
        own = super().notifier
        return Mute(own.outbox, own.read_desk, own.environ, own.post, own.now, own.jitter, own.pace)


@pytest.mark.parametrize(
    ("kind", "words"), [(Refusing, "never answered: k1"), (Silent, "dba was never told")], ids=["retry", "channel"]
)
def test_a_wrong_desk_is_caught(kind: type[Process], words: str, quiet_log: None) -> None:
    def wrong(plan: dict[int, Break]) -> Story:
        story = short(plan)
        story.kind = kind
        return story

    found = broken(wrong, every(short, CRASHES)[:12])
    assert any(words in fault for fault in found), found
