"""A vault's job list as one restore sees it: its own by each token, those that may be its own, and those of others."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.azure.port import Gone, VaultFacts
from shared.azure.responses import JobRead
from shared.domain.restore import Attempt, Job, Restore
from shared.storage import row_keys
from shared.storage.store import Change
from shared.workflow.job_list import carries, read_jobs, remember_echo, tokens
from shared.workflow.proof import AZURE_SKEW, Listing
from tests.kits.fake_azure import FakeAzure
from tests.kits.fakes import START, VAULT
from tests.kits.stories import no, now_is
from tests.kits.world import World, running

FIRST, SECOND = "AAAAAAAA-0000-0000-0000-000000000001", "aaaaaaaa-0000-0000-0000-000000000002"
FOREIGN = "ffffffff-0000-0000-0000-00000000000f"
SINCE = START + timedelta(hours=1)
INSTANCE = f"{VAULT}/backupInstances/pg-a".lower()


@dataclass
class Lists(FakeAzure):
    """An Azure whose list and GETs say just what a test says."""

    listed: list[JobRead] = field(default_factory=list)
    whole: dict[str, JobRead | Exception] = field(default_factory=dict)
    regions: list[bool] = field(default_factory=list)

    def jobs(self, vault: str, facts: VaultFacts | None) -> Iterator[JobRead]:
        self.regions.append(facts is not None)
        yield from self.listed

    def job(self, restore: Restore, job_id: str) -> JobRead:
        self._called("job", job_id)
        found = self.whole.get(job_id) or next(read for read in self.listed if read.job.id == job_id)
        if isinstance(found, Exception):
            raise found
        return found


def read(name: str = "j1", started: datetime | None = SINCE, **changes: Any) -> JobRead:
    job = Job(id=name, status="InProgress", started=started, destination=changes.pop("destination", None))
    found = JobRead(job, "running", None, INSTANCE, "restore", None, None, "")
    return replace(found, **changes)


def seen(jobs: list[JobRead], held: dict[str, str] | None = None, echo: str = "", **more: Any) -> Listing:
    """What the restore sees; `held` says whose jobs are known, `echo` is the job that once echoed an id of ours."""
    world, whole = World(), more.pop("whole", {})
    azure = Lists(world.clock, listed=jobs, whole=whole)
    world.azure = azure
    restore = attempted(world, **more)
    place = row_keys.partition(restore.id)
    for job, holder in (held or {}).items():
        fields = {"restore": restore.id if holder == "itself" else holder}
        world.store.commit(place, [Change("put", row_keys.job(job), fields)])
    parts = world.process().parts
    if echo:
        parts.board.remember(VAULT, "echo", {"job": echo}, START)
    listing = read_jobs(parts, restore)
    assert azure.regions == [restore.cross_region]
    assert listing.at == azure.azure_time()
    return listing


def attempted(world: World, **changes: Any) -> Restore:
    """A restore with two attempts that may have reached Azure."""
    one = now_is(world, running(world, world.process()))
    first = Attempt(number=1, request_id=FIRST, at=START, since=SINCE + AZURE_SKEW)
    second = Attempt(number=2, request_id=SECOND, at=START, since=SINCE + timedelta(hours=2))
    return one.model_copy(update={"attempts": (first, second), **changes})


def ids(listing: Listing) -> tuple[list[str], list[str], bool]:
    return [found.job.id for found in listing.own], list(listing.possible), listing.ours


# --- its own ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("request_id", [FIRST, FIRST.lower(), SECOND, SECOND.upper()])
def test_each_attempts_request_id_makes_a_listed_job_its_own(request_id: str) -> None:
    early = SINCE - timedelta(days=3)
    assert ids(seen([read(activity_id=request_id, started=early, category="backup", instance="x")])) == (
        ["j1"],
        [],
        False,
    )


@pytest.mark.parametrize("attempt", [1, 2])
@pytest.mark.parametrize("token", ["prefix", "container"])
def test_what_only_a_get_shows_makes_it_its_own(attempt: int, token: str) -> None:
    world = World()
    restore = attempted(world)
    if token == "prefix":
        shown: dict[str, Any] = {"prefix": restore.file_prefix(attempt)}
    else:
        shown = {"destination": f"https://acc.blob.core.windows.net/RD-{restore.id}-{attempt}/"}
    azure = Lists(world.clock, listed=[read()], whole={"j1": read(**shown)})
    world.azure = azure
    assert ids(read_jobs(world.process().parts, restore)) == (["j1"], [], False)
    assert carries(restore, read(**shown))


def test_a_prefix_or_container_of_another_restore_is_no_token() -> None:
    world = World()
    restore = attempted(world)
    others: list[dict[str, Any]] = [
        {"prefix": restore.file_prefix(3)},
        {"destination": "https://a.blob.core.windows.net/rd-x-1"},
    ]
    for other in others:
        assert not carries(restore, read(**other))
    assert not carries(restore, read())
    assert carries(restore.model_copy(update={"job": Job(id="J1", status="x")}), read())
    assert not carries(restore.model_copy(update={"job": Job(id="J2", status="x")}), read())
    assert tokens(restore) == (
        {FIRST.lower(), SECOND},
        {restore.file_prefix(1), restore.file_prefix(2)},
    )


def test_of_several_the_oldest_comes_first_and_one_without_a_time_last() -> None:
    later, unknown = SINCE + timedelta(hours=5), None
    jobs = [("e", unknown), ("d", unknown), ("a", later), ("c", SINCE), ("b", SINCE)]
    found = seen([read(name, started, activity_id=FIRST) for name, started in jobs])
    assert [one.job.id for one in found.own] == ["b", "c", "a", "d", "e"]


def test_a_job_that_another_restore_holds_is_never_its_own() -> None:
    mine = read(activity_id=FIRST)
    assert ids(seen([mine], held={"j1": "yoeytdsl-other"})) == ([], [], True)
    assert ids(seen([mine], held={"j1": "itself"})) == (["j1"], [], False)
    assert ids(seen([read()], held={"j1": "yoeytdsl-other"})) == ([], [], True)


# --- what may be its own ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("job", "echo", "possible"),
    [
        (read(activity_id=FOREIGN), "", True),  # nobody knows whether this vault echoes
        (read(activity_id=FOREIGN), "elsewhere", True),  # its echo is known of a job that this list does not show
        (read(activity_id=FOREIGN), "taught", False),
        (read(activity_id=None), "taught", True),
        (read(activity_id=""), "taught", True),
        (read(activity_id=FOREIGN, started=None), "", True),
        (read(activity_id=FOREIGN, started=SINCE), "", True),
        (read(activity_id=FOREIGN, started=SINCE - timedelta(microseconds=1)), "", False),
        (read(instance=""), "", True),
        (read(instance="another"), "", False),
        (read(category=""), "", True),
        (read(category="crossregionrestore"), "", True),
        (read(category="backup"), "", False),
    ],
)
def test_a_job_may_be_its_own_unless_something_speaks_against_it(job: JobRead, echo: str, possible: bool) -> None:
    taught = read("taught", SINCE - timedelta(days=1), instance="another")
    assert ids(seen([taught, job], echo=echo)) == ([], ["j1"] if possible else [], False)


@pytest.mark.parametrize("fault", [Gone("404"), no("Forbidden", 403)])
def test_one_that_cannot_be_read_may_be_its_own_whatever_the_list_echoes(fault: Exception) -> None:
    taught = read("taught", SINCE - timedelta(days=1), instance="another")
    job = read(activity_id=FOREIGN)
    assert ids(seen([taught, job], echo="taught", whole={"j1": fault})) == ([], ["j1"], False)


def test_of_the_other_regions_list_the_jobs_of_others_are_known_and_no_candidates() -> None:
    other = read("theirs", instance="another", category="crossregionrestore")
    mine = read(category="crossregionrestore", activity_id=FOREIGN)
    assert ids(seen([other, mine], held={"theirs": "yoeytdsl-x"}, cross_region=True)) == ([], ["j1"], True)
    assert ids(seen([other, mine], cross_region=True)) == ([], ["j1"], False)
    assert ids(seen([other, mine], held={"theirs": "yoeytdsl-x"})) == ([], ["j1"], False)


# --- the echo ---------------------------------------------------------------------------------------------------------
def test_an_echo_is_remembered_once_a_day_by_a_job_that_carries_a_request_id() -> None:
    world = World()
    restore, parts = attempted(world), world.process().parts

    def known() -> str | None:
        found = parts.board.recall(VAULT, "echo")
        return found[1]["job"] if found else None

    remember_echo(parts, restore, read(prefix=restore.file_prefix(1), activity_id=FOREIGN))
    assert known() is None
    remember_echo(parts, restore, read("first", activity_id=FIRST))
    world.clock.advance(24 * 3600 - 1)
    remember_echo(parts, restore, read("second", activity_id=FIRST))
    assert known() == "first"
    world.clock.advance(1)
    remember_echo(parts, restore, read("second", activity_id=SECOND.upper()))
    assert known() == "second"


def test_reading_its_own_job_remembers_the_echo() -> None:
    world = World()
    world.azure = Lists(world.clock, listed=[read("b", activity_id=FIRST), read("a", activity_id=FIRST)])
    parts = world.process().parts
    read_jobs(parts, attempted(world))
    found = parts.board.recall(VAULT, "echo")
    assert found is not None
    assert found[1] == {"job": "b"}


def test_no_clock_stands_in_for_azures() -> None:
    class Timeless(Lists):
        def azure_time(self) -> datetime | None:
            return None

    world = World()
    world.azure = Timeless(world.clock, listed=[read(started=SINCE - timedelta(days=30))])
    parts = world.process().parts
    assert read_jobs(parts, attempted(world)).at is None
    unknown = attempted(world, attempts=(Attempt(number=1, request_id=FIRST, at=START),))
    assert read_jobs(parts, unknown).possible == ("j1",), "nobody knows since when its jobs may have begun"
