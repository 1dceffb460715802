"""A closed restore's JSON is packed: read whole, in memory and in Azurite, whatever form its row had before."""

import json
import random
import string
import zlib
from datetime import timedelta
from typing import Any

import pytest

from local.stack.memory import MemoryStore
from shared.domain.problems import Unreadable
from shared.domain.restore import Entry, Phase, Restore
from shared.storage import row_keys
from shared.storage.ledger import Ledger, read_restore
from shared.storage.store import Change, Row, Store, chunked
from tests.kits.fakes import START
from tests.kits.table_kit import store as store
from tests.unit.storage.kit import loaded, on_books

END: dict[str, Any] = {"phase": Phase.SUCCEEDED, "closed_at": START + timedelta(minutes=1)}
LONG = tuple(Entry(at=START, what="postponed", note=f"{n} " + "ä😀" * 200) for n in range(80))  # three chunks


def row_of(store: Store, one: Restore) -> Row:
    row = store.get(row_keys.partition(one.id), row_keys.restore(one.id))
    assert row
    return row


def chunks(row: Row) -> list[str]:
    return [str(value) for name, value in row.fields.items() if name.startswith("json")]


def test_it_is_read_as_it_was_and_the_chunks_of_the_open_one_are_emptied(store: Store) -> None:
    one = on_books(store, timeline=LONG, mood="sunny")
    assert (len(chunks(row_of(store, one))), row_of(store, one).fields["chunks"]) == (3, 3)
    closed = Ledger(store).save(one, one.model_copy(update=END))
    row = row_of(store, one)
    assert loaded(store, one.id) == closed
    assert closed.timeline == LONG
    assert (chunks(row), row.fields["chunks"], row.text("phase")) == (["", "", ""], 0, "succeeded")
    packed = row.fields["packed"]
    assert isinstance(packed, bytes)
    value = json.loads(zlib.decompress(packed))
    assert (value["mood"], value["phase"]) == ("sunny", "succeeded")
    noted = Ledger(store).save(closed, closed.model_copy(update={"timeline": (*LONG, Entry(at=START, what="resent"))}))
    assert loaded(store, one.id) == noted


def test_one_that_was_closed_in_chunks_is_read_and_packed_by_its_next_save(store: Store) -> None:
    """As release 0.1.0 wrote it, and this one before it packed."""
    one = on_books(store, mood="sunny")
    text = json.dumps(one.model_copy(update=END).json_value())
    old = Change("put", row_keys.restore(one.id), {"phase": "succeeded", "schemaVersion": 1, **chunked(text)})
    store.commit(row_keys.partition(one.id), [old])
    read = loaded(store, one.id)
    assert (read.closed, read.closed_at) == (True, END["closed_at"])
    saved = Ledger(store).save(read, read.model_copy(update={"timeline": LONG}))
    assert loaded(store, one.id) == saved
    assert (saved.json_value()["mood"], row_of(store, one).fields["chunks"]) == ("sunny", 0)


def test_one_whose_packed_json_no_column_takes_stays_in_chunks(store: Store) -> None:
    letters = random.Random(7)  # noqa: S311
    noise = tuple(
        Entry(at=START, what="postponed", note="".join(letters.choices(string.printable[:94], k=1000)))
        for _ in range(100)
    )
    one = on_books(store, timeline=LONG)
    closed = Ledger(store).save(one, one.model_copy(update=END))
    large = Ledger(store).save(closed, closed.model_copy(update={"timeline": noise}))
    assert loaded(store, one.id) == large
    assert int(str(row_of(store, one).fields["chunks"])) > 1
    again = Ledger(store).save(large, large.model_copy(update={"timeline": LONG}))
    assert loaded(store, one.id) == again
    assert row_of(store, one).fields["chunks"] == 0


@pytest.mark.parametrize("packed", [b"", b"x", zlib.compress(b"{"), zlib.compress(b"\xff"), "text"])
def test_one_that_is_damaged_is_left_alone(packed: bytes | str) -> None:
    store = MemoryStore()
    one = on_books(store)
    Ledger(store).save(one, one.model_copy(update=END))
    row = row_of(store, one)
    with pytest.raises(Unreadable, match="cannot be read"):
        read_restore(Row(row.key, {**row.fields, "packed": packed}, row.etag))
