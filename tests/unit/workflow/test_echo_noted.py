"""When it is noted that a vault's jobs carry our request ids: at a job's first reading, and its last."""

from typing import Any

import pytest

from shared.domain.restore import Attempt, Phase
from shared.workflow.tracking import heard, poll_job
from tests.kits.fakes import START, VAULT
from tests.kits.stories import now_is
from tests.kits.world import World, running
from tests.unit.workflow.test_tracking import REQUEST_ID, RESTORING, Answers, read


@pytest.mark.parametrize(
    ("changes", "ended", "remembered"),
    [
        ({"phase": Phase.SUBMITTED}, "running", True),
        ({**RESTORING, "job_mark": ""}, "running", True),
        ({**RESTORING, "job_mark": "m0"}, "running", False),
        ({**RESTORING, "job_mark": "m0"}, "succeeded", False),
        ({**RESTORING, "job_mark": ""}, "failed", False),
    ],
)
def test_that_a_vault_echoes_our_ids_is_noted_when_a_list_shows_the_job_first(
    changes: dict[str, Any], ended: str, remembered: bool
) -> None:
    world = World()
    parts = world.process().parts
    one = now_is(world, running(world, world.process()))
    restore = one.model_copy(update={"attempts": (Attempt(number=1, request_id=REQUEST_ID, at=START),), **changes})
    heard(parts, restore, read(ended))
    assert (parts.board.recall(VAULT, "echo") is not None) is remembered


@pytest.mark.parametrize(
    ("mark", "ended", "remembered"),
    [("", "running", True), ("m0", "running", False), ("m0", "succeeded", True), ("m0", "failed", True)],
)
def test_that_a_vault_echoes_our_ids_is_noted_at_a_jobs_first_and_last_reading(
    mark: str, ended: str, remembered: bool
) -> None:
    world = World()
    world.azure = Answers(world.clock, answer=read(ended))
    parts = world.process().parts
    one = now_is(world, running(world, world.process()))
    attempts = (Attempt(number=1, request_id=REQUEST_ID, at=START),)
    poll_job(parts, one.model_copy(update={"attempts": attempts, **RESTORING, "job_mark": mark}))
    assert (parts.board.recall(VAULT, "echo") is not None) is remembered
