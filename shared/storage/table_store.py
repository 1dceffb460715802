"""The ledger's rows in Azure Table Storage, by azure-data-tables."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import requests
from azure.core import MatchConditions
from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.transport import RequestsTransport
from azure.data.tables import TableClient, UpdateMode
from requests.adapters import HTTPAdapter

from shared.domain.problems import Trouble
from shared.storage.store import Change, Conflict, Row

CONNECTIONS = (
    64  # a sweep has up to 16 workers and 16 channels, HTTP and queue have theirs: none waits, none is dropped
)
CONFLICTS = frozenset({404, 409, 412})
NO_TABLE = frozenset({"TableNotFound", "TableBeingDeleted"})  # 404 and 409 too, and no conflict


class TableStore:
    """One table; it is made on first use."""

    def __init__(self, client: TableClient) -> None:
        self._client = client
        self._made = False

    def _table(self) -> TableClient:
        if not self._made:
            try:
                self._client.create_table()
            except HttpResponseError as error:
                if error.status_code != 409:
                    raise trouble(error) from error
            except AzureError as error:
                raise trouble(error) from error
            self._made = True
        return self._client

    def get(self, partition: str, key: str) -> Row | None:
        try:
            return _row(self._table().get_entity(partition, key))
        except ResourceNotFoundError:
            return None
        except AzureError as error:
            raise trouble(error) from error

    def scan(self, partition: str, start: str, stop: str, limit: int | None = None) -> Iterator[Row]:
        found = self._table().query_entities(
            "PartitionKey eq @partition and RowKey ge @start and RowKey lt @stop",
            parameters={"partition": partition, "start": start, "stop": stop},
            results_per_page=min(limit or 1000, 1000),
        )
        try:
            for entity in islice(found, limit):
                yield _row(entity)
        except AzureError as error:
            raise trouble(error) from error

    def commit(self, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        """One change goes as a plain call: a transaction's multipart body costs thrice the CPU. Not a delete, for the
        client's own hides that the row is gone."""
        try:
            if len(changes) == 1 and changes[0].verb != "delete":
                answers = [self._one(partition, changes[0])]
            else:
                answers = list(self._table().submit_transaction([_operation(partition, each) for each in changes]))
        except HttpResponseError as error:
            if getattr(error, "error_code", None) in NO_TABLE:
                self._made = False  # somebody deleted it under us: no conflict, and it is made again
                raise trouble(error) from error
            raise Conflict(str(error.reason)) if error.status_code in CONFLICTS else trouble(error) from error
        except AzureError as error:
            raise trouble(error) from error
        pairs = zip(changes, answers, strict=True)
        return {change.key: str(answer.get("etag", "")) for change, answer in pairs if change.verb != "delete"}

    def _one(self, partition: str, change: Change) -> Mapping[str, Any]:
        verb, entity, *more = _operation(partition, change)
        options = more[0] if more else {}
        if verb == "create":
            return self._table().create_entity(entity)
        if verb == "update":
            return self._table().update_entity(entity, **options)
        return self._table().upsert_entity(entity, **options)


def pooled() -> RequestsTransport:
    """A transport that keeps a connection for each thread; its own default keeps ten, and logs each one beyond."""
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=CONNECTIONS, max_retries=0))
    return RequestsTransport(session=session, session_owner=False)


def trouble(error: AzureError) -> Trouble:
    """Storage that does not answer is trouble that passes; its words may hold URLs and are left out."""
    status = getattr(error, "status_code", None)
    return Trouble(f"the ledger's table could not be used ({status or type(error).__name__})", None, status)


def _operation(partition: str, change: Change) -> Any:
    entity = {"PartitionKey": partition, "RowKey": change.key, **change.fields}
    matching = {"etag": change.etag, "match_condition": MatchConditions.IfNotModified} if change.etag else {}
    if change.verb == "insert":
        return ("create", entity)
    if change.verb == "update":
        return ("update", entity, {"mode": UpdateMode.MERGE, **matching})
    if change.verb == "put":
        return ("upsert", entity, {"mode": UpdateMode.REPLACE})
    return ("delete", entity, matching)


def _row(entity: Any) -> Row:
    fields = {name: value for name, value in entity.items() if name not in ("PartitionKey", "RowKey")}
    return Row(entity["RowKey"], fields, entity.metadata["etag"])
