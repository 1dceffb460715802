"""What the ledger's table holds after a soak: the live rows that are left, and the bytes of a closed restore."""

from azure.data.tables import TableClient

from local.soak.size import Size, size_a_restore

KINDS = ("restore-", "done-", "told-", "said-", "job-", "dead-")  # rows of one restore each, in its vault's partition


def left(table: TableClient) -> list[str]:
    """Open restores, turns and notices that are owed."""
    rows = table.query_entities("RowKey ge 'live-' and RowKey lt 'live.'", select=["RowKey"])
    return [row["RowKey"] for row in rows if not row["RowKey"].startswith("live-watch")]


def kib_a_restore(table: TableClient) -> Size:
    """Of all rows of restores but those of idempotency keys, which lie in partitions of their own."""
    rows = table.query_entities("PartitionKey ge 'v-' and PartitionKey lt 'v.'")
    return size_a_restore([row for row in rows if row["RowKey"].startswith(KINDS)])
