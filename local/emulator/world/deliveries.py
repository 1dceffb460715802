"""Puts the files of ended jobs into their containers; what a file holds comes from a folder of real dumps."""

import json
import re
import uuid
from dataclasses import asdict, replace
from pathlib import Path
from urllib.parse import urlsplit

from local.emulator.world.containers import Containers
from local.emulator.world.left_behind import Job
from local.emulator.world.store import Store

LOST_CONTAINER = "UserErrorContainerNotAccessible"
_HEAD = re.compile(r"^[0-9a-f-]{36}_")


def names(dumps: Path, variant: str, prefix: str | None) -> list[str]:
    """The names that a job delivers: the dumps' own, with a fresh uuid or the prefix before them."""
    head = prefix or str(uuid.uuid4())
    return [f"{head}_{_HEAD.sub('', path.name)}" for path in sorted((dumps / variant).iterdir())]


def deliver_ended(store: Store, containers: Containers, dumps: Path, now: int) -> None:
    """Writes what is not written yet. A job whose container is gone fails, and writes nothing."""
    sql = "SELECT doc, variant FROM deliveries JOIN jobs ON jobs.id = deliveries.job WHERE deliveries.appears <= ?"
    for row in store.db.execute(sql, (now,)).fetchall():
        job = Job(**json.loads(row["doc"]))
        account, container = place(job.destination)
        sources = {_tail(path.name): path for path in (dumps / row["variant"]).iterdir()}
        wanted = store.db.execute("SELECT name FROM files WHERE job = ?", (job.id,)).fetchall()
        files = [(str(one["name"]), sources[_tail(str(one["name"]))].read_bytes()) for one in wanted]
        if not containers.put(account, container, files):
            failed = replace(job, outcome="Failed", error=LOST_CONTAINER, transferred=0)
            store.db.execute("UPDATE jobs SET doc = ? WHERE id = ?", (json.dumps(asdict(failed)), job.id))
            store.db.execute("DELETE FROM files WHERE job = ?", (job.id,))
        store.db.execute("DELETE FROM deliveries WHERE job = ?", (job.id,))


def owe(store: Store, job: Job, variant: str) -> None:
    """To be delivered when the job ends."""
    store.db.execute("INSERT INTO deliveries VALUES (?, ?, ?)", (job.id, job.ends, variant))


def place(url: str) -> tuple[str, str]:
    """Account and container of a container's URL."""
    parts = urlsplit(url)
    return (parts.hostname or "").partition(".")[0], parts.path.strip("/")


def _tail(name: str) -> str:
    """What follows the uuid or the prefix: `database_shop.sql`, `roles.sql`."""
    found = re.search(r"_(database_.*|roles\.sql|schema\.sql|tablespace\.sql)\Z", name, re.DOTALL)
    return found[1] if found else name
