"""The cooldown: an instance that was restored a while ago is refused, by the vault's own jobs and none but its own."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from shared.azure.port import VaultFacts
from shared.azure.responses import JobRead
from shared.domain.restore import Attempt, Job, Phase, Restore
from shared.workflow.validation import cooldown
from tests.kits.fake_azure import FakeAzure
from tests.kits.fakes import START, VAULT
from tests.kits.stories import now_is
from tests.kits.world import DESK_MODEL, World, desk_with, running

PG_A = f"{VAULT}/backupInstances/pg-a"
OWN = "8f7c1b5a-0000-4000-8000-000000000001"
AN_HOUR_AGO = Job(id="j-1", status="Completed", started=START - timedelta(hours=1))
RECENT = JobRead(AN_HOUR_AGO, "succeeded", None, PG_A.lower(), "restore", "of-somebody-else", None, "m")


@dataclass
class Listed(FakeAzure):
    """A vault with these jobs."""

    listed: list[JobRead] = field(default_factory=list)

    def jobs(self, vault: str, facts: VaultFacts | None) -> Iterator[JobRead]:
        self._called("jobs", vault)
        yield from self.listed if (vault, facts) == (VAULT, None) else ()


def cooling(hours: float = 24.0) -> World:
    pg_a = DESK_MODEL.instances["pg-a"].model_copy(update={"cooldown_hours": hours})
    return World(desk=desk_with(instances={**DESK_MODEL.instances, "pg-a": pg_a}))


def asked(world: World, **changes: Any) -> Restore:
    attempt = Attempt(number=1, request_id=OWN, at=world.clock.now())
    one = running(world, world.process(), **changes)
    return now_is(world, one).model_copy(update={"attempts": (attempt,)})


def said_of(world: World, jobs: list[JobRead], **changes: Any) -> str | None:
    world.azure = Listed(world.clock, listed=jobs)
    fault = cooldown(world.process().parts, asked(world, **changes))
    return fault.code if fault else None


def test_a_second_restore_within_the_cooldown_is_refused_and_one_after_it_runs() -> None:
    world = cooling()
    first = running(world, world.process(), key="one")
    world.settle(world.process())
    world.clock.advance(20 * 3600)
    second = running(world, world.process(), key="two")
    other = running(world, world.process(), "pg-b", key="other")
    world.settle(world.process())
    refused = now_is(world, second)
    assert (refused.phase, refused.error and refused.error.code) == (Phase.REFUSED, "CoolingDown")
    assert refused.error
    assert refused.error.message.startswith("pg-a was restored at 2026-10-01 13:0")
    assert "its cooldownHours is 24." in refused.error.message
    job = now_is(world, first).job
    assert job
    assert f"(job {job.id})" in refused.error.message
    world.clock.advance(6 * 3600)
    third = running(world, world.process(), key="three")
    world.settle(world.process())
    assert [restore for restore, _ in world.azure.posted] == [first, other, third]
    assert world.faults({first, second, other, third}) == []


@pytest.mark.parametrize(
    ("job", "code"),
    [
        (RECENT, "CoolingDown"),
        (replace(RECENT, ended="running"), "CoolingDown"),
        (replace(RECENT, activity_id=None), "CoolingDown"),
        (replace(RECENT, job=AN_HOUR_AGO.model_copy(update={"started": START - timedelta(hours=24)})), "CoolingDown"),
        (replace(RECENT, job=AN_HOUR_AGO.model_copy(update={"started": START - timedelta(hours=25)})), None),
        (replace(RECENT, job=AN_HOUR_AGO.model_copy(update={"started": None})), None),
        (replace(RECENT, ended="failed"), None),
        (replace(RECENT, category="backup"), None),
        (replace(RECENT, instance=f"{VAULT}/backupInstances/pg-b".lower()), None),
        (replace(RECENT, activity_id=OWN), None),
    ],
)
def test_a_job_counts_by_each_of_its_marks(job: JobRead, code: str | None) -> None:
    assert said_of(cooling(), [job]) == code
    assert said_of(cooling(), [replace(RECENT, category="backup"), job]) == code, "every job is looked at"


def test_no_cooldown_is_asked_of_the_vault_where_none_is_set_or_nothing_is_restored() -> None:
    for world, changes in ((World(), {}), (cooling(), {"dryRun": True}), (cooling(), {"instance": "pg-b"})):
        assert said_of(world, [RECENT], **changes) is None
        assert world.azure.count("jobs") == 0


def test_an_instance_that_desk_toml_no_longer_names_has_no_cooldown() -> None:
    world = cooling()
    world.azure = Listed(world.clock, listed=[RECENT])
    unnamed = asked(world).model_copy(update={"instance_name": None})
    assert cooldown(world.process().parts, unnamed) is None
