"""A process ends between a key and its restore: the key binds nobody, and whoever is late saves nothing."""

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from shared.domain.request import canonical_hash
from shared.storage import row_keys
from shared.storage.idempotency import KeyRows
from shared.storage.ledger import Ledger
from shared.storage.store import Change
from tests.kits.breaker import CRASHES, TROUBLES, Break, Breaker, Crash
from tests.kits.fakes import START, VAULT
from tests.kits.world import World, body

FIRST, OTHER = body(reason="first"), body(reason="other")


def calls() -> int:
    breaker = Breaker()
    World().process(breaker).post(FIRST, "k")
    return breaker.count


@pytest.mark.parametrize("how", [*CRASHES, *TROUBLES])
@pytest.mark.parametrize("second", [FIRST, OTHER], ids=["same", "other"])
def test_wherever_a_post_breaks_its_key_is_the_restores_on_the_books_or_free(
    how: Break, second: dict[str, Any]
) -> None:
    for number in range(1, calls() + 1):
        world = World()
        with suppress(Crash):
            world.process(Breaker({number: how})).post(FIRST, "k")
        kept = [restore.id for restore in world.restores()]
        world.clock.advance(world.pace.claim_grace)
        answer = world.process().post(second, "k")
        said = json.loads(answer.body)
        ids = [restore.id for restore in world.restores()]
        if kept and second is OTHER:
            assert (answer.status, said["restore"], ids) == (422, kept[0], kept), number
        else:
            assert (answer.status, said.get("id"), len(ids)) == (200 if kept else 202, ids[0], 1), number
        assert world.process().post(second, "k").status == (422 if kept and second is OTHER else 200)


def frozen(world: World, at: Callable[[str, Any], bool]) -> tuple[threading.Thread, threading.Event, list[Any]]:
    """A POST of FIRST whose process stands still before the call that `at` names, until the event is set."""
    reached, go, answers = threading.Event(), threading.Event(), list[Any]()

    def call(name: str, act: Any, args: Any) -> Any:
        if at(name, args) and not reached.is_set():
            reached.set()
            assert go.wait(20)
        return act()

    thread = threading.Thread(target=lambda: answers.append(world.process(call).post(FIRST, "k")))
    thread.start()
    assert reached.wait(20)
    return thread, go, answers


def saves(name: str, args: Any) -> bool:
    return name == "store.commit" and any(change.key.startswith("restore-") for change in args[1])


@pytest.mark.parametrize(("late", "status"), [(FIRST, 200), (OTHER, 422)], ids=["same", "other"])
def test_a_process_that_is_late_saves_nothing_under_the_id_that_it_lost(late: dict[str, Any], status: int) -> None:
    world = World()
    thread, go, answers = frozen(world, saves)
    assert world.process().post(OTHER, "k").status == 503
    world.clock.advance(world.pace.claim_grace)
    second = world.process().post(late, "k")
    assert second.status == 202
    taken = json.loads(second.body)["id"]
    go.set()
    thread.join(20)
    first = json.loads(answers[0].body)
    assert (answers[0].status, first.get("id", first.get("restore"))) == (status, taken)
    assert [restore.id for restore in world.restores()] == [taken]


def test_a_key_whose_id_was_voided_by_a_process_that_then_ended_is_free_at_once() -> None:
    for request in (FIRST, OTHER):
        world, claimed = World(), f"{row_keys.short(VAULT)}-01m3vnbwg00000000000000000"
        ledger = Ledger(world.store)
        KeyRows(world.store).claim("http", "k", claimed, canonical_hash(FIRST), START)
        assert ledger.void(claimed, START)
        assert ledger.void(claimed, START), "a second time is no conflict"
        answer = world.process().post(request, "k")
        assert (answer.status, json.loads(answer.body)["id"] == claimed) == (202, False)
        assert world.process().post(request, "k").status == 200
        other = OTHER if request is FIRST else FIRST
        refused = world.process().post(other, "k")
        assert (refused.status, json.loads(refused.body)["restore"]) == (422, json.loads(answer.body)["id"])


def test_a_restore_on_the_books_is_never_voided() -> None:
    world = World()
    one = json.loads(world.process().post(FIRST, "k").body)["id"]
    assert not Ledger(world.store).void(one, START)
    assert not Ledger(world.store).is_void(one)


def test_a_claim_from_a_clock_that_is_ahead_is_not_waited_for() -> None:
    world, claimed = World(), f"{row_keys.short(VAULT)}-01m3vnbwg00000000000000000"
    ahead = START.replace(year=START.year + 1)
    KeyRows(world.store).claim("http", "k", claimed, canonical_hash(FIRST), ahead)
    assert world.process().post(OTHER, "k").status == 202


def test_a_key_whose_restore_was_removed_names_no_restore() -> None:
    world = World()
    world.process().post(FIRST, "k")
    place = row_keys.key_partition("http", "k")
    row = world.store.get(place, "key")
    assert row is not None
    world.store.commit(place, [Change("update", "key", {"removedAt": "2026-10-01T12:00:00.000000Z"}, row.etag)])
    answer = world.process().post(OTHER, "k")
    assert (answer.status, json.loads(answer.body).get("restore")) == (422, None)
    assert world.process().post(FIRST, "k").status == 410
