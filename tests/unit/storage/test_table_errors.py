"""The table: what each error means, and that it is made where it is missing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import quote

import pytest

from shared.domain.problems import Trouble
from shared.storage.store import Change, Conflict, Row
from shared.storage.table_store import TableStore
from shared.wire.http import Answer, Http, NoAnswer
from shared.wire.service import Service
from shared.wire.tables import VERSION


@dataclass
class FakeHttp:
    """A table service: it remembers its calls and answers as planned, by method; what is not planned is done."""

    planned: dict[str, list[Answer | Exception]] = field(default_factory=dict)
    calls: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)

    def call(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, seconds: float, most: int
    ) -> Answer:
        place = url.removeprefix("https://t.example")
        self.calls.append((method, place, dict(headers), body))
        kind = "batch" if place == "/$batch" else "make" if place == "/Tables" else method
        if planned := self.planned.get(kind):
            answer = planned.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        if kind == "batch":
            return batch(*[204] * (body or b"").count(b"HTTP/1.1"))
        return Answer(204, "No Content", {"etag": "e0"}, b"")

    @property
    def names(self) -> list[str]:
        return ["make" if place == "/Tables" else method for method, place, _, _ in self.calls]


def said(status: int, code: str = "") -> Answer:
    body = {"odata.error": {"code": code, "message": {"lang": "en-US", "value": "https://account/secret"}}}
    return Answer(status, f"reason-{status}", {}, json.dumps(body).encode() if status >= 400 else b"")


def batch(*statuses: int, code: str = "") -> Answer:
    """A transaction's answer: one part for each call, or the one that failed."""
    parts = b""
    for n, status in enumerate(statuses):
        answer = said(status, code)
        parts += f"--changesetresponse_x\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 {status} ".encode()
        parts += f"{answer.reason}\r\nETag: e{n}\r\n\r\n".encode() + answer.body + b"\r\n"
    body = b"--batchresponse_x\r\nContent-Type: multipart/mixed; boundary=changesetresponse_x\r\n\r\n" + parts
    return Answer(202, "Accepted", {}, body + b"--changesetresponse_x--\r\n--batchresponse_x--\r\n")


def table(**planned: list[Any]) -> tuple[TableStore, FakeHttp]:
    http = FakeHttp(planned)
    service = Service(cast("Http", http), "https://t.example", VERSION, lambda path, headers: "right", waits=())
    return TableStore(service, "restores"), http


def rows(*keys: str, **more: str) -> Answer:
    value = [{"PartitionKey": "p", "RowKey": key, "x": 1, "odata.etag": "e1"} for key in keys]
    return Answer(200, "OK", more, json.dumps({"value": value}).encode())


INSERT = [Change("insert", "a", {"x": 1})]
SAVES = pytest.mark.parametrize(  # what is saved, and the kind of call that does it
    ("changes", "call"),
    [
        (INSERT, "POST"),
        ([Change("update", "a", {"x": 1}, "v")], "PATCH"),
        ([Change("put", "a", {"x": 1})], "PUT"),
        ([Change("delete", "a", {}, "v")], "DELETE"),
        ([*INSERT, Change("put", "b", {"x": 1})], "batch"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)


def failed(call: str, status: int, code: str) -> Answer:
    return batch(status, code=code) if call == "batch" else said(status, code)


def test_the_table_is_made_by_the_first_write_that_finds_none() -> None:
    for made in (said(204), said(201), said(409, "TableAlreadyExists")):
        store, http = table(POST=[said(404, "TableNotFound")], make=[made])
        assert store.commit("p", INSERT) == {"a": "e0"}
        assert http.names == ["POST", "make", "POST"]
        assert http.calls[1][3] == b'{"TableName": "restores"}'


@pytest.mark.parametrize(("answer", "words"), [(said(403), "403"), (NoAnswer("TimeoutError"), "TimeoutError")])
def test_a_table_that_cannot_be_made_is_trouble_and_is_tried_anew(answer: Answer | Exception, words: str) -> None:
    store, http = table(POST=[said(404, "TableNotFound"), said(404, "TableNotFound")], make=[answer])
    with pytest.raises(Trouble, match=words) as caught:
        store.commit("p", INSERT)
    assert "secret" not in str(caught.value)
    assert store.commit("p", INSERT) == {"a": "e0"}
    assert http.names == ["POST", "make", "POST", "make", "POST"]


def test_a_row_is_read_with_its_version_and_a_missing_one_is_none() -> None:
    one = Answer(200, "OK", {}, b'{"PartitionKey": "p", "RowKey": "a", "x": 1, "odata.etag": "e1"}')
    store, _ = table(GET=[said(404, "ResourceNotFound"), said(404, "TableNotFound"), one, said(503)])
    assert store.get("p", "a") is None
    assert store.get("p", "a") is None
    assert store.get("p", "a") == Row("a", {"x": 1}, "e1")
    with pytest.raises(Trouble) as caught:
        store.get("p", "a")
    assert caught.value.status == 503
    store, _ = table(GET=[Answer(200, "OK", {}, b"<html>")])
    with pytest.raises(Trouble, match="unreadable"):
        store.get("p", "a")


def test_a_scan_asks_for_its_range_page_by_page_and_no_more_than_it_needs() -> None:
    on = {"x-ms-continuation-nextpartitionkey": "1!8!cA--", "x-ms-continuation-nextrowkey": "k/2"}
    store, http = table(GET=[rows("k0", "k1", **on), rows("k2", "k3"), rows("k0", **on), rows(**on), rows("k1")])
    assert [row.key for row in store.scan("p", "a", "b'", 3)] == ["k0", "k1", "k2"]
    asked = quote("PartitionKey eq 'p' and RowKey ge 'a' and RowKey lt 'b'''", safe="")
    assert [place for _, place, _, _ in http.calls] == [
        f"/restores()?$top=3&$filter={asked}",
        f"/restores()?$top=1&$filter={asked}&NextPartitionKey=1%218%21cA--&NextRowKey=k%2F2",
    ]
    assert [row.key for row in store.scan("p", "a", "b")] == ["k0", "k1"]  # a page may be empty and not the last
    assert "$top=1000&" in http.calls[-1][1]
    store, _ = table(GET=[said(404, "TableNotFound")])
    assert list(store.scan("p", "a", "b")) == []
    store, _ = table(GET=[said(500)])
    with pytest.raises(Trouble):
        list(store.scan("p", "a", "b"))


@SAVES
@pytest.mark.parametrize("status", [404, 409, 412])
def test_what_somebody_else_changed_is_a_conflict(changes: list[Change], call: str, status: int) -> None:
    store, http = table(**{call: [failed(call, status, "EntityAlreadyExists")]})
    with pytest.raises(Conflict, match=f"reason-{status}"):
        store.commit("p", changes)
    store.commit("p", changes)
    assert http.names.count("make") == 0


@SAVES
def test_a_table_that_is_gone_is_made_again_and_one_that_is_going_is_trouble(changes: list[Change], call: str) -> None:
    store, http = table(**{call: [failed(call, 404, "TableNotFound"), failed(call, 409, "TableBeingDeleted")]})
    with pytest.raises(Trouble):
        store.commit("p", changes)
    assert http.names.count("make") == 1
    store.commit("p", changes)


@SAVES
@pytest.mark.parametrize("status", [503, 400, 0])
def test_a_save_that_the_table_did_not_take_is_trouble(changes: list[Change], call: str, status: int) -> None:
    store, _ = table(**{call: [failed(call, status, "") if status else NoAnswer("ConnectionResetError")]})
    with pytest.raises(Trouble):
        store.commit("p", changes)


def test_an_answer_with_fewer_parts_than_calls_is_trouble() -> None:
    store, _ = table(batch=[batch(204), said(413)])
    for _ in range(2):
        with pytest.raises(Trouble):
            store.commit("p", [*INSERT, Change("put", "b", {"x": 1})])


def test_trouble_has_the_status_of_the_answer_and_none_where_there_was_no_answer_to_read() -> None:
    store, _ = table(GET=[said(503), NoAnswer("TimeoutError"), Answer(200, "OK", {}, b"<html>")])
    for status in (503, None, None):
        with pytest.raises(Trouble) as caught:
            store.get("p", "a")
        assert caught.value.status == status
