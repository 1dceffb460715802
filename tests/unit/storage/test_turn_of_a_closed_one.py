"""A closed restore that is saved again (a notice, a verification) takes nothing from those that came after it."""

import pytest

from local.stack.memory import MemoryStore
from shared.domain.restore import Job, Phase
from shared.storage import row_keys
from shared.storage.ledger import Ledger
from shared.storage.store import Change, Conflict
from tests.kits.fakes import START
from tests.unit.storage.kit import on_books


def test_a_closed_one_that_is_saved_again_leaves_the_turn_to_the_next_and_its_line_in_the_history() -> None:
    store = MemoryStore()
    ledger, one, two = Ledger(store), on_books(store), on_books(store)
    held = ledger.save(one, one.model_copy(update={"turn_at": START}))
    closed = ledger.save(held, held.model_copy(update={"phase": Phase.FAILED, "closed_at": START}))
    ledger.save(two, two.model_copy(update={"turn_at": START}))
    ledger.save(closed, closed.model_copy(update={"sequence": 9}))
    assert ledger.turn_holder(one) == two.id
    place = row_keys.partition(one.id)
    assert store.get(place, row_keys.open_row(one.instance, one.id)) is None
    assert store.get(place, row_keys.done(START, one.id)) is not None


def test_a_turn_that_is_held_is_not_taken_again_and_no_turn_is_none_to_give_back() -> None:
    store = MemoryStore()
    ledger, one, two = Ledger(store), on_books(store), on_books(store)
    held = ledger.save(one, one.model_copy(update={"turn_at": START}))
    held = ledger.save(held, held.model_copy(update={"phase": Phase.VALIDATING}))
    ledger.save(two, two.model_copy(update={"phase": Phase.WITHDRAWN, "closed_at": START}))
    assert ledger.turn_holder(two) == one.id == held.id


@pytest.mark.parametrize("phase", [Phase.SUBMITTING, Phase.SUBMITTED, Phase.LOST, Phase.RESTORING])
def test_only_a_job_that_a_person_gives_may_be_anothers(phase: Phase) -> None:
    store = MemoryStore()
    ledger, one = Ledger(store), on_books(store, phase=phase)
    store.commit(row_keys.partition(one.id), [Change("put", row_keys.job("j"), {"restore": "another"})])
    after = one.model_copy(update={"phase": Phase.RESTORING, "job": Job(id="j", status="InProgress")})
    if phase in (Phase.LOST, Phase.RESTORING):
        with pytest.raises(Conflict):
            ledger.save(one, after)
        assert ledger.job_holder(one, "j") == "another"
    else:
        ledger.save(one, after)
        assert ledger.job_holder(one, "j") == one.id


def test_a_restore_whose_open_row_is_missing_closes_all_the_same_and_another_conflict_stays_one() -> None:
    store = MemoryStore()
    ledger, one = Ledger(store), on_books(store)
    place = row_keys.partition(one.id)
    store.commit(place, [Change("delete", row_keys.open_row(one.instance, one.id))])
    closed = one.model_copy(update={"phase": Phase.WITHDRAWN, "closed_at": START})
    with pytest.raises(Conflict):
        ledger.save(one.model_copy(update={"etag": "older"}), closed)
    assert ledger.save(one, closed).closed
    assert store.get(place, row_keys.done(START, one.id)) is not None
