"""Every call as it was answered, for whoever checks what the app did."""

import json
import sqlite3

from local.emulator.wire.errors import Json


def note(db: sqlite3.Connection, verb: str, doc: Json) -> None:
    db.execute("INSERT INTO calls (verb, doc) VALUES (?, ?)", (verb, json.dumps(doc)))


def since(db: sqlite3.Connection, n: int) -> list[Json]:
    rows = db.execute("SELECT n, doc FROM calls WHERE n > ? ORDER BY n", (n,))
    return [{"n": row["n"], **json.loads(row["doc"])} for row in rows]


def counts(db: sqlite3.Connection) -> dict[str, int]:
    return {row["verb"]: row["count"] for row in db.execute("SELECT verb, count(*) AS count FROM calls GROUP BY verb")}
