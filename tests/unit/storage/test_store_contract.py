"""What the ledger needs of a table, in memory and in Azurite: rows as put, all or nothing, guarded by version."""

import pytest

from shared.storage.store import Change, Conflict, Field, Store
from tests.kits.table_kit import store as store


def test_rows_come_back_as_they_were_put_in_the_order_of_their_keys(store: Store) -> None:
    fields: dict[str, Field] = {
        "text": "päper / # ?",
        "number": 7,
        "flag": True,
        "share": 0.5,
        "raw": b"\x00\xff",
        "empty": "",
        "none": b"",
    }
    store.commit("p", [Change("insert", "b", fields), Change("insert", "a", {"x": 1}), Change("insert", "c", {})])
    row = store.get("p", "b")
    assert row is not None
    assert dict(row.fields) == fields
    assert [found.key for found in store.scan("p", "a", "c")] == ["a", "b"]
    assert [found.key for found in store.scan("p", "a", "d", 2)] == ["a", "b"]
    assert store.get("p", "z") is None
    assert store.get("q", "b") is None


def test_all_of_a_transaction_happens_or_nothing(store: Store) -> None:
    store.commit("p", [Change("insert", "a", {"x": 1})])
    with pytest.raises(Conflict):
        store.commit("p", [Change("insert", "b", {"x": 1}), Change("insert", "a", {"x": 2})])
    with pytest.raises(Conflict):
        store.commit("p", [Change("put", "c", {"x": 1}), Change("delete", "gone")])
    assert [row.key for row in store.scan("p", "a", "z")] == ["a"]


def test_a_save_needs_the_version_that_was_read(store: Store) -> None:
    first = store.commit("p", [Change("insert", "a", {"x": 1, "kept": "yes"})])["a"]
    second = store.commit("p", [Change("update", "a", {"x": 2}, first)])["a"]
    for verb in ("update", "delete"):
        with pytest.raises(Conflict):
            store.commit("p", [Change(verb, "a", {"x": 3} if verb == "update" else {}, first)])
    row = store.get("p", "a")
    assert row is not None
    assert (row.etag, dict(row.fields)) == (second, {"x": 2, "kept": "yes"}), "an update merges"
    store.commit("p", [Change("put", "a", {"y": 1})])
    row = store.get("p", "a")
    assert row is not None
    assert dict(row.fields) == {"y": 1}, "a put replaces"
    store.commit("p", [Change("delete", "a", etag=row.etag)])
    with pytest.raises(Conflict):
        store.commit("p", [Change("update", "a", {"x": 1})])


def test_a_scan_goes_over_many_pages(store: Store) -> None:
    for start in range(0, 1100, 100):
        store.commit("p", [Change("insert", f"k{n:04d}", {}) for n in range(start, start + 100)])
    assert [row.key for row in store.scan("p", "k", "l")] == [f"k{n:04d}" for n in range(1100)]
