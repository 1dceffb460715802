"""Rows of idempotency keys: claimed, contested, taken over, in their grace, removed."""

from datetime import timedelta

import pytest

from local.stack.memory import MemoryStore
from shared.domain.problems import Problem, Trouble
from shared.storage import row_keys
from shared.storage.idempotency import MOST_EARLIER, TRIES, KeyRows, Keys, others
from shared.storage.ledger import Ledger
from shared.storage.store import Change, Conflict, Store
from tests.kits.fakes import START, VAULT
from tests.kits.restores import a_restore
from tests.unit.storage.kit import HOUR, Contested, refuses


def idle(store: Store) -> None: ...


# --- keys -------------------------------------------------------------------------------------------------------------
def test_a_key_that_is_neither_free_nor_there_is_a_conflict() -> None:
    with pytest.raises(Conflict):
        KeyRows(Contested(before=[refuses])).claim("http", "k", "one", "h", START)


def test_a_key_that_somebody_else_took_meanwhile_is_theirs() -> None:
    store = Contested()
    keys = KeyRows(store)
    keys.claim("http", "k", "one", "h1", START)
    held = keys.find("http", "k")
    assert held
    store.before = [lambda s: keys.take_over("http", "k", held, "two", "h2", START)]
    found = keys.take_over("http", "k", held, "three", "h3", START)
    assert (found.restore, found.mine, dict(found.earlier)) == ("two", False, {"h1": "one"})
    store.before = [lambda s: s.commit(row_keys.key_partition("http", "k"), [Change("delete", "key")])]
    assert keys.take_over("http", "k", held, "four", "h4", START) == held


def test_a_key_remembers_fifty_earlier_requests_and_the_time_it_was_taken() -> None:
    keys = KeyRows(MemoryStore())
    assert keys.find("http", "k") is None
    mine = keys.claim("http", "k", "r0", "h0", START)
    assert (mine.mine, mine.at, mine.removed) == (True, "2026-10-01T12:00:00.000000Z", False)
    later = keys.claim("http", "k", "r", "h", START)
    assert (later.restore, later.hash, later.mine) == ("r0", "h0", False)
    for n in range(1, MOST_EARLIER + 3):
        held = keys.find("http", "k")
        assert held
        keys.take_over("http", "k", held, f"r{n}", f"h{n}", START + n * HOUR)
    found = keys.find("http", "k")
    assert found
    assert list(found.earlier) == [f"h{n}" for n in range(2, MOST_EARLIER + 2)]
    assert (MOST_EARLIER, found.at, found.removed) == (50, "2026-10-03T16:00:00.000000Z", False)
    unkept = keys.take_over("http", "k", found, "x", "hx", START, kept=False)
    assert list(unkept.earlier) == list(found.earlier)


def test_a_key_that_others_take_each_time_is_trouble() -> None:
    store = Contested()
    keys = Keys(Ledger(store), lambda: START + HOUR, 60)
    keys.rows.claim("http", "k", "gone0000-0", "another", START)
    store.before = [idle, idle, refuses] * TRIES  # the claim, the end of the claimed id, the taking over
    with pytest.raises(Trouble, match="claimed by others each time"):
        keys.claim(a_restore(key="k"), "mine", lambda: "fresh000-1")
    assert store.before == []


def test_a_restore_that_is_saved_while_its_key_is_looked_at_keeps_the_key() -> None:
    store = Contested()
    ledger = Ledger(store)
    one = a_restore(id=row_keys.new_id(VAULT, START, b"0" * 10), vault=VAULT, key="k")
    keys = Keys(ledger, lambda: START + HOUR, 60)
    keys.rows.claim("http", "k", one.id, "another", START)
    store.before = [idle, lambda s: Ledger(s).accept(one)]  # the claim, the end of the claimed id
    with pytest.raises(Problem) as caught:
        keys.claim(a_restore(key="k"), "mine", lambda: "fresh000-1")
    assert (caught.value.status, caught.value.more) == (422, {"restore": one.id})


@pytest.mark.parametrize(("seconds", "wait"), [(0, 60), (59, 1), (60, None), (-1, None)])
def test_a_key_that_was_claimed_a_moment_ago_waits_out_its_grace(seconds: float, wait: float | None) -> None:
    keys = Keys(Ledger(MemoryStore()), lambda: START + timedelta(seconds=seconds), 60)
    keys.rows.claim("http", "k", "gone0000-0", "another", START)
    if wait is None:
        assert keys.known("http", "k", "mine") is None
        return
    with pytest.raises(Trouble, match="came a moment ago") as caught:
        keys.known("http", "k", "mine")
    assert caught.value.retry_after == wait


def test_a_key_whose_restore_was_removed_says_so_to_its_own_request_and_to_others() -> None:
    store = MemoryStore()
    keys = Keys(Ledger(store), lambda: START, 60)
    keys.rows.claim("http", "k", "gone0000-0", "mine", START)
    store.commit(row_keys.key_partition("http", "k"), [Change("update", "key", {"removedAt": "2026"})])
    for said, status, named in (("mine", 410, {"restore": "gone0000-0"}), ("other", 422, {})):
        with pytest.raises(Problem, match="past RETENTION_DAYS") as caught:
            keys.known("http", "k", said)
        assert (caught.value.status, caught.value.where, caught.value.more) == (status, "idempotencyKey", named)


def test_a_caller_who_is_not_known_is_foreign_to_nobody() -> None:
    store = MemoryStore()
    ledger = Ledger(store)
    one = ledger.accept(a_restore(id=row_keys.new_id(VAULT, START, b"0" * 10), vault=VAULT, key="k"))
    assert one
    keys = Keys(ledger, lambda: START, 60)
    keys.rows.claim("http", "k", one.id, "h", START, "ada")
    assert keys.known("http", "k", "h") == one
    assert keys.known("http", "k", "h", "ADA") == one
    assert keys.known("http", "k", "h", "ben") is None


def test_two_callers_are_others_only_where_both_are_known() -> None:
    assert others("ada", "ben")
    assert not others("ada", "ADA")
    assert not others(None, "ben")
    assert not others("ada", None)
    assert not others(None, None)
