"""A vault without unfinished work is not read in every round; whatever is begun in it wakes it first."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.problems import Trouble
from shared.domain.restore import Phase
from shared.storage import row_keys, vault_directory
from shared.storage.store import Change, Conflict, Row
from shared.storage.vault_directory import SETTLED, Entry
from shared.sweep.which_vaults import choose
from tests.kits.fakes import START, VAULT
from tests.kits.stories import now_is
from tests.kits.world import DBA_URL, EVENTS_URL, World, running

MINUTES = SETTLED.total_seconds() / 60 + 1


def entry(world: World) -> Entry:
    return next(one for one in vault_directory.entries(world.store) if one.vault == VAULT)


def idle_world() -> tuple[World, str]:
    """A world whose one restore ended and whose vault was found empty for a while."""
    world = World()
    one = running(world, world.process())
    world.settle(world.process())
    for _ in range(2):
        world.clock.advance(MINUTES * 60)
        world.process().sweep.run()
    world.process().sweep.run()
    return world, one


def test_a_vault_is_idle_once_it_was_empty_for_a_while_and_busy_with_the_next_request() -> None:
    world, _ = idle_world()
    assert entry(world).idle
    running(world, world.process(), key="second")
    assert (entry(world).idle, entry(world).empty_since) == (False, None)


def test_an_idle_vault_is_read_in_full_rounds_only() -> None:
    world, _ = idle_world()
    seen: Counter[str] = Counter()

    def counted(name: str, act: object, args: tuple[object, ...]) -> object:
        seen[f"{name} {args[0]}"] += 1
        return act()  # type: ignore[operator]

    process, place = world.process(counted), row_keys.vault_partition(VAULT)
    for _ in range(40):
        world.clock.advance(30)
        process.sweep.run()
    assert seen[f"store.scan {place}"] == 2  # in 20 minutes
    assert sum(seen.values()) == 40 * 3 + 2  # the desk's rows, the directory, the pulse


def test_work_that_was_written_while_its_vault_was_noted_idle_is_found_by_the_full_round() -> None:
    """The flag is wrong, by whatever accident: no restore is forgotten for it."""
    world, _ = idle_world()
    two = running(world, world.process(), key="second")
    world.queue.clear()
    world.store.commit(row_keys.DIRECTORY, [Change("update", entry(world).key, {"idle": True})])
    for _ in range(30):
        world.clock.advance(60)
        world.process().sweep.run()
    assert now_is(world, two).phase is Phase.SUCCEEDED


def test_a_vault_that_is_entered_while_it_is_looked_at_stays_busy() -> None:
    world, _ = idle_world()
    vault_directory.enter(world.store, VAULT)
    read = entry(world)
    vault_directory.enter(world.store, VAULT)
    for since in (None, START):
        stale = Entry(read.vault, False, since, read.key, read.etag)
        with pytest.raises(Conflict):
            vault_directory.note(world.store, stale, START + timedelta(days=1), empty=True)
    vault_directory.note(world.store, entry(world), START, empty=True)
    assert not entry(world).idle
    vault_directory.note(world.store, entry(world), START + SETTLED / 2, empty=True)
    assert not entry(world).idle


def test_a_notice_sent_again_wakes_an_idle_vault() -> None:
    world, one = idle_world()
    told = len(world.posts.events(EVENTS_URL))
    notice = next(n for n in world.process().parts.outbox.of_restore(one) if n.channel == "events")
    world.process().parts.outbox.resend(notice, world.clock.now())
    assert not entry(world).idle
    world.process().sweep.run()
    assert len(world.posts.events(EVENTS_URL)) == told + 1


def test_a_save_of_a_closed_restore_wakes_an_idle_vault() -> None:
    world, one = idle_world()
    ledger, restore = world.process().parts.ledger, now_is(world, one)
    ledger.save(restore, restore.model_copy(update={"sequence": restore.sequence + 1}))
    assert not entry(world).idle
    world.process().sweep.run()
    assert world.live("open") == []


def test_a_vault_that_still_has_a_notice_to_send_never_becomes_idle() -> None:
    world = World()
    world.posts.answers[DBA_URL] = [Trouble("down")] * 99
    one = running(world, world.process())
    for _ in range(30):
        world.deliver(world.process())
        world.clock.advance(120)
        world.process().sweep.run()
    assert now_is(world, one).phase is Phase.SUCCEEDED
    assert not entry(world).idle
    assert json.dumps(entry(world).empty_since, default=str) == "null"


def listed(vault: str, idle: bool = False) -> Entry:
    return Entry(vault, idle, None, vault, "")


@pytest.mark.parametrize(
    ("pulse", "vaults", "full"),
    [
        (None, ["a", "b", "c"], True),
        ({}, ["a", "b", "c"], True),
        ({"fullAt": START - timedelta(seconds=599)}, ["a", "c"], False),
        ({"fullAt": START - timedelta(seconds=600)}, ["a", "b", "c"], True),
        ({"fullAt": START}, ["a", "c"], False),
        ({"fullAt": START + timedelta(seconds=1)}, ["a", "b", "c"], True),
        ({"fullAt": START, "stoppedAt": "c"}, ["c", "a"], False),
        ({"fullAt": START, "stoppedAt": "b"}, ["c", "a"], False),
    ],
)
def test_which_vaults_a_round_looks_at(pulse: Any, vaults: list[str], full: bool) -> None:
    world = World()
    fields = {name: value if isinstance(value, str) else value.isoformat() for name, value in (pulse or {}).items()}
    entries = [listed("c"), listed("b", idle=True), listed("a")]
    chosen = choose(entries, Row("pulse", fields) if pulse is not None else None, START, world.pace)
    assert chosen.vaults == vaults
    assert chosen.full_at == (START if full else pulse["fullAt"])


def test_a_vault_that_was_entered_while_it_was_looked_at_is_no_fault() -> None:
    world = World()
    running(world, world.process(), dryRun=True)
    world.settle(world.process())
    tried = []

    def entered(name: str, act: Any, args: Any) -> Any:
        if name == "store.commit" and any("emptySince" in change.fields for change in args[1]):
            tried.append(1)
            raise Conflict("it was entered since")
        return act()

    assert world.process(entered).sweep.run().faults == 0
    assert tried
