"""The notices of a round: each is sent once and in time, and one that nobody can read is left alone."""

import logging
from collections.abc import Callable

import pytest

from shared.domain.restore import Phase
from shared.notices.outbox import Outbox
from shared.storage import row_keys
from shared.storage.ledger import Ledger
from shared.storage.store import Change
from shared.sweep.points_look import PointsLook
from tests.kits.fakes import OTHER_VAULT, VAULT
from tests.kits.stories import now_is, up_to
from tests.kits.world import DBA_URL, DESK_MODEL, EVENTS_URL, World, desk_with, running


def test_a_notice_whose_facts_cannot_be_read_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    one = running(world, world.process())
    place = row_keys.partition(one)
    for row in world.live("owed"):
        world.store.commit(place, [Change("put", row.key, {**row.fields, "packed": b"", "facts": '{"newer": 1}'})])
    with caplog.at_level(logging.ERROR, "desk"):
        world.process().sweep.run()
    assert f"notice left alone event={one}.1 channel=events why=ValidationError" in caplog.text
    (notice,) = [n for n in world.owed(one) if n.event == "accepted"]
    assert (notice.state, notice.attempts, world.posts.tried) == ("owed", 1, [])
    assert notice.due > world.clock.now()


def test_each_channel_hears_once_what_one_round_moved() -> None:
    world = World()
    one = running(world, world.process(), "pg-far", key="k", dryRun=True)
    world.settle(world.process())
    assert now_is(world, one).phase is Phase.CHECKED
    assert world.posts.events(EVENTS_URL) == [f"{one}.1", f"{one}.2"]
    assert world.posts.events(DBA_URL) == []
    assert OTHER_VAULT in now_is(world, one).vault


def test_what_is_still_owed_of_an_instances_earlier_event_stays() -> None:
    world = World()
    look = PointsLook(world.process().parts)
    for days in (0.01, 100, 0.01):
        pg_a = DESK_MODEL.instances["pg-a"].model_copy(update={"stale_after_days": days})
        world.desk = desk_with(instances={"pg-a": pg_a})
        assert look.run() == 1
        world.clock.advance(86401)
    told = [(notice.sequence, notice.event) for notice in world.owed(channel="events")]
    assert told == [(1, "pointStale"), (2, "pointFresh"), (3, "pointStale")]
    assert {n.sequence for n in Outbox(world.store).of_restore(world.owed()[0].restore)} == {1, 2, 3}


def test_closed_restores_leave_what_the_sweep_reads_once_all_is_told() -> None:
    world = World()
    one = running(world, world.process())
    world.settle(world.process())
    assert world.live("open") == world.live("turn") == world.live("owed") == []
    done = list(world.store.scan(row_keys.partition(one), "done-", row_keys.until("done-")))
    assert [row.text("restore") for row in done] == [one]
    assert Ledger(world.store).load(one) is not None


def test_a_closed_restore_whose_notice_is_late_is_not_open_and_its_notice_is_sent_in_time() -> None:
    world = World()
    world.posts.answers[DBA_URL] = [503] * 2
    one = running(world, world.process())
    for _ in range(40):
        world.process().sweep.run()
        if now_is(world, one).closed:
            break
        world.clock.advance(60)
    board = world.process().parts.board
    assert board.live(VAULT).empty
    assert not board.look(VAULT, world.clock.now()).empty
    assert [n.attempts for n in world.owed(one)] == [1]
    for _ in range(4):
        world.clock.advance(150)
        world.process().sweep.run()
    assert world.posts.events(DBA_URL) == [f"{one}.3"]
    assert world.posts.tried.count(DBA_URL) == 3
    assert board.look(VAULT, world.clock.now()).empty


def test_the_facts_of_an_event_are_read_once_in_a_round_for_all_its_channels() -> None:
    world, gets = World(), list[str]()

    def seen(name: str, act: Callable[[], object], args: tuple[object, ...]) -> object:
        gets.extend(str(args[1]) for _ in [0] if name == "store.get" and str(args[1]).startswith("said-"))
        return act()

    one = running(world, world.process())
    up_to(world, one, Phase.RESTORING)
    world.clock.advance(600)
    world.process(seen).sweep.run()
    assert now_is(world, one).closed
    assert [world.posts.events(url)[-1] for url in (EVENTS_URL, DBA_URL)] == [f"{one}.3"] * 2
    assert gets == [row_keys.said(one, 3)]
