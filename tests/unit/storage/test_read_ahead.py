"""A store that reads ahead: what it answers from memory, and what it asks the store behind it."""

from local.stack.memory import MemoryStore
from shared.storage.store import Change, ReadAhead, under


# --- stores and queues ------------------------------------------------------------------------------------------------
def test_what_was_read_ahead_is_answered_from_memory_and_the_rest_is_asked() -> None:
    behind = MemoryStore()
    for key in ("a-1", "a-2", "b-1"):
        behind.commit("p", [Change("put", key, {"x": 1})])
    ahead = ReadAhead(behind, under(["p", "p", "q"], ["a-"]))
    reads = behind.reads
    assert ahead.get("p", "a-1") is not None
    assert (ahead.get("p", "a-3"), ahead.get("q", "a-1"), behind.reads - reads) == (None, None, 0)
    assert ahead.get("p", "b-1") is not None
    assert ahead.get("r", "a-1") is None
    assert behind.reads - reads == 2
    assert [row.key for row in ahead.scan("p", "a-", "z", 2)] == ["a-1", "a-2"]
    assert set(ahead.commit("p", [Change("put", "a-3", {})])) == {"a-3"}
    assert ahead.get("p", "a-3") is None, "what was read ahead stays as it was"
    assert behind.get("p", "a-3") is not None


def test_a_span_with_more_rows_than_are_worth_it_is_asked_of_the_store() -> None:
    behind = MemoryStore()
    for key in ("a-1", "a-2", "a-3", "a-4", "b-1", "b-2"):
        behind.commit("p", [Change("put", key, {"x": 1})])
    ahead = ReadAhead(behind, [("p", "a-", "a."), ("p", "b-1", "b-9")], most=2)
    reads = behind.reads
    assert [row.key for row in ahead.scan("p", "b-1", "b-3", 1)] == ["b-1"]
    assert [row.key for row in ahead.scan("p", "b-2", "b-9")] == ["b-2"]
    assert behind.reads == reads
    assert [row.key for row in ahead.scan("p", "a-2", "a-9")] == ["a-2", "a-3", "a-4"]
    assert [row.key for row in ahead.scan("p", "b-0", "b-3")] == ["b-1", "b-2"], "it begins before what was read"
    assert behind.reads > reads
