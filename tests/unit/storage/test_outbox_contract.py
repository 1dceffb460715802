"""One contract for notices and the shared state, in memory and in Azurite."""

from dataclasses import replace
from datetime import timedelta

import pytest

from local.stack.memory import MemoryStore
from shared.domain.restore import AzureError, Phase
from shared.notices import outbox
from shared.notices.facts import facts_of
from shared.notices.outbox import Notice, Outbox, read_notice
from shared.storage import row_keys
from shared.storage.ledger import Ledger
from shared.storage.shared_state import LATER, Board, Pause
from shared.storage.store import Conflict, Store
from tests.kits.fakes import START, VAULT
from tests.kits.table_kit import store as store
from tests.unit.storage.kit import on_books


# --- outbox and board ------------------------------------------------------------------------------------------------
def lines(store: Store, seconds: float = 60) -> list[Notice]:
    return [read_notice(row) for row in Board(store).owed(VAULT, START + timedelta(seconds=seconds)).lines]


def test_notices_are_owed_with_the_step_and_leave_one_by_one(store: Store) -> None:
    one = on_books(store)
    after = one.model_copy(update={"phase": Phase.FAILED, "sequence": 1, "closed_at": START})
    after = after.model_copy(update={"error": AzureError(stage="job", code="X", message="words")})
    Ledger(store).save(one, after, outbox.owed(facts_of(after, "failed", START), ["a", "b"]))
    box = Outbox(store)
    assert [n.state for n in box.of_restore(one.id)] == ["owed", "owed"]
    first, second = lines(store)
    begun = box.begin(first, START + timedelta(seconds=5))
    with pytest.raises(Conflict):
        box.begin(first, START + timedelta(seconds=5))
    box.settle(begun, "delivered", "")
    with pytest.raises(Conflict):
        box.settle(begun, "delivered", "")
    box.postpone(box.begin(second, START), START + timedelta(seconds=5), "503")
    again = lines(store)[0]
    assert (again.attempts, again.answer, again.due) == (1, "503", START + timedelta(seconds=5))
    assert box.with_facts(again).read_facts().event_id == f"{one.id}.1"
    box.give_up(again, "410", START)
    assert [n.state for n in box.of_restore(one.id)] == ["delivered", "given up"]
    assert lines(store) == []
    box.resend(box.of_restore(one.id)[1], START)
    assert [(n.state, n.attempts, n.dead) for n in box.of_restore(one.id)][1] == ("owed", 0, "")
    assert list(store.scan(row_keys.partition(one.id), "dead-", row_keys.until("dead-"))) == []
    box.resend(box.of_restore(one.id)[1], START + timedelta(seconds=9))
    assert [(n.channel, n.due, n.attempts) for n in lines(store)] == [("b", START + timedelta(seconds=9), 0)]


def test_a_notice_that_is_postponed_to_the_time_it_has_stays_owed(store: Store) -> None:
    one = on_books(store, sequence=1)
    place = row_keys.partition(one.id)
    store.commit(place, outbox.owed(facts_of(one, "accepted", START), ["a"]))
    box = Outbox(store)
    box.postpone(box.begin(lines(store)[0], START), START, "503")
    found = lines(store)[0]
    assert (found.due, found.attempts, found.answer) == (START, 1, "503")


def test_what_is_due_is_read_whole_and_of_the_rest_the_first(store: Store) -> None:
    one, now = on_books(store), START + timedelta(minutes=1)
    notice = Notice(one.id, 1, "c", "accepted", START, START)
    due = [replace(notice, channel=f"d{n:03d}") for n in range(3)]
    late = [replace(notice, channel=f"l{n:03d}", due=now + timedelta(seconds=n + 1)) for n in range(LATER + 1)]
    changes = [change for each in (*due, *late) for change in each.owed()]
    for start in range(0, len(changes), 100):
        store.commit(row_keys.partition(one.id), changes[start : start + 100])
    for found in (Board(store).owed(VAULT, now), Board(store).look(VAULT, now).owed):
        assert (len(found.lines), found.cut) == (3 + LATER, True)
    whole = Board(store).look(VAULT, now + timedelta(seconds=1))
    assert (len(whole.owed.lines), whole.owed.cut, len(whole.opens)) == (4 + LATER, False, 1)
    assert Board(store).live(VAULT).owed.lines == ()


def test_a_list_reads_no_notice_however_many_wait() -> None:
    store = MemoryStore(page=2)
    one = on_books(store)
    for n in range(9):
        notice = Notice(one.id, 1, f"c{n}", "accepted", START, START)
        store.commit(row_keys.partition(one.id), notice.owed())
    reads = store.reads
    assert len(Board(store).live(VAULT).opens) == 1
    assert store.reads - reads == 1


def test_the_board_is_shared(store: Store) -> None:
    board = Board(store)
    assert (board.paused(), board.quiet_until("s"), board.recall(VAULT, "x")) == (None, None, None)
    board.set_paused(Pause("dba", "why", START), START)
    assert Board(store).paused() == Pause("dba", "why", START)
    board.set_paused(None, START)
    assert board.paused() is None
    board.set_quiet("s", START + timedelta(minutes=5))
    board.set_quiet("s", START + timedelta(minutes=1))
    assert board.quiet_until("s") == START + timedelta(minutes=5), "a shorter quiet takes nothing away"
    long = {"value": ["x" * 1000] * 100}
    board.remember(VAULT, "points", long, START)
    assert board.recall(VAULT, "points") == (START, long)
    starts = [board.take_start("s", START, 3, 10.0) for _ in range(5)]
    assert starts == [True, True, True, False, False]
    assert board.take_start("s", START + timedelta(seconds=10), 3, 10.0)
