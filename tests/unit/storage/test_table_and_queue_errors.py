"""The table and the queue through their SDKs: what each error means, and that they are made where they are missing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError, ServiceRequestError
from azure.data.tables import TableClient, UpdateMode
from azure.storage.queue import QueueClient

from shared.domain.problems import Trouble
from shared.storage.store import Change, Conflict
from shared.storage.table_store import TableStore
from shared.storage.wake_queue import QueueState, WakeQueue, look

NOW = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)


def http(status: int, code: str = "") -> HttpResponseError:
    error = (ResourceNotFoundError if status == 404 else HttpResponseError)("https://account/secret")
    error.status_code, error.reason = status, f"reason-{status}"
    error.error_code = code  # type: ignore[attr-defined]
    return error


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


# --- the queue ------------------------------------------------------------------------------------------------------
@dataclass
class Peeked:
    """A visible message."""

    inserted_on: datetime | None


@dataclass
class Properties:
    """What a queue says of itself."""

    approximate_message_count: int


@dataclass
class FakeQueue:
    """A queue client that remembers its calls and fails as planned."""

    fails: dict[str, list[Exception]] = field(default_factory=dict)
    visible: list[Peeked] = field(default_factory=list)
    count: int = 0
    calls: list[str] = field(default_factory=list)
    sent: list[tuple[str, int, int]] = field(default_factory=list)

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if planned := self.fails.get(name):
            raise planned.pop(0)

    def send_message(self, text: str, visibility_timeout: int, time_to_live: int) -> None:
        self._called("send_message")
        self.sent.append((text, visibility_timeout, time_to_live))

    def create_queue(self) -> None:
        self._called("create_queue")

    def peek_messages(self, most: int) -> list[Peeked]:
        self._called("peek_messages")
        return self.visible[:most]

    def get_queue_properties(self) -> Properties:
        self._called("get_queue_properties")
        return Properties(self.count)


def sent(queue: FakeQueue, delay: float = 0) -> None:
    WakeQueue(cast("QueueClient", queue)).send("text", delay)


@pytest.mark.parametrize(
    ("delay", "hidden"), [(0, 0), (-5, 0), (0.05, 0), (0.2, 1), (30, 30), (30.2, 31), (8 * 86400, 7 * 86400)]
)
def test_a_message_is_hidden_for_its_delay_and_never_expires(delay: float, hidden: int) -> None:
    queue = FakeQueue()
    sent(queue, delay)
    assert queue.sent == [("text", hidden, -1)]


@pytest.mark.parametrize("made", [[], [http(409)]])
def test_a_missing_queue_is_made_and_the_message_sent(made: list[Exception]) -> None:
    queue = FakeQueue({"send_message": [http(404)], "create_queue": list(made)})
    sent(queue, 5)
    assert queue.calls == ["send_message", "create_queue", "send_message"]
    assert queue.sent == [("text", 5, -1)]


@pytest.mark.parametrize(
    "fails",
    [
        {"send_message": [http(503)]},
        {"send_message": [http(404), http(404)]},
        {"send_message": [http(404)], "create_queue": [http(403)]},
        {"send_message": [ServiceRequestError("x")]},
    ],
)
def test_a_queue_that_does_not_take_a_message_is_trouble(fails: dict[str, list[Exception]]) -> None:
    with pytest.raises(Trouble, match="queue could not be used"):
        sent(FakeQueue(fails))


def looked(requests: FakeQueue, poison: FakeQueue) -> QueueState:
    return look(cast("QueueClient", requests), cast("QueueClient", poison), NOW)


def test_the_queues_are_seen_with_the_age_of_the_oldest_message() -> None:
    old, young = Peeked(NOW - timedelta(minutes=3)), Peeked(NOW - timedelta(minutes=1))
    assert looked(FakeQueue(visible=[old, young], count=5), FakeQueue(count=2)) == QueueState(5, 180.0, 2)
    assert looked(FakeQueue(count=4), FakeQueue()) == QueueState(4, 0.0, 0)
    assert looked(FakeQueue(visible=[Peeked(None)]), FakeQueue()).age == 0.0
    assert looked(FakeQueue(visible=[Peeked(NOW + timedelta(minutes=1))]), FakeQueue()).age == 0.0


def test_a_queue_that_is_not_there_is_empty_and_one_that_does_not_answer_is_unknown() -> None:
    gone: dict[str, list[Exception]] = {"peek_messages": [http(404)]}
    assert looked(FakeQueue(gone, count=1), FakeQueue(count=1)) == QueueState(0, 0.0, 1)
    assert looked(FakeQueue(), FakeQueue({"get_queue_properties": [http(404)]})) == QueueState(0, 0.0, 0)
    assert looked(FakeQueue({"peek_messages": [http(503)]}, count=1), FakeQueue(count=1)) == QueueState()
    assert looked(FakeQueue({"get_queue_properties": [http(503)]}), FakeQueue(count=1)) == QueueState(None, None, 1)
    quiet = FakeQueue()
    looked(quiet, FakeQueue())
    assert quiet.calls == ["get_queue_properties"]
    assert looked(FakeQueue(), FakeQueue({"get_queue_properties": [http(503)]})) == QueueState(0, 0.0, None)
