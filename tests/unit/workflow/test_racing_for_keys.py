"""Two requests that race for one idempotency key, and a ledger that forgets."""

from typing import Any

import pytest

from shared.domain.problems import Trouble
from shared.domain.request import canonical_hash
from shared.domain.restore import Attempt, Phase
from shared.storage import row_keys
from shared.storage.idempotency import Key, KeyRows
from shared.storage.ledger import Ledger
from shared.workflow.intake import Caller, Intake
from tests.kits.fakes import OTHER_VAULT, START, VAULT
from tests.kits.stories import now_is
from tests.kits.world import World, body, running
from tests.unit.workflow.kit import take


def raced(world: World, caller: Caller, **more: Any) -> Key:
    """A key that another request claims in the moment between the look and the claim."""
    other = f"{row_keys.short(VAULT)}-01m3vnbwg00000000000000000"
    value = body(**more)
    return KeyRows(world.store).claim(caller.source, str(caller.key), other, canonical_hash(value), START)


def blind(world: World) -> Intake:
    """An intake that finds no key when it first looks: the other request comes right after."""
    looked: list[Any] = []

    def call(name: str, act: Any, args: Any) -> Any:
        if name == "store.get" and args[1] == "key" and not looked:
            looked.append(args)
            return None
        return act()

    return world.process(call).intake


def test_of_two_requests_that_race_for_a_key_the_second_waits_and_is_then_taken() -> None:
    world, caller = World(), Caller("http", "k")
    key = raced(world, caller, instance="pg-b")
    with pytest.raises(Trouble, match="not saved yet") as caught:
        blind(world).take(body(), caller)
    assert (caught.value.retry_after, world.restores()) == (world.pace.claim_grace, [])
    world.clock.advance(world.pace.claim_grace)
    taken = blind(world).take(body(), caller).restore.id
    assert taken != key.restore
    assert [restore.id for restore in world.restores()] == [taken]


def test_the_same_request_that_races_for_its_key_is_one_restore() -> None:
    world, caller = World(), Caller("http", "k")
    key = raced(world, caller)
    assert blind(world).take(body(), caller).restore.id == key.restore
    again = blind(world).take(body(), caller)
    assert (again.restore.id, again.created, again.notices) == (key.restore, False, ())
    assert len(world.restores()) == 1


def test_a_key_that_was_claimed_in_another_vault_is_taken_over_by_the_same_request() -> None:
    world = World()
    elsewhere = f"{row_keys.short(OTHER_VAULT)}-01m3vnbwg00000000000000000"
    KeyRows(world.store).claim("http", "k", elsewhere, canonical_hash(body()), START)
    with pytest.raises(Trouble, match="not saved yet"):
        take(world, Caller("http", "k"))
    world.clock.advance(world.pace.claim_grace)
    taken = take(world, Caller("http", "k")).restore.id
    assert row_keys.partition(taken) == row_keys.vault_partition(VAULT)
    assert take(world, Caller("http", "k")).restore.id == taken
    assert Ledger(world.store).is_void(elsewhere)


def test_a_refused_restore_with_an_attempt_keeps_its_key() -> None:
    world = World()
    one = running(world, world.process())
    before = now_is(world, one)
    refused = {"phase": Phase.REFUSED, "closed_at": START, "attempts": (Attempt(number=1, request_id="r", at=START),)}
    Ledger(world.store).save(before, before.model_copy(update=refused))
    assert world.process().post(body(reason="corrected"), "k").status == 422
    Ledger(world.store).save(now_is(world, one), now_is(world, one).model_copy(update={"attempts": ()}))
    assert world.process().post(body(reason="corrected"), "k").status == 202


def test_a_ledger_that_forgets_is_no_202() -> None:
    world = World()

    def forgets(name: str, act: Any, args: Any) -> Any:
        if name == "store.get" and str(args[1]).startswith("restore-"):
            return None
        if name == "store.commit" and any(change.key.startswith("restore-") for change in args[1]):
            raise Trouble("the table does not answer")
        return act()

    with pytest.raises(Trouble):
        world.process(forgets).intake.take(body(), Caller("http"))
