"""What the ledger needs of a table: rows, changes that happen together or not at all, and Conflict. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

Field = str | int | float | bool | bytes


class Conflict(Exception):
    """The write was the guard: a row is there already, is gone, or was changed since it was read."""


@dataclass(frozen=True)
class Row:
    """One row; `etag` is its version, as read."""

    key: str
    fields: Mapping[str, Field]
    etag: str = ""

    def text(self, name: str) -> str:
        """A text column; empty where it is absent."""
        return str(self.fields.get(name, ""))


@dataclass(frozen=True)
class Change:
    """insert: must not be there. update: merged if `etag` still matches. put: whatever is there is replaced.
    delete: if `etag` still matches (any version where it is empty)."""

    verb: Literal["insert", "update", "put", "delete"]
    key: str
    fields: Mapping[str, Field] = field(default_factory=dict)
    etag: str = ""


class Store(Protocol):
    """Azure Table Storage, or its like in memory; one contract suite runs on both."""

    def get(self, partition: str, key: str) -> Row | None:
        """The row, or None."""
        ...

    def scan(self, partition: str, start: str, stop: str, limit: int | None = None) -> Iterator[Row]:
        """Rows with start <= key < stop, in the order of their keys."""
        ...

    def commit(self, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        """All of the changes (at most 100, each of another row) or none: Conflict. Gives the new etags by key."""
        ...


class ReadAhead:
    """A store whose rows under these prefixes of these partitions are read at once, one range each, and then answered
    from memory as they stood; everything else is asked of the store behind it."""

    def __init__(self, store: Store, partitions: Iterable[str], prefixes: Sequence[str]) -> None:
        self._store, self._prefixes = store, tuple(prefixes)
        self._rows = {
            place: {row.key: row for prefix in prefixes for row in store.scan(place, prefix, prefix + "\x7f")}
            for place in set(partitions)
        }

    def get(self, partition: str, key: str) -> Row | None:
        """As the store's."""
        if partition in self._rows and key.startswith(self._prefixes):
            return self._rows[partition].get(key)
        return self._store.get(partition, key)

    def scan(self, partition: str, start: str, stop: str, limit: int | None = None) -> Iterator[Row]:
        """As the store's."""
        return self._store.scan(partition, start, stop, limit)

    def commit(self, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        """As the store's; what was read ahead stays as it was."""
        return self._store.commit(partition, changes)
