"""Exact times of looks at jobs, and exactly the pages of a list that are read, paid for and kept."""

from datetime import timedelta

import pytest

from shared.domain.restore import Phase
from shared.domain.values import iso
from shared.storage.shared_state import Board
from shared.storage.store import Row
from shared.sweep.call_budget import READS, Shares
from shared.sweep.job_watch import News as Found
from shared.sweep.job_watch import jobs_with_news, scheduled, watched_on
from shared.sweep.list_start import ListStart
from tests.kits.fakes import START, VAULT
from tests.kits.stories import now_is, up_to
from tests.kits.world import World, running
from tests.unit.sweep.test_list_start import FRESH, JOBS, ROWS, Paged, look
from tests.unit.sweep.test_watching_pace import PACE, read, row

DUE = START - timedelta(minutes=9)  # of `row()`, a minute after it was submitted


@pytest.mark.parametrize(
    ("read_at", "now", "due"),
    [
        (None, -6, False),
        (None, -5, True),
        (-6, -5, True),
        (-5, -5, False),
        (0, 24, False),
        (0, 25, True),
        (24, 25, True),
        (25, 69, False),
        (25, 70, True),
    ],
)
def test_a_job_with_times_of_its_own_is_looked_at_once_at_each_of_them(
    read_at: float | None, now: float, due: bool
) -> None:
    """Seconds from its first look; the next ones are 30 and 75 s later, and a sweep may be 5 s early."""
    last = None if read_at is None else DUE + timedelta(seconds=read_at)
    found = scheduled([row("later", due=(START + timedelta(days=1)).isoformat()), row("a")], last,
                      DUE + timedelta(seconds=now), PACE)  # fmt: skip
    assert [one.text("restore") for one in found] == (["a"] if due else [])


@pytest.mark.parametrize(
    ("start", "old", "pages"),
    [(FRESH, 0, 3), (FRESH, 6, 6), (ListStart("6", 3), 6, 3), (ListStart("6", 1), 6, 3), (ListStart("10", 4), 6, 4)],
)
def test_each_page_that_is_read_is_paid_for_and_those_that_were_foreseen(
    start: ListStart, old: int, pages: int
) -> None:
    world, shares = World(), Shares(PACE.budget_window)
    azure = Paged(world.clock, old=old, shown=JOBS)
    world.azure = azure
    watch = Row("live-watch", {"readAt": (START - timedelta(minutes=30)).isoformat(), **start.fields()})
    assert jobs_with_news(world.process().parts, VAULT, ROWS, watch, START, shares)
    assert sum(shares.may_read(VAULT, START.timestamp()) for _ in range(READS)) == READS - pages
    assert len(azure.pages_read) <= pages


def test_no_more_pages_are_read_than_the_gets_are_worth_and_the_last_one_counts() -> None:
    world = World()
    for old, pages, start in ((35, 20, FRESH), (36, 20, ListStart(longer_than=20))):
        azure = Paged(world.clock, old=old, shown=JOBS)
        found, asked = look(world, azure, ROWS, FRESH)
        assert (len(azure.pages_read), found.longer_than, len(asked)) == (
            pages,
            start.longer_than,
            0 if old == 35 else 1,
        )


def test_a_link_stays_while_it_shows_half_of_the_jobs_that_are_old_enough() -> None:
    world = World()
    azure = Paged(world.clock, old=0, shown=JOBS[:4])
    old = [row(name, startedAt=(START - timedelta(hours=1)).isoformat()) for name in "abcd"]
    assert look(world, azure, old, ListStart("2", 1))[0] == ListStart("2", 1)
    assert look(world, azure, [*old[:2], row("x"), row("y")], ListStart("2", 1))[0] == ListStart("2", 1)
    assert look(world, azure, [old[0], row("c", startedAt=""), row("d")], ListStart("2", 1))[0].link == "2"


def test_a_list_that_shows_none_of_the_jobs_is_begun_at_its_last_page_the_next_time() -> None:
    world = World()
    azure = Paged(world.clock, old=6, shown=[read("somebody-elses")])
    young = [row(name, startedAt=START.isoformat()) for name in "abcde"]
    assert look(world, azure, young, FRESH) == (ListStart("6", 1), ["a", "b", "c", "d", "e"])


@pytest.mark.parametrize(
    ("opens", "ended", "start", "kept"),
    [
        ([row("a")], set(), FRESH, True),
        ([row("a")], {"a"}, FRESH, False),
        ([row("a"), row("b")], {"a"}, FRESH, True),
        ([row("a", phase="submitted")], set(), FRESH, False),
        ([], set(), ListStart(pages=1), True),
    ],
)
def test_a_look_is_noted_while_a_later_one_needs_it(
    opens: list[Row], ended: set[str], start: ListStart, kept: bool
) -> None:
    assert watched_on(opens, None, Found(start), ended) is kept
    assert watched_on(opens, Row("live-watch", start.fields()), Found(start), ended) is (kept and bool(opens))


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("phase", [Phase.ACCEPTED, Phase.VALIDATING])
def test_what_a_queue_message_is_on_its_way_for_is_left_to_it_for_a_moment(phase: Phase, held: bool) -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, phase)
    found = now_is(world, one)
    world.process().parts.ledger.save(found, found.model_copy(update={"held": held}))
    early = 5 if held or phase is Phase.ACCEPTED else 0
    world.clock.at = found.due + timedelta(seconds=early - 0.1)
    world.process().sweep.run()
    assert now_is(world, one).phase is phase
    world.clock.advance(0.1)
    world.process().sweep.run()
    assert now_is(world, one).phase is not phase


def test_with_no_time_left_a_vault_is_not_even_read() -> None:
    world = World()
    running(world, world.process())
    scans: list[object] = []

    def seen(name: str, act: object, args: tuple[object, ...]) -> object:
        scans.extend(args[:1] if name == "store.scan" else [])
        return act()  # type: ignore[operator]

    world.pace = type(world.pace)(sweep_budget=-1)
    world.process(seen).sweep.run()
    assert scans
    assert not [place for place in scans if str(place).startswith("v-")]
    assert Board(world.store).pulse("sweep") == START


def test_a_first_look_that_the_budget_does_not_have_is_noted_as_no_look() -> None:
    world = World()
    world.azure.job_seconds = 5000
    one = running(world, world.process())
    up_to(world, one, Phase.RESTORING)
    world.clock.advance(200)
    process = world.process()
    while process.sweep._shares.may_read(VAULT, world.clock.now().timestamp()):
        pass
    assert process.sweep.run().faults == 0
    assert Board(world.store).live(VAULT).watch is None
    world.clock.advance(61)
    this = process.sweep.run()
    watch = Board(world.store).live(VAULT).watch
    assert watch
    assert (this.moved, watch.text("readAt")) == (1, iso(world.clock.now()))
