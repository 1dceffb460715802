"""What the rows of a notice keep, and how those of release 0.1.0 are sent."""

from dataclasses import replace
from datetime import timedelta

from shared.notices.outbox import UNROUTED, Outbox
from shared.storage import row_keys
from shared.storage.store import Change
from tests.kits.world import DBA_URL, EVENTS_URL, World, running
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
