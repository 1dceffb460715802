"""What restores leave behind: operations, jobs, files and new databases, as rows."""

import json
import sqlite3
from dataclasses import asdict, dataclass
from typing import Literal

from local.emulator.wire.errors import Json

Category = Literal["Restore", "CrossRegionRestore", "Backup"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One accepted POST. `error` is a key of CODES; `job_ref` is the job as this operation names it."""

    id: str
    kind: Literal["validate", "restore"]
    vault: str
    instance: str
    location: str
    started: int
    ends: int
    activity: str
    cross_region: bool = False
    error: str = ""
    detail: str = ""
    job_ref: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """Everything a job will ever show, fixed when it is made; what it shows now follows from the time."""

    id: str
    vault: str
    instance: str
    category: Category
    started: int
    ends: int | None
    activity: str
    point: str
    point_time: int
    store: str = "VaultStore"
    destination: str = ""
    prefix: str | None = None
    outcome: str = "Completed"
    running: str = "InProgress"
    error: str = ""
    priority: str | None = None
    rehydrated: int | None = None
    transferred: int = 0
    etag_every: int = 0  # ticks between two etags while it runs; 0: the etag changes only with the job

    def done(self, now: int) -> bool:
        return self.ends is not None and now >= self.ends

    def status(self, now: int) -> str:
        return self.outcome if self.done(now) else self.running


@dataclass(frozen=True, slots=True)
class OperationRow:
    operation: Operation
    polled: bool
    expired: int  # the status its URLs answer from now on; 0: they still work


def add_operation(db: sqlite3.Connection, operation: Operation, expired: int) -> None:
    sql = "INSERT INTO operations (id, doc, expired) VALUES (?, ?, ?)"
    db.execute(sql, (operation.id, json.dumps(asdict(operation)), expired))


def find_operation(db: sqlite3.Connection, id_: str) -> OperationRow | None:
    row = db.execute("SELECT doc, polled, expired FROM operations WHERE id = ?", (id_,)).fetchone()
    return OperationRow(Operation(**json.loads(row["doc"])), bool(row["polled"]), row["expired"]) if row else None


def mark_polled(db: sqlite3.Connection, id_: str) -> None:
    db.execute("UPDATE operations SET polled = 1 WHERE id = ?", (id_,))


def expire_operation(db: sqlite3.Connection, id_: str, status: int) -> None:
    db.execute("UPDATE operations SET expired = ? WHERE id = ?", (status, id_))


def add_job(db: sqlite3.Connection, job: Job) -> None:
    sql = "INSERT OR REPLACE INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?)"
    db.execute(sql, (job.id, job.vault, job.instance, job.category, job.started, job.ends, json.dumps(asdict(job))))


def find_job(db: sqlite3.Connection, id_: str) -> Job | None:
    row = db.execute("SELECT doc FROM jobs WHERE id = ?", (id_.lower(),)).fetchone()
    return _job(row) if row else None


def list_jobs(
    db: sqlite3.Connection, vault: str, span: tuple[int, int], after: tuple[int, str], limit: int, *, cross_region: bool
) -> list[Job]:
    """Oldest first, started within the span, from just after (started, id). The two kinds are never listed together."""
    sql = (
        "SELECT doc FROM jobs WHERE vault = ? AND (category = 'CrossRegionRestore') = ? AND started BETWEEN ? AND ? "
        "AND (started, id) > (?, ?) ORDER BY started, id LIMIT ?"
    )
    return [_job(row) for row in db.execute(sql, (vault, cross_region, *span, *after, limit))]


def all_jobs(db: sqlite3.Connection) -> list[Job]:
    return [_job(row) for row in db.execute("SELECT doc FROM jobs WHERE category <> 'Backup' ORDER BY started, id")]


def running_restores(db: sqlite3.Connection, instance: str, now: int) -> int:
    """Those about to start count too: they hold their place from the moment they are accepted."""
    sql = "SELECT count(*) FROM jobs WHERE instance = ? AND category <> 'Backup' AND (ends IS NULL OR ends > ?)"
    return int(db.execute(sql, (instance, now)).fetchone()[0])


def restores_since(db: sqlite3.Connection, instance: str, since: int) -> int:
    sql = "SELECT count(*) FROM jobs WHERE instance = ? AND category <> 'Backup' AND started > ?"
    return int(db.execute(sql, (instance, since)).fetchone()[0])


def database_exists(db: sqlite3.Connection, id_: str) -> bool:
    return db.execute("SELECT 1 FROM databases WHERE id = ?", (id_.lower(),)).fetchone() is not None


def add_database(db: sqlite3.Connection, id_: str, job: str) -> None:
    db.execute("INSERT INTO databases VALUES (?, ?)", (id_.lower(), job))


def add_files(db: sqlite3.Connection, container: str, names: list[str], job: Job) -> None:
    rows = [(container, name, job.id, job.ends, job.transferred // len(names)) for name in names]
    db.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", rows)


def list_files(db: sqlite3.Connection, now: int) -> list[Json]:
    sql = "SELECT container, name, job, appears, size FROM files WHERE appears <= ? ORDER BY container, name"
    return [dict(row) for row in db.execute(sql, (now,))]


def _job(row: sqlite3.Row) -> Job:
    return Job(**json.loads(row["doc"]))
