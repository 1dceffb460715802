"""What the rows of a notice keep, how many go with one step, and how those of release 0.1.0 are sent."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.config.desk_file import Desk
from shared.domain.problems import Ours
from shared.notices.facts import facts_of
from shared.notices.notifier import sample_notice
from shared.notices.outbox import MAX_CHANNELS, UNROUTED, Outbox, channels_or_later
from shared.storage import row_keys
from shared.storage.store import Change
from tests.kits.desk_kit import DESK_MODEL
from tests.kits.restores import NOW, a_restore
from tests.kits.world import DBA_URL, EVENTS_URL, World, desk_with, running
from tests.unit.notices.delivery_kit import deliver, notices


def test_a_notice_keeps_all_it_holds_over_its_rows() -> None:
    world = World()
    world.posts.answers[DBA_URL] = [410]
    one = running(world, world.process())
    world.settle(world.process())
    box, late = Outbox(world.store), world.clock.now() + timedelta(hours=1)
    gone = box.with_facts(notices(world, one, "dba")[0])
    assert (gone.state, gone.restore, gone.event, gone.sequence) == ("given up", one, "succeeded", 3)
    assert gone.dead
    assert gone.owed_since < late
    assert gone.read_facts().event_id == gone.event_id == f"{one}.3"
    box.resend(notices(world, one, "dba")[0], late)
    again = notices(world, one, "dba")[0]
    assert (again.state, again.due, again.owed_since, again.attempts) == ("owed", late, late, 0)
    assert (again.answer, again.dead, box.with_facts(again).facts) == ("", "", gone.facts)
    assert len(notices(world, one, "dba")) == 1


def test_what_an_event_says_is_kept_once_for_all_channels_and_not_in_their_rows() -> None:
    world = World()
    one = running(world, world.process())
    world.settle(world.process())
    place = row_keys.partition(one)
    said = [row.key for row in world.store.scan(place, "said-", row_keys.until("said-"))]
    assert said == [row_keys.said(one, sequence) for sequence in (1, 2, 3)]
    told = list(world.store.scan(place, "told-", row_keys.until("told-")))
    assert len(told) == 4
    assert not any("packed" in row.fields or "json0" in row.fields for row in told)


def test_a_notice_that_release_0_1_0_told_is_sent_again_as_it_was() -> None:
    """It kept what a notice says in the notice's own row."""
    world = World()
    one = running(world, world.process())
    world.settle(world.process())
    box, place = Outbox(world.store), row_keys.partition(one)
    told = box.with_facts(notices(world, one)[0])
    old = Change("put", told.key, {**told.fields(), "chunks": 1, "json0": told.facts})
    world.store.commit(place, [old, Change("delete", row_keys.said(one, told.sequence))])
    world.posts.told.clear()
    box.resend(notices(world, one)[0], world.clock.now())
    world.posts.answers[EVENTS_URL] = [503]
    deliver(world, world.process())
    world.clock.advance(60)
    deliver(world, world.process())
    assert world.posts.events(EVENTS_URL) == [told.event_id]


def test_a_routed_event_is_owed_to_each_channel_as_it_was() -> None:
    world = World()
    one = running(world, world.process())
    first, box = notices(world, one)[0], Outbox(world.store)
    unrouted = replace(first, channel=UNROUTED)
    world.store.commit(row_keys.partition(one), unrouted.owed())
    box.route(notices(world, one, UNROUTED)[0], ["a", "b"])
    found = [*notices(world, one, "a"), *notices(world, one, "b")]
    assert [(n.channel, n.event_id, n.due, box.with_facts(n).facts, n.state) for n in found] == [
        (name, first.event_id, first.due, first.facts, "owed") for name in ("a", "b")
    ]


@pytest.mark.parametrize(("count", "named"), [(MAX_CHANNELS, True), (MAX_CHANNELS + 1, False)])
def test_so_many_channels_hear_in_the_transaction_of_a_step(count: int, named: bool) -> None:
    channels = {f"c{n:02}": DESK_MODEL.channels["events"] for n in range(count)}
    desk = desk_with(channels=channels)
    restore = a_restore(channels=("c00",))
    found = channels_or_later(lambda: desk, restore, "lost")
    assert found == (sorted(channels) if named else [UNROUTED, "c00"])

    def broken() -> Desk:
        raise Ours("broken")

    assert channels_or_later(broken, restore, "lost") == [UNROUTED, "c00"]


def test_a_told_notice_is_owed_once_more_with_its_words() -> None:
    world = World()
    one = running(world, world.process(), dryRun=True)
    world.settle(world.process())
    outbox = Outbox(world.store)
    told = outbox.of_restore(one)[0]
    assert (told.state, told.facts) == ("delivered", "")
    assert outbox.with_facts(told).read_facts().event == told.event
    world.clock.advance(600)
    now = world.clock.now()
    outbox.resend(told, now)
    again = next(n for n in outbox.of_restore(one) if (n.sequence, n.channel) == (told.sequence, told.channel))
    assert (again.state, again.attempts, again.due, again.owed_since) == ("owed", 0, now, now)
    before = world.posts.events(EVENTS_URL).count(told.event_id)
    world.settle(world.process())
    assert world.posts.events(EVENTS_URL).count(told.event_id) == before + 1
    assert world.posts.events(DBA_URL) == []


def test_a_sample_is_owed_now() -> None:
    facts = facts_of(a_restore(), "accepted", NOW)
    text = '{"restore": "r-1"}'
    found = sample_notice(text, "dba", NOW)
    assert (found.restore, found.sequence, found.channel, found.due, found.state) == ("r-1", 1, "dba", NOW, "owed")
    assert facts.sequence == 0
