"""One contract for the ledger's table, in memory and in Azurite: the store's guarantees, and the ledger's on top."""

import itertools
import json
import random
import string
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from local.stack.memory import MemoryStore
from shared.domain.restore import AzureError, Entry, Job, Phase, Restore
from shared.notices import outbox
from shared.notices.facts import facts_of
from shared.notices.outbox import Notice, Outbox, read_notice
from shared.storage import row_keys
from shared.storage.idempotency import KeyRows
from shared.storage.ledger import Ledger, Unreadable
from shared.storage.shared_state import LATER, Board, Pause
from shared.storage.store import Change, Conflict, Store
from tests.kits.fakes import START, VAULT
from tests.kits.table_kit import store as store

INSTANCE = f"{VAULT}/backupInstances/pg-a"
NUMBERS = itertools.count(1)


def restore(number: int | None = None, **more: Any) -> Restore:
    n = next(NUMBERS) if number is None else number
    values: dict[str, Any] = {
        "id": row_keys.new_id(VAULT, START + timedelta(seconds=n), n.to_bytes(10, "big")),
        "phase": Phase.ACCEPTED,
        "vault": VAULT,
        "instance": INSTANCE,
        "source": "http",
        "asked": {},
        "accepted_at": START,
        "due": START,
    }
    return Restore(**(values | more))


def on_books(store: Store, **more: Any) -> Restore:
    made = Ledger(store).accept(restore(**more))
    assert made is not None
    return made


def loaded(store: Store, restore_id: str) -> Restore:
    found = Ledger(store).load(restore_id)
    assert found is not None
    return found


# --- the ledger ------------------------------------------------------------------------------------------------------
def test_a_restore_is_accepted_once_with_its_open_row_and_found_again(store: Store) -> None:
    one = restore()
    made = Ledger(store).accept(one)
    assert made is not None
    assert loaded(store, one.id) == made
    assert Ledger(store).accept(one) is None
    assert [row.text("restore") for row in Board(store).live(VAULT).opens] == [one.id]
    assert Ledger(store).vaults() == [VAULT]


def test_the_second_of_two_savers_is_told_and_nothing_of_its_save_stays(store: Store) -> None:
    read = on_books(store)
    ledger = Ledger(store)
    saved = ledger.save(read, read.model_copy(update={"phase": Phase.VALIDATING}))
    late = read.model_copy(update={"phase": Phase.REFUSED, "turn_at": START, "closed_at": START})
    with pytest.raises(Conflict):
        ledger.save(read, late, [Change("insert", "extra", {})])
    assert loaded(store, read.id) == saved
    assert store.get(row_keys.partition(read.id), "extra") is None
    assert Board(store).live(VAULT).opens[0].text("phase") == "validating"


def test_one_turn_an_instance_taken_and_given_back_with_the_step(store: Store) -> None:
    ledger, one, two = Ledger(store), on_books(store), on_books(store)
    held = ledger.save(one, one.model_copy(update={"turn_at": START}))
    with pytest.raises(Conflict):
        ledger.save(two, two.model_copy(update={"turn_at": START, "instance": INSTANCE.upper()}))
    assert ledger.turn_holder(two) == one.id
    assert ledger.first_in_line(two) == one.id
    closed = held.model_copy(update={"phase": Phase.FAILED, "closed_at": START})
    ledger.save(held, closed)
    assert ledger.turn_holder(two) is None
    assert ledger.first_in_line(two) == two.id


def test_a_job_given_by_a_person_belongs_to_one_restore(store: Store) -> None:
    ledger, job = Ledger(store), Job(id="J-1", status="InProgress")
    one, two = (on_books(store, phase=Phase.LOST, turn_at=START) for _ in range(2))
    adopted = ledger.save(one, one.model_copy(update={"phase": Phase.RESTORING, "job": job}))
    with pytest.raises(Conflict):
        ledger.save(two, two.model_copy(update={"phase": Phase.RESTORING, "job": job}))
    assert ledger.job_holder(two, "j-1") == one.id
    lost = ledger.save(adopted, adopted.model_copy(update={"phase": Phase.LOST, "job": None}))
    ledger.save(lost, lost.model_copy(update={"phase": Phase.RESTORING, "job": job}))


def test_unknown_fields_survive_a_save(store: Store) -> None:
    one = on_books(store, mood="sunny", job=Job.model_validate({"id": "j", "status": "x", "colour": "red"}))
    place, key = row_keys.partition(one.id), row_keys.restore(one.id)
    store.commit(place, [Change("update", key, {"newColumn": "kept"})])
    read = loaded(store, one.id)
    Ledger(store).save(read, read.model_copy(update={"phase": Phase.VALIDATING}))
    row = store.get(place, key)
    assert row is not None
    value = json.loads(row.text("json0"))
    assert (value["mood"], value["job"]["colour"], row.text("newColumn")) == ("sunny", "red", "kept")


@pytest.mark.parametrize(
    "damage", [{"phase": "dancing"}, {"schemaVersion": 2}, {"json0": "{"}, {"tracking": b"no zlib"}], ids=str
)
def test_a_row_of_a_newer_release_or_damaged_is_left_alone(store: Store, damage: dict[str, Any]) -> None:
    one = on_books(store)
    store.commit(row_keys.partition(one.id), [Change("update", row_keys.restore(one.id), damage)])
    with pytest.raises(Unreadable):
        Ledger(store).load(one.id)


def test_a_long_restore_is_kept_in_columns_that_a_table_takes(store: Store) -> None:
    timeline = tuple(Entry(at=START, what="postponed", note=f"{n} " + "ä😀" * 200) for n in range(120))
    one = on_books(store, timeline=timeline)
    assert loaded(store, one.id).timeline == timeline
    shorter = Ledger(store).save(one, one.model_copy(update={"timeline": timeline[:1]}))
    assert loaded(store, one.id) == shorter


def test_a_tracking_url_is_kept_whole_and_out_of_sight(store: Store) -> None:
    url = "https://management.azure.com/op?t=" + "".join(random.choices(string.ascii_letters, k=4000))  # noqa: S311
    one = on_books(store)
    saved = Ledger(store).save(one, one.model_copy(update={"tracking": url, "phase": Phase.SUBMITTED}))
    assert loaded(store, one.id).tracking == url
    row = store.get(row_keys.partition(one.id), row_keys.restore(one.id))
    assert row is not None
    assert not any("https://management" in str(value) for value in row.fields.values())
    gone = Ledger(store).save(saved, saved.model_copy(update={"tracking": None}))
    assert loaded(store, one.id) == gone


def test_the_first_claim_of_a_key_wins(store: Store) -> None:
    keys = KeyRows(store)
    first = keys.claim("http", "k/1 #?", "r-1", "h-1", START)
    again = keys.claim("http", "k/1 #?", "r-2", "h-2", START)
    assert (first.mine, again.mine, again.restore, again.hash) == (True, False, "r-1", "h-1")
    assert keys.claim("queue", "k/1 #?", "r-3", "h-3", START).mine, "each source has its own"
    assert keys.find("http", "other") is None


def test_closed_it_leaves_what_the_sweep_reads(store: Store) -> None:
    ledger, one = Ledger(store), on_books(store)
    ledger.save(one, one.model_copy(update={"phase": Phase.CHECKED, "closed_at": START}))
    assert Board(store).look(VAULT, START).empty
    done = list(store.scan(row_keys.partition(one.id), "done-", row_keys.until("done-")))
    assert [(row.text("restore"), row.text("phase")) for row in done] == [(one.id, "checked")]


def test_one_that_release_0_1_0_closed_is_put_into_the_history_once(store: Store) -> None:
    ledger, one = Ledger(store), on_books(store)
    row = Board(store).live(VAULT).opens[0]
    ledger.finish(one.id, row, START)
    assert Board(store).live(VAULT).opens == ()
    done = list(store.scan(row_keys.partition(one.id), "done-", row_keys.until("done-")))
    assert [(row.text("restore"), row.text("phase")) for row in done] == [(one.id, "accepted")]
    with pytest.raises(Conflict):
        ledger.finish(one.id, row, START)


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
