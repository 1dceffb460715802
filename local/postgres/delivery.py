"""Makes the files that a restore of the sample server delivers: real dumps, made once and kept in `.local`."""

import fcntl
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from loader.programs import Programs
from local.postgres import sample
from local.postgres.programs import programs
from local.postgres.server import Server
from local.setup.node import ROOT

KEPT = ROOT / ".local" / "deliveries"
UUID = "7f3c2d1e-5b8a-4c60-9f4e-2d6b1a0c9e37"  # flexible servers: the files' names begin with one, not with our prefix
GLOBALS = {"roles": "--roles-only", "tablespace": "--tablespaces-only", "schema": "--schema-only"}
SOURCES = sorted([*Path(__file__).parent.glob("*.py"), *sample.SCRIPTS.glob("*.sql")])


@dataclass(frozen=True)
class Delivery:
    """One folder of delivered files: a file a database, then roles, table spaces and definitions."""

    folder: Path
    major: int

    def database(self, name: str) -> Path:
        """That database's file."""
        return self.folder / f"{UUID}_database_{name}.sql"

    def files(self) -> list[Path]:
        return sorted(self.folder.iterdir())


def delivery(major: int = 16, *, plain: bool = False, compress: str = "") -> Delivery:
    """The files of a sample server of that major: custom archives, or plain SQL. About two seconds the first time.

    `compress` is pg_dump's --compress ("zstd", "none", …; from 16 on), empty for its default, gzip.
    """
    chosen = programs()[major]
    parts = "-".join(filter(None, (str(major), "plain" if plain else "custom", compress.replace(":", "_"))))
    folder = KEPT / f"{parts}-{_inputs(chosen)}"
    with _alone():
        if not folder.exists():
            fresh = folder.with_suffix(".new")
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(parents=True)
            with Server(chosen) as server:
                sample.make(server)
                dump(server, fresh, ["--format=plain"] if plain else ["--format=custom"], compress)
            for old in KEPT.glob(f"{parts}-????????????????"):
                shutil.rmtree(old)
            fresh.rename(folder)
    return Delivery(folder, major)


def dump(server: Server, folder: Path, options: list[str], compress: str = "") -> None:
    """Writes what Azure Backup writes: every database, then pg_dumpall's three files."""
    more = [f"--compress={compress}"] if compress else []
    with server.connect() as connection:
        rows = connection.execute("select datname from pg_database where not datistemplate").fetchall()
    for (name,) in rows:
        made = folder / f"{UUID}_database_{name}.sql"
        server.run("pg_dump", *options, *more, f"--file={made}", f"--dbname={_dsn(name)}")
    for kind, option in GLOBALS.items():
        (folder / f"{UUID}_{kind}.sql").write_bytes(server.run("pg_dumpall", option))


def _dsn(database: str) -> str:
    """A name with quotes is safe only inside a connection string."""
    escaped = database.replace("\\", "\\\\").replace("'", "\\'")
    return f"dbname='{escaped}'"


def _inputs(chosen: Programs) -> str:
    """Another version or another sample, and the dumps are made again."""
    total = hashlib.sha256(chosen.version.encode())
    for path in SOURCES:
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:16]


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time: the tests' workers all ask at once."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
