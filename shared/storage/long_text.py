"""Long text in the columns of a row: each takes 32 Ki UTF-16 units, so a text goes into several. Pure.

https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
"""

from shared.storage.store import Field, Row

CHUNK = 16_000  # characters; each may be two units


def chunked(text: str) -> dict[str, Field]:
    """The columns of a text."""
    chunks = [text[i : i + CHUNK] for i in range(0, len(text), CHUNK)]
    return {"chunks": len(chunks), **{f"json{i}": chunk for i, chunk in enumerate(chunks)}}


def joined(row: Row) -> str:
    """The text again; columns beyond the count are left from a longer one."""
    return "".join(row.text(f"json{i}") for i in range(int(row.text("chunks") or 0)))
