"""One contract for the ledger's rows, in memory and in Azurite: accepted, taken, saved, closed."""

import json
import random
import string
from typing import Any

import pytest

from shared.domain.restore import Entry, Job, Phase
from shared.storage import row_keys
from shared.storage.idempotency import KeyRows
from shared.storage.ledger import Ledger, Unreadable
from shared.storage.shared_state import Board
from shared.storage.store import Change, Conflict, Store
from tests.kits.fakes import START, VAULT
from tests.kits.table_kit import store as store
from tests.unit.storage.kit import INSTANCE, loaded, on_books, restore


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
