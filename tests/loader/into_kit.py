"""A person's server to load into: its admin has the source admin's name, another password, and is no superuser."""

import contextlib
import io
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from loader.cli import main
from loader.server import Server
from local.postgres.programs import pg_bin, programs
from local.postgres.sample import ADMIN

PASSWORD = "the-targets-own-password"
ROLES = f"""
create role azure_pg_admin nologin createrole createdb;
create role {ADMIN} login createrole createdb password '{PASSWORD}';
grant azure_pg_admin to {ADMIN} with admin option;
grant pg_read_all_data, pg_monitor to {ADMIN} with admin option;
"""
HASH = f"select rolpassword from pg_authid where rolname = '{ADMIN}'"  # noqa: S608
# Lines that name a moment or a name, not an object.
PASSING = re.compile(r"\s*(--.*|\\(un)?restrict .*|SET \w+ = .*|(ALTER|CREATE|COMMENT ON) DATABASE .*|.*lo_open.*)?$")


@contextmanager
def target(major: int) -> Iterator[Server]:
    with Server(programs()[major]) as server:
        with server.connect() as connection:
            connection.execute(ROLES.encode())
        yield server


def load(
    monkeypatch: pytest.MonkeyPatch, server: Server, folder: Path | str, *more: str, password: str = PASSWORD
) -> tuple[int, dict[str, Any]]:
    """Runs the command as a person would; gives its exit code and its JSON."""
    monkeypatch.setenv("PGPASSWORD", password)
    monkeypatch.setenv("PG_BIN", pg_bin())
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        code = main(["load", str(folder), "--into", f"host={server.folder} user={ADMIN}", "--json", *more])
    return code, json.loads(out.getvalue().splitlines()[-1])


# What PostgreSQL 15 and 18 spell in their own way in the sample: a view over one table, a grant, a NOT NULL.
SPELT = (
    (re.compile(r"\b(orders|invoices)\.(?=[a-z])"), ""),
    (re.compile(r" CONSTRAINT \w+ NOT NULL"), " NOT NULL"),
    (re.compile("TABLES  TO"), "TABLES TO"),
)


def spelt_alike(lines: list[str]) -> list[str]:
    """Lines of two majors, comparable."""
    for pattern, plain in SPELT:
        lines = [pattern.sub(plain, line) for line in lines]
    return sorted(lines)


def printed(archive: Path, *more: str) -> list[str]:
    """An archive's statements and rows, in an order that does not depend on the server's own."""
    newest = programs()[max(programs())]
    line = [newest.path("pg_restore"), "--file=-", *more, str(archive)]
    text = subprocess.run(line, capture_output=True, check=True).stdout.decode()  # noqa: S603
    return sorted(line for line in text.splitlines() if not PASSING.match(line))


def dumped(server: Server, database: str, folder: Path) -> Path:
    file = folder / "again"
    escaped = database.replace("\\", "\\\\").replace("'", "\\'")
    file.write_bytes(server.run("pg_dump", "-Fc", "-d", f"dbname='{escaped}'"))
    return file
