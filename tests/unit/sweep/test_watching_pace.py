"""When a vault's jobs are looked at, which need a call of their own, and that a quiet time is kept; by plain rows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from shared.azure.port import Rejected, VaultFacts
from shared.azure.responses import JobRead
from shared.domain.pace import Pace
from shared.domain.problems import Trouble
from shared.domain.restore import AzureError, Job
from shared.domain.values import iso
from shared.storage.store import Row
from shared.sweep.call_budget import Shares
from shared.sweep.job_watch import News, became_overdue, jobs_with_news, look_now, next_look, watched
from tests.kits.fake_azure import FakeAzure
from tests.kits.fakes import START, VAULT
from tests.kits.world import World

PACE = Pace()
SUBSCRIPTION = VAULT.split("/")[2]


def row(name: str = "a", **changes: Any) -> Row:
    """An open row of a restore whose job has run for ten minutes and is watched."""
    fields = {
        "restore": name,
        "phase": "restoring",
        "due": iso(START - timedelta(minutes=9)),
        "instance": f"{VAULT}/backupInstances/{name}",
        "startedAt": iso(START - timedelta(minutes=10)),
        "job": f"job-{name}",
        "mark": "m1",
        **changes,
    }
    return Row(f"live-open-{name}", fields)


def read(name: str = "a", **changes: Any) -> JobRead:
    values = {
        "job": Job(id=f"job-{name}", status="InProgress"),
        "ended": "running",
        "error": None,
        "instance": f"{VAULT}/backupInstances/{name}".lower(),
        "category": "restore",
        "activity_id": f"request-{name}",
        "prefix": None,
        "mark": "m1",
        **changes,
    }
    return JobRead(*values.values())


@dataclass
class Listed(FakeAzure):
    """A vault with these jobs, one list for each of its regions."""

    listed: list[JobRead] = field(default_factory=list)
    far: list[JobRead] = field(default_factory=list)

    def jobs(self, vault: str, facts: VaultFacts | None) -> Iterator[JobRead]:
        self._called("jobs", f"{facts.secondary if facts else ''}")
        yield from self.far if facts else self.listed


def looked(
    world: World, rows: list[Row], *jobs: JobRead, read_at: float | None = None, far: Any = (), pages: int = 1
) -> News | None:
    """`pages`: how long the vault's list was when it was last read."""
    world.azure = Listed(world.clock, listed=list(jobs), far=list(far), script=world.azure.script)
    known = {"readAt": iso(START + timedelta(seconds=read_at))} if read_at is not None else {}
    watch = Row("live-watch", {**known, "pages": pages})
    return jobs_with_news(world.process().parts, VAULT, rows, watch, START, Shares(PACE.budget_window))


def names(news: News | None) -> tuple[list[str], list[str]]:
    assert news is not None
    return [one.text("restore") for one in news.ask], [one.text("restore") for one, _ in news.told]


# --- when -------------------------------------------------------------------------------------------------------------
def test_a_job_is_first_looked_at_when_due_and_then_by_how_long_it_has_run() -> None:
    due = START - timedelta(minutes=9)
    assert next_look(row(), None, PACE) == due
    assert next_look(row(), due - timedelta(seconds=1), PACE) == due
    assert next_look(row(), due, PACE) == due + timedelta(seconds=30)
    assert next_look(row(), START, PACE) == START + timedelta(seconds=120)
    assert next_look(row(), START, PACE, cost=0.1) == START + timedelta(seconds=30)
    assert next_look(row(startedAt=iso(START - timedelta(hours=1))), START, PACE) == START + timedelta(seconds=180)
    assert next_look(row(startedAt=""), START, PACE) == START + timedelta(seconds=120)
    assert next_look(row(overdue=True), START, PACE) == START + timedelta(seconds=900)


def test_any_that_is_due_soon_is_reason_to_look() -> None:
    for seconds, look in ((25, True), (24, False)):
        assert look_now([row()], START - timedelta(seconds=seconds), START, PACE, cost=0.01) is look
    late = row(due=iso(START + timedelta(hours=1)))
    assert look_now([late, row()], None, START, PACE) is True
    assert look_now([late], None, START, PACE) is False
    assert look_now([], None, START, PACE) is False


def test_a_job_is_watched_from_its_first_look_on() -> None:
    rows = [
        row("now", due=iso(START)),
        row("later", due=iso(START + timedelta(seconds=1))),
        row("x", phase="submitted"),
    ]
    assert [one.text("restore") for one in watched(rows, START)] == ["now"]


@pytest.mark.parametrize(("seconds", "late"), [(0, False), (1, True)])
def test_overdue_is_after_twelve_hours_and_once(seconds: float, late: bool) -> None:
    began = iso(START - timedelta(hours=12, seconds=seconds))
    assert became_overdue(row(startedAt=began), START, PACE) is late
    assert became_overdue(row(startedAt=began, overdue=True), START, PACE) is False
    assert became_overdue(row(startedAt=""), START, PACE) is False


# --- which ------------------------------------------------------------------------------------------------------------
def test_one_alone_is_asked_by_itself_and_two_by_one_list() -> None:
    world = World()
    assert names(looked(world, [row("a")])) == (["a"], [])
    assert world.azure.count("jobs") == 0
    assert names(looked(world, [row("a"), row("b")], read("a"), read("b"))) == ([], [])
    assert world.azure.count("jobs") == 1


def test_of_a_list_what_failed_is_late_or_missing_is_asked_for_and_an_end_or_a_first_sight_is_told() -> None:
    began = iso(START - timedelta(hours=13))
    rows = [row("same"), row("changed"), row("ended"), row("late", startedAt=began), row("gone"), row("first", mark="")]
    rows += [row("failed"), row("warned")]
    jobs = [read("same"), read("changed", mark="m2"), read("ended", ended="succeeded"), read("late"), read("first")]
    warned = Job(id="job-warned", status="CompletedWithWarnings", warnings=("the roles are missing",))
    jobs += [read("failed", ended="failed"), read("warned", ended="succeeded", job=warned)]
    news = looked(World(), rows, *jobs)
    assert names(news) == (["late", "failed", "warned", "gone"], ["first"])
    assert news
    assert [one.text("restore") for one, _ in news.ended] == ["ended"]


def test_a_submission_hears_of_its_job_by_its_instances_newest() -> None:
    posted = [row(name, phase="submitted", job="", mark="", due=iso(START)) for name in ("a", "b")]
    old, new = read("a", job=Job(id="old", status="InProgress")), read("a", job=Job(id="new", status="InProgress"))
    news = looked(World(), posted, old, new, read("b", category="backup"))
    assert news
    assert [(one.text("restore"), job.job.id) for one, job in news.told] == [("a", "new")]
    for changes in ({"activity_id": None}, {"ended": "succeeded"}, {"instance": "other"}):
        assert names(looked(World(), posted, read("a", **changes))) == ([], [])


@pytest.mark.parametrize("changes", [{"held": True}, {"crossRegion": True}, {"due": iso(START + timedelta(seconds=1))}])
def test_a_submission_that_is_not_due_or_looked_at_elsewhere_needs_no_list(changes: dict[str, Any]) -> None:
    usual = {"phase": "submitted", "due": iso(START)}
    world = World()
    assert looked(world, [row("a", **usual), row("b", **usual | changes)]) is None
    assert world.azure.count("jobs") == 0


def test_the_two_regions_have_a_list_each() -> None:
    world = World()
    near, far = [row("a"), row("b")], [row("c", crossRegion=True), row("d", crossRegion=True)]
    news = looked(world, near + far, read("a"), read("b", ended="failed"), far=[read("c", ended="failed"), read("d")])
    assert names(news) == (["b", "c"], [])
    assert [about for name, about in world.azure.calls if name == "jobs"] == ["", "northeurope"]
    assert names(looked(World(), [*near, far[0]], read("a"), read("b"))) == (["c"], [])


# --- not now ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("seconds", "kept"), [(1, True), (0, False)])
def test_a_quiet_time_is_kept(seconds: float, kept: bool) -> None:
    world = World()
    world.process().parts.board.set_quiet(SUBSCRIPTION, START + timedelta(seconds=seconds))
    assert (looked(world, [row("a")]) is None) is kept


def test_nothing_is_looked_at_before_its_time() -> None:
    assert looked(World(), [row("a"), row("b")], read_at=-10) is None
    found = looked(World(), [row("a"), row("b")], read("a"), read("b"), read_at=-115)
    assert names(found) == ([], [])
    assert looked(World(), []) is None


@pytest.mark.parametrize(("after", "seconds"), [(70.0, 70), (None, 20)])
def test_a_429_makes_the_subscription_quiet_and_is_trouble_of_the_vault(after: float | None, seconds: float) -> None:
    world = World()
    world.azure.script["jobs"] = [Trouble("429", after, 429, True)]
    with pytest.raises(Trouble):
        looked(world, [row("a"), row("b")])
    assert world.process().parts.board.quiet_until(SUBSCRIPTION) == START + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "no", [Trouble("503", 70.0, 503), Rejected(AzureError(stage="request", code="X", message="no"), 403)]
)
def test_a_list_that_fails_leaves_each_to_be_asked_by_itself(no: Exception) -> None:
    world = World()
    world.azure.script["jobs"] = [no]
    assert names(looked(world, [row("a"), row("b")])) == (["a", "b"], [])
    assert world.process().parts.board.quiet_until(SUBSCRIPTION) is None
