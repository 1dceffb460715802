"""Whatever Azure says and however many channels there are, a step can be saved: rows and transactions have limits."""

import json
from dataclasses import replace

import pytest

from local.stack.memory import MemoryStore
from shared.azure.port import Gone
from shared.azure.responses import MOST_WARNINGS, JobRead, read_job
from shared.config.desk_file import parse_desk
from shared.domain.restore import Phase
from shared.notices.outbox import UNROUTED
from shared.storage.store import Change, Field
from shared.sweep.call_budget import LOOKS, STARTS
from tests.kits.stories import now_is, up_to
from tests.kits.world import DESK, World, running

CHANNELS = "".join(
    f'[channels.hook-{n}]\nkind = "webhook"\nurl = "https://hooks.example.net/{n}"\n'
    'secret = { env = "EVENTS_SECRET" }\ndefault = true\n'
    for n in range(150)
)


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"text": "ä" * 32769}, 1),
        ({"text": "😀" * 16385}, 1),
        ({"raw": bytes(65537)}, 1),
        ({f"json{n}": "x" * 16000 for n in range(33)}, 1),
        ({f"c{n}": 1 for n in range(253)}, 1),
        ({f"json{n}": "x" * 16000 for n in range(3)}, 90),
        ({}, 101),
    ],
    ids=["32 Ki units", "an emoji is two", "64 KiB", "1 MiB a row", "252 columns", "4 MiB", "100 changes"],
)
def test_the_table_in_memory_refuses_what_azure_refuses(fields: dict[str, Field], count: int) -> None:
    with pytest.raises(AssertionError):
        MemoryStore().commit("p", [Change("insert", f"k{n:03d}", fields) for n in range(count)])


def test_a_row_that_grows_by_updates_meets_the_same_limit() -> None:
    store = MemoryStore()
    store.commit("p", [Change("insert", "k", {f"json{n}": "x" * 16000 for n in range(30)})])
    with pytest.raises(AssertionError, match="1 MiB"):
        store.commit("p", [Change("update", "k", {f"more{n}": "x" * 16000 for n in range(5)})])


def test_a_scan_of_two_pages_shows_what_changed_between_them() -> None:
    store = MemoryStore(page=2)
    store.commit("p", [Change("insert", key, {"x": 1}) for key in "abcd"])
    seen = []
    for row in store.scan("p", "a", "z"):
        seen.append((row.key, row.fields["x"]))
        if row.key == "b":
            store.commit("p", [Change("put", "a", {"x": 2}), Change("put", "d", {"x": 2}), Change("delete", "c")])
    assert seen == [("a", 1), ("b", 1), ("d", 2)]


def test_long_and_many_warnings_of_a_job_are_cut() -> None:
    warning = {
        "resourceName": "r" * 9000,
        "warning": {"code": "W", "message": "é" * 90_000, "recommendedAction": ["a" * 9000] * 90},
    }
    extended = {"warningDetails": [warning] * 300, "subTasks": [{"taskName": "t" * 9000}] * 300}
    read = read_job({"name": "j", "properties": {"status": "CompletedWithWarnings", "extendedInfo": extended}})
    assert read is not None
    assert len(read.job.warnings) == MOST_WARNINGS + 1
    assert "250 more" in read.job.warnings[-1]
    assert len(json.dumps(read.job.json_value(), ensure_ascii=False)) < 130_000


def _warned(read: JobRead, warnings: tuple[str, ...]) -> JobRead:
    return replace(read, job=read.job.model_copy(update={"warnings": warnings}))


def test_a_step_is_saved_with_many_channels_and_long_warnings_and_every_channel_hears_once() -> None:
    world = World(desk=parse_desk(DESK + CHANNELS))
    one = running(world, world.process())
    up_to(world, one, Phase.RESTORING)
    real = world.azure._read
    warnings = tuple("é" * 2000 for _ in range(MOST_WARNINGS))
    world.azure._read = lambda job, whole: _warned(real(job, whole), warnings)  # type: ignore[method-assign]
    faults = 0
    for _ in range(30):
        faults += world.process().sweep.run().faults
        world.clock.advance(world.next_due())
    assert (now_is(world, one).phase, faults) == (Phase.SUCCEEDED, 0)
    assert world.faults({one}) == []
    closing = [n for n in world.process().parts.outbox.of_restore(one) if n.event == "succeeded"]
    assert len(closing) == 152
    assert UNROUTED not in {n.channel for n in closing}
    for n in range(150):
        told = world.posts.events(f"https://hooks.example.net/{n}")
        assert told.count(closing[0].event_id) == 1, n


def test_restores_under_way_come_before_beginnings_in_a_round() -> None:
    """Some were answered, more would begin, and a round may look at 120: none that was answered waits."""
    world = World()
    asked = [running(world, world.process(), key=f"k{n}", dryRun=True) for n in range(250)]
    process = world.process()
    world.clock.advance(30)
    for _ in range(4):
        process.sweep.run()  # at one moment: no validation is due yet
    first = [one for one in asked if now_is(world, one).phase is Phase.VALIDATING]
    assert len(first) > LOOKS - STARTS
    later = [one for one in asked if one not in first]
    world.queue.clear()
    world.clock.advance(world.pace.budget_window + 1)
    process.sweep.run()
    assert {now_is(world, one).phase for one in first} == {Phase.CHECKED}
    begun = sum(now_is(world, one).phase is Phase.VALIDATING for one in later)
    assert 0 < begun <= LOOKS - len(first)


def test_not_found_counts_only_in_a_row() -> None:
    """One 404 an hour for a job of eleven hours, all other readings good: it is never lost."""
    world = World()
    world.azure.job_seconds = 11 * 3600
    one = running(world, world.process())
    up_to(world, one, Phase.RESTORING)
    struck = 0
    for minute in range(12 * 60):
        if minute % 60 == 30 and not world.azure.script.get("job") and now_is(world, one).phase is Phase.RESTORING:
            world.azure.script["job"] = [Gone("404")]
        left = len(world.azure.script.get("job", []))
        world.process().sweep.run()
        struck += left - len(world.azure.script.get("job", []))
        world.clock.advance(60)
    restore = now_is(world, one)
    assert restore.phase is Phase.SUCCEEDED
    assert "lost" not in {entry.what for entry in restore.timeline}
    assert struck >= 7
