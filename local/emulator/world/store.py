"""The one sqlite file of an emulator: its schema, its transactions, its key. Committed before an answer is sent."""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS groups (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vaults (id TEXT PRIMARY KEY, doc TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS instances (id TEXT PRIMARY KEY, vault TEXT, doc TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS instances_by_vault ON instances (vault, id);
CREATE TABLE IF NOT EXISTS points
  (instance TEXT, id TEXT, time INTEGER, doc TEXT, PRIMARY KEY (instance, id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS points_by_time ON points (instance, time DESC, id DESC);
CREATE TABLE IF NOT EXISTS rehydrations
  (instance TEXT, point TEXT, starts INTEGER, ends INTEGER, expires INTEGER,
   PRIMARY KEY (instance, point)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS resources (id TEXT PRIMARY KEY, doc TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS assignments
  (scope TEXT, principal TEXT, role TEXT, PRIMARY KEY (scope, principal, role)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS conditions
  (scope TEXT, principal TEXT, role TEXT, text TEXT, PRIMARY KEY (scope, principal, role)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS databases (id TEXT PRIMARY KEY, job TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS operations
  (id TEXT PRIMARY KEY, doc TEXT, polled INTEGER DEFAULT 0, expired INTEGER DEFAULT 0) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS jobs
  (id TEXT PRIMARY KEY, vault TEXT, instance TEXT, category TEXT, started INTEGER, ends INTEGER,
   doc TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS jobs_by_vault ON jobs (vault, category = 'CrossRegionRestore', started, id);
CREATE INDEX IF NOT EXISTS jobs_by_instance ON jobs (instance, started);
CREATE TABLE IF NOT EXISTS files
  (container TEXT, name TEXT, job TEXT, appears INTEGER, size INTEGER, PRIMARY KEY (container, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS containers
  (account TEXT, name TEXT, metadata TEXT, PRIMARY KEY (account, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deleted_containers (id TEXT PRIMARY KEY, ends INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deliveries (job TEXT PRIMARY KEY, appears INTEGER, variant TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS budgets (name TEXT PRIMARY KEY, since INTEGER, amount REAL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS faults
  (n INTEGER PRIMARY KEY AUTOINCREMENT, doc TEXT, matched INTEGER DEFAULT 0, applied INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS calls (n INTEGER PRIMARY KEY AUTOINCREMENT, verb TEXT, doc TEXT);
"""


class Store:
    """One connection, used by one event loop only: transactions never overlap."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(folder / "emulator.sqlite3", isolation_level=None, check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        # NORMAL is enough: a killed process loses nothing that was committed, only a power cut could.
        self.db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=5000;" + _SCHEMA)
        self.db.execute("INSERT OR IGNORE INTO meta VALUES ('key', ?)", (secrets.token_bytes(32),))

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        self.db.execute("BEGIN IMMEDIATE")
        with self.db:
            yield self.db

    @property
    def key(self) -> bytes:
        row = self.db.execute("SELECT value FROM meta WHERE name = 'key'").fetchone()
        return bytes(row["value"])

    def count(self, name: str) -> int:
        """A counter that survives restarts: 1, 2, 3 …"""
        sql = "INSERT INTO meta VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value"
        return int(self.db.execute(sql, (f"count:{name}",)).fetchone()["value"])

    def clear(self) -> None:
        """Everything but the signing key and the counters: an old URL never comes back with a new meaning."""
        # sqlite_sequence too: the ids of rules start again, and with them the draws of the fault seed.
        for row in self.db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if row["name"] != "meta":
                self.db.execute(f"DELETE FROM {row['name']}")  # noqa: S608 - the names are our own schema's

    def close(self) -> None:
        self.db.close()
