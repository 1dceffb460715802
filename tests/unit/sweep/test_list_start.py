"""Where a vault's list of jobs is begun: at a kept link while it serves, whole where it does not; by plain pages."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from shared.azure.port import JobPage, Rejected, VaultFacts
from shared.azure.responses import JobRead
from shared.domain.restore import AzureError, Phase
from shared.storage.shared_state import Board
from shared.storage.store import Row
from shared.sweep.call_budget import READS, Shares
from shared.sweep.job_watch import jobs_with_news
from shared.sweep.list_start import ListStart, read_start
from tests.kits.fake_azure import FakeAzure
from tests.kits.fakes import START, VAULT
from tests.kits.world import World, running
from tests.unit.sweep.test_watching_pace import PACE, read, row

FRESH = ListStart()


@dataclass
class Paged(FakeAzure):
    """Pages of two jobs: so many old ones first. `refuses`: Azure takes no kept link."""

    old: int = 6
    shown: list[JobRead] = field(default_factory=list)
    refuses: bool = False
    pages_read: list[str] = field(default_factory=list)

    def job_pages(self, vault: str, facts: VaultFacts | None, link: str) -> Iterator[JobPage]:
        if link and self.refuses:
            raise Rejected(AzureError(stage="request", code="InvalidToken", message="no"), 400)
        jobs = [
            *(read(f"backup-{n}", category="backup") for n in range(self.old)),
            *(self.shown or self.jobs("", None)),
        ]
        for at in range(int(link or 0), max(len(jobs), 1), 2):
            self.pages_read.append(str(at))
            yield JobPage(str(at) if at else "", tuple(jobs[at : at + 2]), at + 2 >= len(jobs))


def look(
    world: World, azure: Paged, rows: list[Row], start: ListStart, minutes: float = 30
) -> tuple[ListStart, list[str]]:
    """The start after a look, and the restores to be asked for by GET."""
    world.azure, azure.pages_read = azure, []
    watch = Row("live-watch", {"readAt": (START - timedelta(minutes=minutes)).isoformat(), **start.fields()})
    news = jobs_with_news(world.process().parts, VAULT, rows, watch, START, Shares(PACE.budget_window))
    assert news
    return news.start, [one.text("restore") for one in news.ask]


ROWS = [row(name) for name in "abcde"]
JOBS = [read(name) for name in "abcde"]


def test_the_next_list_begins_where_the_oldest_running_job_stood() -> None:
    world = World()
    azure = Paged(world.clock, shown=JOBS)
    start, asked = look(world, azure, ROWS, FRESH)
    assert (start, asked, azure.pages_read) == (ListStart("6", 3), [], ["0", "2", "4", "6", "8", "10"])
    start, asked = look(world, azure, ROWS, start)
    assert (start, asked, azure.pages_read) == (ListStart("6", 3), [], ["6", "8", "10"])
    assert look(world, azure, ROWS[2:], ListStart("6", 1))[0] == ListStart("8", 2)


def test_a_list_is_read_only_where_it_is_shorter_than_the_gets_it_saves() -> None:
    assert [ListStart(pages=3).most(jobs) for jobs in (1, 3, 4, 9)] == [0, 0, 16, 36]
    assert [FRESH.most(jobs) for jobs in (1, 4, 5, 10)] == [0, 0, 20, 40]
    assert ListStart(longer_than=20).most(5) == 0
    assert ListStart(longer_than=20).most(6) == 24


def test_a_list_that_does_not_end_is_given_up_and_each_is_asked_for() -> None:
    world = World()
    azure = Paged(world.clock, old=90, shown=JOBS)
    start, asked = look(world, azure, ROWS, FRESH)
    assert (start, asked, len(azure.pages_read)) == (ListStart(longer_than=20), ["a", "b", "c", "d", "e"], 20)


def test_a_link_that_azure_refuses_is_used_no_more_for_a_day() -> None:
    world = World()
    azure = Paged(world.clock, shown=JOBS, refuses=True)
    start, asked = look(world, azure, ROWS, ListStart("6", 3))
    assert (start.link, start.pages, asked) == ("", 0, ["a", "b", "c", "d", "e"])
    start, asked = look(world, azure, ROWS, start)
    assert (start.link, start.pages, asked) == ("", 6, [])
    later = start.read(("", "2"), 1, START + timedelta(days=2))
    assert (later.link, later.refused_at) == ("2", "")


def test_a_link_that_leads_too_far_is_dropped() -> None:
    world = World()
    azure = Paged(world.clock, old=0, shown=JOBS)
    old = [row(name, startedAt=(START - timedelta(hours=1)).isoformat()) for name in "abcde"]
    assert look(world, azure, old, ListStart("4", 1)) == (FRESH, ["a", "b", "c", "d"])


def test_the_watch_rows_columns_are_read_again() -> None:
    start = ListStart("https://x", 3, 20, "2026-10-01T12:00:00+00:00")
    assert read_start(Row("live-watch", start.fields())) == start
    assert read_start(Row("live-watch", {"readAt": "x"})) == read_start(None) == FRESH


def test_a_budget_that_ends_within_a_list_ends_the_list() -> None:
    world, shares = World(), Shares(PACE.budget_window)
    azure = Paged(world.clock, shown=JOBS)
    world.azure = azure
    assert shares.may_list(VAULT, READS - 2, START.timestamp())
    news = jobs_with_news(world.process().parts, VAULT, ROWS, None, START, shares)
    assert news
    assert azure.pages_read == ["0", "2"]


@pytest.mark.parametrize("refuses", [False, True])
def test_restores_end_whether_azure_takes_the_kept_link_or_not(refuses: bool) -> None:
    world = World()
    world.azure = Paged(world.clock, refuses=refuses)
    Board(world.store).watch(VAULT, START, ListStart("6", 1).fields())
    ids = [running(world, world.process(), name, key=name) for name in ("pg-a", "pg-b")]
    world.settle(world.process())
    assert {restore.phase for restore in world.restores()} == {Phase.SUCCEEDED}
    assert world.faults(set(ids)) == []


def test_a_job_too_young_to_be_listed_is_no_sign_that_a_link_leads_too_far() -> None:
    world = World()
    azure = Paged(world.clock, old=0, shown=JOBS)
    young = [
        row(name, startedAt=(START - timedelta(minutes=minutes)).isoformat()) for name in "abcd" for minutes in (15,)
    ]
    assert look(world, azure, [*young, ROWS[4]], ListStart("4", 1))[0].link == "4"


@pytest.mark.parametrize(
    ("start", "jobs", "most", "cost"),
    [
        (ListStart(), 0, 0, 1),
        (ListStart(), 4, 0, 0.25),
        (ListStart(), 5, 20, 0.2),
        (ListStart(longer_than=20), 5, 0, 0.2),
        (ListStart(longer_than=19), 5, 20, 0.2),
        (ListStart(pages=2), 2, 0, 1),
        (ListStart(pages=2), 3, 12, 2 / 3),
        (ListStart(pages=20), 21, 84, 20 / 21),
        (ListStart(pages=3), 1, 0, 1),
    ],
)
def test_how_many_pages_a_list_is_worth_and_what_a_look_costs(
    start: ListStart, jobs: int, most: int, cost: float
) -> None:
    assert start.most(jobs) == most
    assert start.cost(jobs) == pytest.approx(cost)


@pytest.mark.parametrize(
    ("link", "hours", "kept"),
    [("x" * 16_000, 0, True), ("x" * 16_001, 0, False), ("x", 23, False), ("x", 24, True)],
)
def test_a_link_is_kept_if_a_column_takes_it_and_azure_took_it_lately(link: str, hours: float, kept: bool) -> None:
    start = ListStart(refused_at=START.isoformat()) if hours else ListStart()
    found = start.read(("", "mid", link), 2, START + timedelta(hours=hours))
    refused = START.isoformat() if hours == 23 else ""
    assert found == (ListStart(link, 1, 0, refused) if kept else ListStart("", 3, 0, refused))
