"""What the ledger's table holds after a soak: the live rows that are left, and the bytes of a closed restore."""

from collections.abc import Mapping
from typing import Any

from azure.data.tables import TableClient

KINDS = ("restore-", "done-", "told-", "said-", "job-", "dead-")  # rows of one restore each


def left(table: TableClient) -> list[str]:
    """Open restores, turns and notices that are owed."""
    rows = table.query_entities("RowKey ge 'live-' and RowKey lt 'live.'", select=["RowKey"])
    return [row["RowKey"] for row in rows if not row["RowKey"].startswith("live-watch")]


def kib_a_restore(table: TableClient) -> float:
    """Keys and values, as Azure stores them: a text takes two bytes a character."""
    restores, size = 0, 0
    for row in table.query_entities("PartitionKey ge 'v-' and PartitionKey lt 'v.'"):
        if row["RowKey"].startswith(KINDS):
            restores += row["RowKey"].startswith("restore-")
            size += bytes_of(row)
    return size / 1024 / restores if restores else -1.0


def bytes_of(row: Mapping[str, Any]) -> int:
    """Of a row; its partition's key is the vault's, and short."""
    return sum(size_of(value) for name, value in row.items() if name != "PartitionKey")


def size_of(value: object) -> int:
    """A value's bytes."""
    if isinstance(value, str):
        return len(value.encode("utf-16-le"))
    return len(value) if isinstance(value, bytes) else 8
