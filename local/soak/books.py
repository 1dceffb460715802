"""What the ledger's table holds after a soak: the live rows that are left, and the bytes of a closed restore."""

from azure.data.tables import TableClient

from local.soak.size import Size, size_a_restore

KINDS = ("restore-", "done-", "told-", "said-", "job-", "dead-", "key")  # rows of one restore each
RANGES = ("v", "k")  # partitions of vaults, and of idempotency keys


def left(table: TableClient) -> list[str]:
    """Open restores, turns and notices that are owed."""
    rows = table.query_entities("RowKey ge 'live-' and RowKey lt 'live.'", select=["RowKey"])
    return [row["RowKey"] for row in rows if not row["RowKey"].startswith("live-watch")]


def kib_a_restore(table: TableClient) -> Size:
    """Of all rows of restores, and of their idempotency keys."""
    rows = [
        row for one in RANGES for row in table.query_entities(f"PartitionKey ge '{one}-' and PartitionKey lt '{one}.'")
    ]
    return size_a_restore([row for row in rows if row["RowKey"].startswith(KINDS)])
