"""What the tests of the proof share: attempts in doubt, jobs, and Azure's clock."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from shared.azure.responses import JobRead
from shared.domain.events import Event
from shared.domain.pace import Pace
from shared.domain.restore import Attempt, AzureError, Job, Phase, Restore
from shared.workflow.doubt import resolve_doubt
from tests.kits.fakes import START, VAULT
from tests.kits.stories import now_is
from tests.kits.world import World, running

PACE = Pace()
AZURES = START + timedelta(hours=1)  # the fake's clock of Azure is an hour ahead of ours
INSTANCE = f"{VAULT}/backupInstances/pg-a".lower()
SAID = AzureError(stage="submission", code="X", message="no")


def later(seconds: float, at: datetime = AZURES) -> datetime:
    return at + timedelta(seconds=seconds)


def attempt(number: int = 1, ended: str | None = "in doubt", **changes: Any) -> Attempt:
    made = Attempt(number=number, request_id=f"aaaaaaaa-0000-0000-0000-00000000000{number}", at=START, ended=ended)
    return made.model_copy(update={"since": AZURES, **changes})


def doubted(world: World, *attempts: Attempt, **changes: Any) -> Restore:
    one = now_is(world, running(world, world.process()))
    fields = {"phase": Phase.SUBMITTING, "attempts": attempts or (attempt(),), "validated_at": START}
    return one.model_copy(update={**fields, **changes})


def job(name: str = "j", **changes: Any) -> JobRead:
    shown = Job(id=name, status="InProgress", started=AZURES)
    return replace(JobRead(shown, "running", None, INSTANCE, "restore", None, None, ""), **changes)


FIRST = later(100)
DONE = FIRST + timedelta(seconds=PACE.grace_before_second)
CLEAN = DONE + timedelta(seconds=PACE.reconcile_every)


def at(world: World, seconds: float) -> datetime:
    """Our time, where Azure's is `seconds` after FIRST."""
    world.clock.at = FIRST + timedelta(seconds=seconds - world.azure.azure_ahead)
    return world.clock.at


def event_of(world: World, restore: Restore) -> Event | None:
    return resolve_doubt(world.process().parts, restore)


def with_job(world: World, restore: Restore, *ids: str) -> None:
    for name in ids:
        world.azure.job_of_nobody("pg-a")
        found = list(world.azure.jobs_by_id.values())[-1]
        world.azure.jobs_by_id.pop(found.id)
        found.id, found.request_id = name, restore.attempts[0].request_id
        world.azure.jobs_by_id[name] = found
