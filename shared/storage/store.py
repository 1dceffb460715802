"""What the ledger needs of a table: rows, changes that happen together or not at all, and Conflict. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
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
        """A text column; empty if it is absent."""
        return str(self.fields.get(name, ""))


@dataclass(frozen=True)
class Change:
    """insert: must not be there. update: merged if `etag` still matches. put: whatever is there is replaced.
    delete: if `etag` still matches (any version if it is empty)."""

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


type Span = tuple[str, str, str]  # partition, first key, and the key behind the last


def under(partitions: Iterable[str], prefixes: Sequence[str]) -> list[Span]:
    """The spans of all keys that begin so."""
    return [(place, prefix, prefix + "\x7f") for place in sorted(set(partitions)) for prefix in prefixes]


class ReadAhead:
    """A store of which these spans are read at once, one range each, and then answered from memory as they stood;
    everything else is asked of the store behind it, and so is a span that has more than `most` rows."""

    def __init__(self, store: Store, spans: Iterable[Span], most: int | None = None) -> None:
        self._store = store
        read = [(span, list(store.scan(*span, None if most is None else most + 1))) for span in spans]
        self._kept = {span: {row.key: row for row in rows} for span, rows in read if most is None or len(rows) <= most}

    def _within(self, partition: str, start: str, stop: str) -> Mapping[str, Row] | None:
        """The rows of a span that holds all of these keys."""
        held = ((span, rows) for span, rows in self._kept.items() if span[0] == partition)
        return next((rows for (_, first, end), rows in held if first <= start and stop <= end), None)

    def get(self, partition: str, key: str) -> Row | None:
        """As the store's."""
        rows = self._within(partition, key, key + "\0")
        return self._store.get(partition, key) if rows is None else rows.get(key)

    def scan(self, partition: str, start: str, stop: str, limit: int | None = None) -> Iterator[Row]:
        """As the store's."""
        rows = self._within(partition, start, stop)
        if rows is None:
            return self._store.scan(partition, start, stop, limit)
        return islice((row for key, row in rows.items() if start <= key < stop), limit)

    def commit(self, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        """As the store's; what was read ahead stays as it was."""
        return self._store.commit(partition, changes)


CHUNK = 16_000  # characters of a column, which takes 32 Ki UTF-16 units; a character may be two


def chunked(text: str) -> dict[str, Field]:
    """The columns of a long text."""
    chunks = [text[i : i + CHUNK] for i in range(0, len(text), CHUNK)]
    return {"chunks": len(chunks), **{f"json{i}": chunk for i, chunk in enumerate(chunks)}}


def joined(row: Row) -> str:
    """The text that was split over columns. Columns beyond the count are remains of a longer text."""
    return "".join(row.text(f"json{i}") for i in range(int(row.text("chunks") or 0)))
