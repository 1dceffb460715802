"""Every call with its answer, so that tests can check what the app did."""

import json
import sqlite3

from local.emulator.wire.errors import Json

KEPT, SOME = 100_000, 1000


def note(db: sqlite3.Connection, verb: str, doc: Json, kept: int = KEPT) -> None:
    """The oldest are forgotten, some at a time."""
    n = db.execute("INSERT INTO calls (verb, doc) VALUES (?, ?)", (verb, json.dumps(doc))).lastrowid or 0
    if n % SOME == 0:
        db.execute("DELETE FROM calls WHERE n <= ?", (n - kept,))


def since(db: sqlite3.Connection, n: int) -> list[Json]:
    rows = db.execute("SELECT n, doc FROM calls WHERE n > ? ORDER BY n", (n,))
    return [{"n": row["n"], **json.loads(row["doc"])} for row in rows]


def counts(db: sqlite3.Connection) -> dict[str, int]:
    return {row["verb"]: row["count"] for row in db.execute("SELECT verb, count(*) AS count FROM calls GROUP BY verb")}
