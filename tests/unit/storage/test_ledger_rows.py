"""The ledger's rows: who is first in line, whose job it is, and texts in UTF-8."""

from typing import Any

import pytest

from local.stack.memory import MemoryStore
from shared.domain.restore import Job, Phase
from shared.storage import row_keys
from shared.storage.container_rows import added, passed_names
from shared.storage.ledger import Ledger
from shared.storage.shared_state import Board
from shared.storage.store import Change, Conflict
from tests.kits.fakes import START, VAULT
from tests.kits.restores import a_restore
from tests.unit.storage.kit import HOUR, INSTANCE, VERIFICATION


# --- the open row and its lines ---------------------------------------------------------------------------------------
def test_the_first_in_line_is_neither_a_dry_run_nor_closed() -> None:
    store = MemoryStore()
    ledger = Ledger(store)
    one = a_restore(id=row_keys.new_id(VAULT, START, b"0" * 10), vault=VAULT, instance=INSTANCE)
    assert ledger.first_in_line(one) is None
    others: list[dict[str, Any]] = [{"dry_run": True}, {"phase": Phase.FAILED}, {}, {}]
    for n, changes in enumerate(others):
        ledger.accept(one.model_copy(update={"id": row_keys.new_id(VAULT, START + n * HOUR, b"0" * 10), **changes}))
    assert ledger.first_in_line(one) == row_keys.new_id(VAULT, START + 2 * HOUR, b"0" * 10)


@pytest.mark.parametrize(
    ("phase", "verb"),
    [(Phase.SUBMITTED, "put"), (Phase.LOST, "insert"), (Phase.RESTORING, "insert")],
)
def test_a_job_that_a_person_gives_may_not_be_anothers(phase: Phase, verb: str) -> None:
    store = MemoryStore()
    ledger = Ledger(store)
    made = ledger.accept(a_restore(phase, id=row_keys.new_id(VAULT, START, b"0" * 10), vault=VAULT))
    assert made
    store.commit(row_keys.partition(made.id), [Change("put", row_keys.job("J-1"), {"restore": "another"})])
    after = made.model_copy(update={"job": Job(id="j-1", status="x"), "phase": Phase.RESTORING})
    if verb == "insert":
        with pytest.raises(Conflict):
            ledger.save(made, after)
        return
    ledger.save(made, after)
    assert ledger.job_holder(made, "j-1") == made.id


# --- texts and versions -----------------------------------------------------------------------------------------------
def test_rows_keep_texts_as_utf_8_not_as_escapes() -> None:
    store, text = MemoryStore(), "Übung"
    ledger = Ledger(store)
    made = ledger.accept(a_restore(id=row_keys.new_id(VAULT, START, b"0" * 10), vault=VAULT, reason=text))
    assert made
    row = store.get(row_keys.partition(made.id), row_keys.restore(made.id))
    assert row
    assert text in row.text("json0")
    assert text in str(added(VERIFICATION.model_copy(update={"reason": text}))[0].fields["json0"])
    assert text in str(passed_names(VERIFICATION, (text,)).fields["json0"])
    Board(store).remember(VAULT, "x", {"a": text}, START)
    facts = store.get(row_keys.vault_partition(VAULT), "facts-x")
    assert facts
    assert text in facts.text("json0")
