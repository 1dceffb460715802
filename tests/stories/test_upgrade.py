"""Restores that are under way in 0.1.0 when this release takes over, a phase each: they end, and are sent once."""

import base64
import json
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from shared.api.http import Call
from shared.domain.restore import Phase
from shared.storage.store import Change
from tests.kits.fake_azure import FakeJob
from tests.kits.stories import now_is
from tests.kits.world import World, body

# by 0.1.0's own code, one ledger a phase, with what Azure then had; its wakes are lost
SAMPLE: dict[str, Any] = json.loads((Path(__file__).parents[1] / "samples" / "phases_0.1.0.json").read_text("utf-8"))


def taken_over(said: dict[str, Any]) -> World:
    world = World()
    world.azure.azure_ahead = 0.0  # 0.1.0 had one clock
    world.clock.advance(said["elapsed"])
    for partition, rows in said["rows"].items():
        for key, columns in rows.items():
            values = {n: base64.b64decode(v["bytes"]) if isinstance(v, dict) else v for n, v in columns.items()}
            world.store.commit(partition, [Change("put", key, values)])
    times = {one.name for one in fields(FakeJob) if one.type in (datetime, "datetime")}
    for job in said["jobs"]:
        read: dict[str, Any] = {
            name: datetime.fromisoformat(part) if name in times else part for name, part in job.items()
        }
        world.azure.jobs_by_id[job["id"]] = FakeJob(**read)
    world.azure.operations |= said["operations"]
    world.azure.posted += [(restore, request) for restore, request in said["posted"]]
    world.posts.told += [(url, event) for url, event in said["told"]]
    return world


@pytest.mark.parametrize("phase", [*SAMPLE])
def test_it_ends_and_was_sent_once(phase: str) -> None:
    world = taken_over(SAMPLE[phase])
    restore = SAMPLE[phase]["restore"]
    assert now_is(world, restore).phase is Phase(phase)
    world.settle(world.process())
    assert now_is(world, restore).phase is Phase.SUCCEEDED
    assert [one for one, _ in world.azure.posted] == [restore]
    assert world.faults({restore}) == []
    seen = json.loads(world.process().api.list_restores(Call(query={"since": "2020-01-01T00:00:00Z"})).body)
    assert [(row["id"], row["phase"]) for row in seen["value"]] == [(restore, "succeeded")]
    answer = world.process().post(body("pg-a"), "k")  # a caller of 0.1.0 that heard nothing asks again
    assert (answer.status, json.loads(answer.body)["id"]) == (200, restore)
    assert len(world.azure.posted) == 1


def test_all_phases_are_there() -> None:
    """`validated` lasts no longer than a step: tests/stories/test_release.py has one."""
    assert [*SAMPLE] == ["accepted", "validating", "submitting", "submitted", "restoring", "succeeded"]
