"""Keys of different callers of one source don't collide where a principal is known; a retry finds its first restore."""

import json
import threading
from contextlib import suppress
from typing import Any

import pytest

from shared.api.http import Call, answered
from shared.api.listing import Listing
from shared.domain.problems import Problem, Trouble
from shared.domain.request import canonical_hash
from shared.domain.restore import Phase
from shared.notices.outbox import Outbox
from shared.storage import row_keys
from shared.storage.idempotency import KeyRows
from shared.storage.ledger import Ledger
from shared.storage.store import Change
from shared.sweep.retention import Retention
from shared.workflow.intake import Caller
from tests.kits.breaker import CRASHES, TROUBLES, Break, Breaker, Crash
from tests.kits.fakes import START, VAULT
from tests.kits.world import Process, World, body

ADA, BOB, NOBODY = "ada@contoso.com", "bob@contoso.com", None
SAME, OTHER = body(reason="drill"), body(reason="another")


def take(process: Process, who: str | None, value: dict[str, Any] = SAME) -> str:
    """The id of the restore that this caller's key stands for, or what went wrong."""
    try:
        return process.intake.take(value, Caller("http", "k", who)).restore.id
    except Problem as problem:
        return str(problem.status)


def unscoped(world: World) -> None:
    """As an earlier release left it: its keys name no principal, its restores do."""
    place = row_keys.key_partition("http", "k")
    row = world.store.get(place, "key")
    assert row
    fields = {name: value for name, value in row.fields.items() if name != "principal"}
    world.store.commit(place, [Change("delete", "key"), Change("insert", "other", {})])
    world.store.commit(place, [Change("insert", "key", fields)])


@pytest.mark.parametrize("earlier_release", [False, True])
def test_each_principal_has_the_key_for_itself(earlier_release: bool) -> None:
    world = World()
    process = world.process()
    ada = take(process, ADA)
    if earlier_release:
        unscoped(world)
    bob = take(process, BOB, OTHER)
    assert len({ada, bob, "422"}) == 3
    for _ in range(2):
        assert [take(process, ADA), take(process, "Ada@Contoso.com"), take(process, BOB, OTHER)] == [ada, ada, bob]
    assert (take(process, ADA, OTHER), take(process, BOB)) == ("422", "422")
    assert len(world.restores()) == 2


@pytest.mark.parametrize(("first", "second"), [(ADA, NOBODY), (NOBODY, ADA), (NOBODY, NOBODY)])
def test_who_is_not_known_finds_the_restore_of_the_same_key(first: str | None, second: str | None) -> None:
    world = World()
    process = world.process()
    one = take(process, first)
    assert [take(process, second), take(process, second, OTHER), take(process, first)] == [one, "422", one]
    assert len(world.restores()) == 1


def test_a_caller_that_is_no_longer_known_starts_nothing_a_second_time() -> None:
    world = World()
    process = world.process()
    take(process, ADA)
    take(process, BOB, OTHER)
    assert take(process, NOBODY, OTHER) == "422"
    assert len(world.restores()) == 2


def test_both_are_found_by_the_key_and_the_retention_marks_the_right_one() -> None:
    world = World()
    process = world.process()
    ada, bob = take(process, ADA), take(process, BOB, OTHER)
    world.settle(process)
    listing = Listing(process.parts, process.api.view)
    shown = json.loads(answered(listing.answer, Call(query={"key": "k"})).body)["value"]
    assert {view["id"] for view in shown} == {ada, bob}
    world.clock.advance(40 * 86400)
    assert Retention(Ledger(world.store), Outbox(world.store), 30).remove_old(world.clock.now()) == 2
    assert [take(process, who, said) for who, said in ((ADA, SAME), (BOB, OTHER))] == ["410", "410"]
    assert world.restores() == []


def test_what_a_key_refused_stays_its_principals_when_another_corrects_it() -> None:
    world = World()
    process = world.process()
    wrong = body(recoveryPoint={"atOrBefore": "2001-01-01T00:00:00Z"})
    one = take(process, NOBODY, wrong)
    world.settle(process)
    assert {restore.phase for restore in world.restores()} == {Phase.REFUSED}
    ada = take(process, ADA)
    assert ada != one
    assert [take(process, ADA), take(process, NOBODY), take(process, NOBODY, wrong)] == [ada, ada, one]
    bob = take(process, BOB)
    assert bob not in (ada, one)


@pytest.mark.parametrize("how", [*CRASHES, *TROUBLES])
@pytest.mark.parametrize("before", ["a key of ada's", "a restore of an earlier release", "a claim of nobody's"])
def test_wherever_it_breaks_a_principals_retry_is_one_restore(before: str, how: Break) -> None:
    for number in range(1, 12):
        world = World()
        if before == "a claim of nobody's":
            claimed = f"{row_keys.short(VAULT)}-01m3vnbwg0zzzzzzzzzzzzzzzz"
            KeyRows(world.store).claim("http", "k", claimed, canonical_hash(SAME), START)
        else:
            take(world.process(), ADA)
        if before == "a restore of an earlier release":
            unscoped(world)
        known = {restore.id for restore in world.restores()}
        with suppress(Crash, Trouble):
            take(world.process(Breaker({number: how})), BOB)
        world.clock.advance(world.pace.claim_grace)
        bob = take(world.process(), BOB)
        assert {restore.id for restore in world.restores()} - known == {bob}, number
        assert take(world.process(), BOB) == bob


def test_two_who_fill_one_claim_at_once_get_a_restore_each() -> None:
    """An earlier release ended between the key and its restore; then two ask the same under it."""
    world = World()
    claimed = f"{row_keys.short(VAULT)}-01m3vnbwg0zzzzzzzzzzzzzzzz"
    KeyRows(world.store).claim("http", "k", claimed, canonical_hash(SAME), START)
    reached, go, found = threading.Event(), threading.Event(), list[str]()

    def call(name: str, act: Any, args: Any) -> Any:
        if name == "store.commit" and any(change.key.startswith("restore-") for change in args[1]):
            reached.set()
            assert go.wait(20)
        return act()

    thread = threading.Thread(target=lambda: found.append(take(world.process(call), ADA)))
    thread.start()
    assert reached.wait(20)
    bob = take(world.process(), BOB)
    go.set()
    thread.join(20)
    assert [*found, bob] == [take(world.process(), ADA), take(world.process(), BOB)]
    assert len({*found, bob}) == len(world.restores()) == 2
