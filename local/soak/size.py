"""The bytes that rows of the ledger's table take. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

KEYS = frozenset({"PartitionKey", "RowKey"})
INT32 = 2**31


@dataclass(frozen=True)
class Size:
    """KiB that a closed restore leaves, as Azure counts them, and of keys and values alone. -1: no restore closed."""

    whole: float = -1.0
    values: float = -1.0


def size_a_restore(rows: Sequence[Mapping[str, Any]]) -> Size:
    """Of the rows of restores, keys and columns together."""
    restores = sum(str(row["RowKey"]).startswith("restore-") for row in rows)

    def kib(size: Callable[[str, str, Mapping[str, Any]], int]) -> float:
        each = [size(row["PartitionKey"], row["RowKey"], _columns(row)) for row in rows]
        return sum(each) / 1024 / restores

    return Size(kib(bytes_of), kib(_keys_and_values)) if restores else Size()


def _columns(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in KEYS}


def bytes_of(partition: str, key: str, columns: Mapping[str, Any]) -> int:
    """A row's, as Azure counts them:
    https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model"""
    each = (8 + 2 * _units(name) + size_of(value) for name, value in columns.items())
    return 4 + 2 * (_units(partition) + _units(key)) + sum(each)


def size_of(value: object) -> int:
    """A value's: a text takes two bytes a character, and four for its length."""
    if isinstance(value, str):
        return 4 + 2 * _units(value)
    if isinstance(value, bytes):
        return 4 + len(value)
    if isinstance(value, bool):
        return 1
    return 4 if isinstance(value, int) and -INT32 <= value < INT32 else 8


def _keys_and_values(_: str, key: str, columns: Mapping[str, Any]) -> int:
    """Without names, lengths, the partition's key, and what each row and column takes beside them."""
    return 2 * _units(key) + sum(size_of(value) - 4 * isinstance(value, str | bytes) for value in columns.values())


def _units(text: str) -> int:
    """Azure counts UTF-16 units: an emoji is two."""
    return len(text.encode("utf-16-le")) // 2
