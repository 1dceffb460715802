"""The ledger's table and the wake queue in memory: the same contract as the real ones, for tests and the benchmark."""

import base64
import json
import threading
from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from shared.storage.store import Change, Conflict, Field, Row

LIMIT = 32 * 1024
ROW, COLUMNS, TRANSACTION = 1024 * 1024, 252, 4 * 1024 * 1024  # bytes, columns beside the keys and time, bytes
FORBIDDEN = frozenset("/\\#?")


class MemoryStore:
    """A table in memory; it refuses what Azure Table Storage refuses, and its scans tear between two pages."""

    def __init__(self, page: int = 1000) -> None:
        self._page = page
        self._rows: dict[str, dict[str, Row]] = {}
        self._keys: dict[str, list[str]] = {}
        self._version = 0
        self._lock = threading.Lock()
        self.reads = 0
        self.writes = 0

    def get(self, partition: str, key: str) -> Row | None:
        with self._lock:
            self.reads += 1
            return self._rows.get(partition, {}).get(key)

    def scan(self, partition: str, start: str, stop: str, limit: int | None = None) -> Iterator[Row]:
        left, page = limit, self._page
        while left is None or left > 0:
            size = page if left is None else min(page, left)
            found = self._read_page(partition, start, stop, size)
            yield from found
            if len(found) < size:
                return
            start, left = found[-1].key + "\0", None if left is None else left - size

    def _read_page(self, partition: str, start: str, stop: str, size: int) -> list[Row]:
        with self._lock:
            self.reads += 1
            keys = self._keys.get(partition, [])
            first = bisect_left(keys, start)
            return [self._rows[partition][key] for key in keys[first : min(first + size, bisect_left(keys, stop))]]

    def commit(self, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        self._check(changes)
        with self._lock:
            rows = self._rows.setdefault(partition, {})
            for change in changes:
                self._guard(rows.get(change.key), change)
                _check_row(_after(rows.get(change.key), change))
            self.writes += 1
            return {
                c.key: self._apply(partition, rows, c)
                for c in changes
                if c.verb != "delete" or self._drop(partition, c)
            }

    def _check(self, changes: Sequence[Change]) -> None:
        keys = [change.key for change in changes]
        assert 0 < len(changes) <= 100, "a transaction has 1 to 100 changes"
        assert len(set(keys)) == len(keys), f"one change a row: {keys}"
        for change in changes:
            assert not FORBIDDEN & set(change.key), f"not a row key: {change.key}"
            for name, value in change.fields.items():
                assert isinstance(value, Field), f"{name} is no column value: {value!r}"
                assert not isinstance(value, str) or _units(value) <= LIMIT, f"{name} is over 32 Ki characters"
                assert not isinstance(value, bytes) or len(value) <= 2 * LIMIT, f"{name} is over 64 KiB"
        payload = sum(len(json.dumps(dict(change.fields), default=_base64)) + 500 for change in changes)
        assert payload <= TRANSACTION, f"a transaction of {payload} bytes is over 4 MiB"

    def _guard(self, row: Row | None, change: Change) -> None:
        if change.verb == "insert" and row is not None:
            raise Conflict(f"{change.key} is there already")
        if change.verb in ("update", "delete") and row is None:
            raise Conflict(f"{change.key} is gone")
        if change.verb in ("update", "delete") and change.etag and row and row.etag != change.etag:
            raise Conflict(f"{change.key} was changed")

    def _apply(self, partition: str, rows: dict[str, Row], change: Change) -> str:
        self._version += 1
        before = rows.get(change.key)
        rows[change.key] = Row(change.key, _after(before, change), f"v{self._version}")
        if before is None:
            insort(self._keys.setdefault(partition, []), change.key)
        return f"v{self._version}"

    def _drop(self, partition: str, change: Change) -> bool:
        del self._rows[partition][change.key]
        self._keys[partition].remove(change.key)
        return False


def _after(before: Row | None, change: Change) -> dict[str, Field]:
    """The row's columns when the change is done: an update merges, all others replace."""
    return {**(before.fields if before and change.verb == "update" else {}), **change.fields}


def _check_row(fields: Mapping[str, Field]) -> None:
    """https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model"""
    assert len(fields) <= COLUMNS, f"a row has {len(fields)} columns"
    size = sum(8 + 2 * len(name) + _size(value) for name, value in fields.items())
    assert size <= ROW, f"a row of {size} bytes is over 1 MiB"


def _size(value: Field) -> int:
    if isinstance(value, str):
        return 4 + 2 * _units(value)
    return 4 + len(value) if isinstance(value, bytes) else 8


def _base64(value: object) -> str:
    assert isinstance(value, bytes)
    return base64.b64encode(value).decode()


def _units(text: str) -> int:
    """Azure counts UTF-16 units: an emoji is two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


@dataclass
class MemoryQueue:
    """The wake queue: remembers each message with its delay; `take` gives what is visible at a moment."""

    sent: list[tuple[float, str]] = field(default_factory=list)

    def send(self, text: str, delay: float) -> None:
        """Puts a message that becomes visible after `delay` seconds."""
        self.sent.append((delay, text))
