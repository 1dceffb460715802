"""The table through its SDK: what each error means, and that it is made where it is missing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import ServiceRequestError
from azure.data.tables import TableClient, UpdateMode

from shared.domain.problems import Trouble
from shared.storage.store import Change, Conflict
from shared.storage.table_store import CONNECTIONS, TableStore, pooled
from tests.unit.storage.kit import http


class Entity(dict[str, Any]):
    """A row as the SDK gives it."""

    metadata = {"etag": "e1"}  # noqa: RUF012


@dataclass
class FakeTable:
    """A table client that remembers its calls and fails as planned."""

    fails: dict[str, list[Exception]] = field(default_factory=dict)
    calls: list[tuple[str, Any]] = field(default_factory=list)

    def _called(self, name: str, what: Any = None) -> None:
        self.calls.append((name, what))
        if planned := self.fails.get(name):
            raise planned.pop(0)

    def create_table(self) -> None:
        self._called("create_table")

    def get_entity(self, partition: str, key: str) -> Entity:
        self._called("get_entity", (partition, key))
        return Entity(PartitionKey=partition, RowKey=key, x=1)

    def query_entities(self, text: str, parameters: dict[str, str], results_per_page: int) -> Iterator[Entity]:
        self._called("query_entities", (text, parameters, results_per_page))
        for n in range(3):
            self._called("page")
            yield Entity(PartitionKey="p", RowKey=f"k{n}", x=n)

    def submit_transaction(self, operations: Sequence[Any]) -> list[dict[str, str]]:
        self._called("submit_transaction", list(operations))
        return [{"etag": f"e{n}"} for n, _ in enumerate(operations)]

    def create_entity(self, entity: dict[str, Any]) -> dict[str, str]:
        self._called("create_entity", entity)
        return {"etag": "e0"}

    def update_entity(self, entity: dict[str, Any], **options: Any) -> dict[str, str]:
        self._called("update_entity", (entity, options))
        return {"etag": "e0"}

    def upsert_entity(self, entity: dict[str, Any], **options: Any) -> dict[str, str]:
        self._called("upsert_entity", (entity, options))
        return {"etag": "e0"}

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.calls]


def table(**fails: list[Exception]) -> tuple[TableStore, FakeTable]:
    client = FakeTable(fails)
    return TableStore(cast("TableClient", client)), client


INSERT = [Change("insert", "a", {"x": 1})]
SAVES = pytest.mark.parametrize(  # what is saved, and the client's call that does it
    ("changes", "call"),
    [
        (INSERT, "create_entity"),
        ([Change("update", "a", {"x": 1}, "v")], "update_entity"),
        ([Change("put", "a", {"x": 1})], "upsert_entity"),
        ([Change("delete", "a", {}, "v")], "submit_transaction"),
        ([*INSERT, Change("put", "b", {"x": 1})], "submit_transaction"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)


def test_the_table_is_made_once_and_one_that_is_there_is_taken() -> None:
    for fails in ([], [http(409)]):
        store, client = table(create_table=list[Exception](fails))
        store.get("p", "a")
        store.get("p", "a")
        assert client.names == ["create_table", "get_entity", "get_entity"]


@pytest.mark.parametrize(("error", "said"), [(http(403), "403"), (ServiceRequestError("x"), "ServiceRequestError")])
def test_a_table_that_cannot_be_made_is_trouble_and_is_tried_anew(error: Exception, said: str) -> None:
    store, client = table(create_table=[error])
    with pytest.raises(Trouble, match=said) as caught:
        store.get("p", "a")
    assert "secret" not in str(caught.value)
    assert store.get("p", "a") is not None
    assert client.names == ["create_table", "create_table", "get_entity"]


def test_a_row_is_read_with_its_version_and_a_missing_one_is_none() -> None:
    store, _ = table(get_entity=[http(404)])
    assert store.get("p", "a") is None
    row = store.get("p", "a")
    assert row is not None
    assert (row.key, dict(row.fields), row.etag) == ("a", {"x": 1}, "e1")
    store, _ = table(get_entity=[http(503)])
    with pytest.raises(Trouble) as caught:
        store.get("p", "a")
    assert caught.value.status == 503


def test_a_scan_asks_for_its_range_and_no_more_than_it_needs() -> None:
    store, client = table()
    assert [row.key for row in store.scan("p", "a", "b", 2)] == ["k0", "k1"]
    text, parameters, pages = client.calls[1][1]
    assert text == "PartitionKey eq @partition and RowKey ge @start and RowKey lt @stop"
    assert (parameters, pages) == ({"partition": "p", "start": "a", "stop": "b"}, 2)
    assert len(list(store.scan("p", "a", "b"))) == 3
    assert len(list(store.scan("p", "a", "b", 5000))) == 3
    assert [call[1][2] for call in client.calls if call[0] == "query_entities"] == [2, 1000, 1000]
    store, _ = table(page=[http(500)])
    with pytest.raises(Trouble):
        list(store.scan("p", "a", "b"))


def test_each_change_is_sent_as_its_verb_and_guarded_by_the_version_that_was_read() -> None:
    store, client = table()
    changes = [
        Change("insert", "a", {"x": 1}),
        Change("update", "b", {"x": 2}, "v"),
        Change("update", "c", {"x": 3}),
        Change("put", "d", {"x": 4}),
        Change("delete", "e", etag="w"),
        Change("delete", "f"),
    ]
    assert store.commit("p", changes) == {"a": "e0", "b": "e1", "c": "e2", "d": "e3"}

    def entity(key: str, **fields: int) -> dict[str, Any]:
        return {"PartitionKey": "p", "RowKey": key, **fields}

    unchanged = MatchConditions.IfNotModified
    assert client.calls[-1][1] == [
        ("create", entity("a", x=1)),
        ("update", entity("b", x=2), {"mode": UpdateMode.MERGE, "etag": "v", "match_condition": unchanged}),
        ("update", entity("c", x=3), {"mode": UpdateMode.MERGE}),
        ("upsert", entity("d", x=4), {"mode": UpdateMode.REPLACE}),
        ("delete", entity("e"), {"etag": "w", "match_condition": unchanged}),
        ("delete", entity("f"), {}),
    ]


def test_one_change_is_a_plain_call_with_the_same_guard() -> None:
    store, client = table()
    unchanged = {"etag": "v", "match_condition": MatchConditions.IfNotModified}
    row = {"PartitionKey": "p", "RowKey": "a", "x": 1}
    for change in (Change("insert", "a", {"x": 1}), Change("update", "a", {"x": 1}, "v"), Change("put", "a", {"x": 1})):
        assert store.commit("p", [change]) == {"a": "e0"}
    assert store.commit("p", [Change("delete", "a", etag="v")]) == {}
    assert client.calls[1:] == [
        ("create_entity", row),
        ("update_entity", (row, {"mode": UpdateMode.MERGE, **unchanged})),
        ("upsert_entity", (row, {"mode": UpdateMode.REPLACE})),
        ("submit_transaction", [("delete", {"PartitionKey": "p", "RowKey": "a"}, unchanged)]),
    ]


@SAVES
@pytest.mark.parametrize("status", [404, 409, 412])
def test_what_somebody_else_changed_is_a_conflict(changes: list[Change], call: str, status: int) -> None:
    store, client = table(**{call: list[Exception]([http(status, "EntityAlreadyExists")])})
    with pytest.raises(Conflict, match=f"reason-{status}"):
        store.commit("p", changes)
    store.commit("p", changes)
    assert client.names.count("create_table") == 1


@SAVES
@pytest.mark.parametrize(("status", "code"), [(404, "TableNotFound"), (409, "TableBeingDeleted")])
def test_a_table_that_was_deleted_is_trouble_and_is_made_again(
    changes: list[Change], call: str, status: int, code: str
) -> None:
    store, client = table(**{call: list[Exception]([http(status, code)])})
    with pytest.raises(Trouble):
        store.commit("p", changes)
    store.commit("p", changes)
    assert client.names.count("create_table") == 2


@SAVES
@pytest.mark.parametrize("error", [http(503), http(400), ServiceRequestError("x")])
def test_a_save_that_the_table_did_not_take_is_trouble(changes: list[Change], call: str, error: Exception) -> None:
    store, _ = table(**{call: [error]})
    with pytest.raises(Trouble):
        store.commit("p", changes)


def test_the_table_has_a_connection_for_each_thread() -> None:
    with pooled() as transport:
        session = transport.session
        assert session
        adapter = session.get_adapter("https://x.example")
        assert adapter is not session.get_adapter("http://x.example")
        assert (adapter._pool_maxsize, adapter._pool_connections, adapter.max_retries.total) == (CONNECTIONS, 4, 0)
        assert CONNECTIONS >= 16 + 16 + 16
