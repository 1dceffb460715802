"""The ledger's rows in Azure Table Storage, over its REST API."""

import json
import secrets
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from shared.domain.problems import Trouble
from shared.storage.store import Change, Conflict, Row
from shared.wire import tables
from shared.wire.http import Answer
from shared.wire.service import Service, Unanswered
from shared.wire.tables import Outcome, Request

CONFLICTS = frozenset({404, 409, 412})
NO_TABLE = frozenset({"TableNotFound", "TableBeingDeleted"})  # 404 and 409 too, and no conflict
PAGE = 1000  # rows of an answer at the most


class TableStore:
    """One table; it is made when a write finds none."""

    def __init__(self, service: Service, table: str) -> None:
        self._service, self._name = service, table

    def get(self, partition: str, key: str) -> Row | None:
        answer = self._call(Request("GET", tables.row_path(self._name, partition, key), tables.READ))
        if answer.status == 404:
            return None
        return Row(*tables.read_row(_value(answer)))

    def scan(self, partition: str, start: str, stop: str, limit: int | None = None) -> Iterator[Row]:
        left, mark = limit, ""
        while left is None or left > 0:
            query = f"$top={min(left or PAGE, PAGE)}&$filter={tables.between(partition, start, stop)}{mark}"
            answer = self._call(Request("GET", f"/{self._name}()", tables.READ), query)
            if answer.status == 404:  # no table, no rows
                return
            rows = _value(answer)["value"][:left]
            for value in rows:
                yield Row(*tables.read_row(value))
            left = None if left is None else left - len(rows)
            mark = _next(answer)
            if not mark:
                return

    def commit(self, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        """One change goes as a plain call, because a transaction's multipart body costs more."""
        requests = [self._request(partition, change) for change in changes]
        found = self._sent(requests)
        if any(each.code == "TableNotFound" for each in found):
            self._make()
            found = self._sent(requests)
        failed = next((each for each in found if not 200 <= each.status < 300), None)
        if failed and failed.status in CONFLICTS and failed.code not in NO_TABLE:
            raise Conflict(failed.reason)
        if failed or len(found) != len(changes):
            raise _trouble(failed.status if failed else "an unreadable answer")
        pairs = zip(changes, found, strict=True)
        return {change.key: outcome.etag for change, outcome in pairs if change.verb != "delete"}

    def _request(self, partition: str, change: Change) -> Request:
        place = (self._name, partition, change.key)
        if change.verb == "insert":
            return tables.insert(*place, change.fields)
        if change.verb == "update":
            return tables.merge(*place, change.fields, change.etag)
        if change.verb == "put":
            return tables.put(*place, change.fields)
        return tables.delete(*place, change.etag)

    def _sent(self, requests: Sequence[Request]) -> list[Outcome]:
        if len(requests) == 1:
            answer = self._call(requests[0])
            return [tables.outcome(answer.status, answer.reason, answer.headers.get("etag", ""), answer.body)]
        headers, body = tables.transaction(self._service.url, requests, secrets.token_hex(16))
        answer = self._call(Request("POST", "/$batch", headers, body))
        if answer.status != 202:
            return [tables.outcome(answer.status, answer.reason, "", answer.body)]
        return tables.outcomes(answer.body)

    def _make(self) -> None:
        body = json.dumps({"TableName": self._name}).encode()
        answer = self._call(Request("POST", "/Tables", {**tables.WRITE, "Prefer": "return-no-content"}, body))
        if answer.status not in (201, 204, 409):
            raise _trouble(answer.status)

    def _call(self, request: Request, query: str = "") -> Answer:
        try:
            return self._service.call(request.method, request.path, request.headers, request.body, query)
        except Unanswered as error:
            raise _trouble(str(error)) from error


def _value(answer: Answer) -> Any:
    """The JSON object of a 200; anything else is Trouble."""
    if answer.status != 200:
        raise _trouble(answer.status)
    try:
        return json.loads(answer.body)
    except ValueError as error:
        raise _trouble("an unreadable answer") from error


def _next(answer: Answer) -> str:
    """Where a list goes on, for the query; empty at its end."""
    names = {"NextPartitionKey": "nextpartitionkey", "NextRowKey": "nextrowkey"}
    found = {name: answer.headers.get(f"x-ms-continuation-{header}", "") for name, header in names.items()}
    return "".join(f"&{name}={quote(value, safe='')}" for name, value in found.items() if value)


def _trouble(why: int | str) -> Trouble:
    """Storage that does not answer is trouble that passes; its words may hold URLs and are left out."""
    return Trouble(f"the ledger's table could not be used ({why})", None, why if isinstance(why, int) else None)
