"""Measures `verify --level decoded` of a large archive beside its parts: `python -m local.bench.verification`.

The parts are reading the blob to nothing and decoding the local file with pg_restore alone; the ratio is of one run.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from azure.storage.blob import ContainerClient

from loader.programs import Programs
from local.postgres.programs import pg_bin, programs
from local.postgres.server import Server
from local.setup.node import ROOT
from local.stack.azurite import Azurite

CONTAINER = "large"
ROW_BYTES = 200
ROUNDS = 5  # the shortest time of each counts: a busy machine only adds
# Text of which gzip leaves about a third.
ROWS = """
create unlogged table lines (id bigint, body text);
insert into lines
select i, md5(i::text) || ' ' || md5((-i)::text) || ' ' || repeat('order ' || i % 1000 || ' of ' || i % 77 || '; ', 6)
from generate_series(1, {}) i;
"""
READ_TO_NOTHING = """
import os, sys
from loader.sources import open_source
source = open_source(sys.argv[1], os.environ)
for file in source.files():
    for chunk in source.stream(file):
        pass
"""
DOCUMENT, BEGIN, END = ROOT / "docs" / "verification.md", "<!-- weight: written by {} -->", "<!-- end of weight -->"


@dataclass(frozen=True)
class Run:
    """One process: how long it took, and the most memory that it, or a child of it, held.

    Linux counts what our own process held at the fork too: for a small program that says nothing.
    """

    seconds: float
    mib: float


def timed(line: list[str], environ: dict[str, str]) -> Run:
    """Runs a process to its end; RuntimeError where it fails."""
    began = time.monotonic()
    process = subprocess.Popen(line, env=environ, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{line[:5]} ended with {process.returncode}")
    return Run(time.monotonic() - began, used.ru_maxrss / 1024)


def archive(client: Programs, mib: int, folder: Path) -> Path:
    """An archive of that many MiB of text."""
    path = folder / "x_database_large.sql"
    with Server(client) as server:
        with server.connect() as connection:
            connection.execute("create database large")
        with server.connect("large") as connection:
            connection.execute(ROWS.format(mib * 1024 * 1024 // ROW_BYTES).encode())
        server.run("pg_dump", "--format=custom", f"--file={path}", "--dbname=large")
    return path


def measure(mib: int, home: Path) -> list[str]:
    """The lines of the report."""
    client = programs()[16]
    path = archive(client, mib, home)
    with Azurite(home) as azurite:
        storage = azurite.connection_string
        container = ContainerClient.from_connection_string(storage, CONTAINER)
        container.create_container()
        with path.open("rb") as file:
            container.upload_blob(path.name, file, max_concurrency=2)
        environ = {**os.environ, "AZURE_STORAGE_CONNECTION_STRING": storage, "PG_BIN": pg_bin()}
        url = f"{azurite.blob_url}/{CONTAINER}"
        python = [sys.executable, "-c", READ_TO_NOTHING, url]
        verify = [sys.executable, "-m", "loader", "verify", url, "--level", "decoded"]
        newest = programs()[max(programs())]
        restore = [newest.path("pg_restore"), "--data-only", "--file=/dev/null", str(path)]
        lines = {"read": python, "decode": restore, "verify": verify}
        rounds = [{name: timed(line, environ) for name, line in lines.items()} for _ in range(ROUNDS)]
    runs = {name: min((one[name] for one in rounds), key=lambda run: run.seconds) for name in lines}
    return report(path.stat().st_size, mib, runs)


def report(size: int, mib: int, runs: dict[str, Run]) -> list[str]:
    ratio = runs["verify"].seconds / (runs["read"].seconds + runs["decode"].seconds)
    return [
        f"| {mib:,} MiB of text, {size / 2**20:,.0f} MiB archive (gzip) | seconds | most memory |",
        "|---|---|---|",
        *(
            f"| {words} | {runs[name].seconds:.1f} | {f'{runs[name].mib:.0f} MiB' if name != 'decode' else ''} |"
            for name, words in {
                "read": "the blob read to nothing",
                "decode": "the local file through `pg_restore` to nothing",
                "verify": "`verify --level decoded` of the blob",
            }.items()
        ),
        f"| ratio to the two together | {ratio:.2f} | |",
    ]


def main() -> int:
    name = "python -m local.bench.verification --write"
    parser = argparse.ArgumentParser(prog="python -m local.bench.verification", description=__doc__)
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--write", action="store_true", help="into docs/verification.md")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        lines = measure(chosen.mib, Path(home))
    print("\n".join(lines))
    if chosen.write:
        begin = BEGIN.format(name)
        before, rest = DOCUMENT.read_text().split(begin)
        DOCUMENT.write_text(before + "\n".join([begin, *lines, END]) + rest.split(END)[1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
