"""What the ledger needs of a table: rows, changes that happen together or not at all, and Conflict. Pure."""

from collections.abc import Iterator, Mapping, Sequence
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
