"""The ledger's table and the wake queue in memory: the same contract as the real ones, for tests and the benchmark."""

import threading
from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from shared.storage.store import Change, Conflict, Field, Row

LIMIT = 32 * 1024
FORBIDDEN = frozenset("/\\#?")


class MemoryStore:
    """A table in memory; it refuses what Azure Table Storage refuses."""

    def __init__(self) -> None:
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
        with self._lock:
            self.reads += 1
            keys = self._keys.get(partition, [])
            found = [self._rows[partition][key] for key in keys[bisect_left(keys, start) : bisect_left(keys, stop)]]
        yield from found[:limit]

    def commit(self, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        self._check(changes)
        with self._lock:
            rows = self._rows.setdefault(partition, {})
            for change in changes:
                self._guard(rows.get(change.key), change)
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
        kept = before.fields if before and change.verb == "update" else {}
        rows[change.key] = Row(change.key, {**kept, **change.fields}, f"v{self._version}")
        if before is None:
            insort(self._keys.setdefault(partition, []), change.key)
        return f"v{self._version}"

    def _drop(self, partition: str, change: Change) -> bool:
        del self._rows[partition][change.key]
        self._keys[partition].remove(change.key)
        return False


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
