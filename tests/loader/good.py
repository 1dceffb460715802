"""Makes whole archives of every awkward kind and counts false alarms: `python -m tests.loader.good`."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from loader.programs import Programs
from loader.verdict import Level, Outcome, Verdict
from local.postgres.delivery import GLOBALS, UUID
from local.postgres.programs import programs
from local.postgres.sample import make
from local.postgres.server import Server
from tests.loader.kit import verified

AZURE = "--no-acl --no-owner --quote-all-identifiers --serializable-deferrable"  # as Single Server's points record
# name → database, pg_dump's options
VARIANTS = {
    "plain custom": ("shop", ""),
    "written to a pipe": ("shop", "pipe"),
    "inserts": ("shop", "--inserts"),
    "inserts with columns, many a line": ("shop", "--column-inserts --rows-per-insert=50"),
    "by partition root": ("shop", "--load-via-partition-root"),
    "as Azure's single servers": ("shop", AZURE),
    "data only": ("shop", "--data-only"),
    "definitions only": ("shop", "--schema-only"),
    "without large objects": ("shop", "--no-blobs"),
    "uncompressed": ("shop", "--compress=0"),
    "hard compressed": ("shop", "--compress=9"),
    "one table": ("shop", "--table=sales.no_columns"),
    "names with newlines and COPY": ("odd names", ""),
    "names with newlines, to a pipe": ("odd names", "pipe"),
    "nothing but an empty database": ("empty", ""),
    "LATIN1": ("latin1", ""),
    "SQL_ASCII with bytes of any kind": ("ascii", ""),
    "wide rows and nulls": ("wide", ""),
}
FROM_16 = {"lz4": ("shop", "--compress=lz4"), "zstd": ("shop", "--compress=zstd:3")}
MANY = {"5,000 tables": ("many", ""), "5,000 tables, to a pipe": ("many", "pipe")}
FROM_18 = {"tables of an extension": ("extended", "")}
MANY_TABLES = 5000
ODD_NAMES = r"""
create table "COPY public.t (a) FROM stdin;
" ("FROM stdin;
" text, "\." text);
insert into "COPY public.t (a) FROM stdin;
" values (E'\\.', E'COPY public.t (a) FROM stdin;\n1\n\\.\n'), (null, ''), ('', null);
"""


@dataclass(frozen=True)
class Good:
    """One whole archive's verdict beside what the server says."""

    name: str
    verdict: Verdict
    rows: int | None  # in the server; None where the dump holds only some of them

    @property
    def fault(self) -> str:
        """What is wrong with the verdict, empty where it is right."""
        counted = self.verdict.databases[0].rows
        if self.verdict.outcome is not Outcome.PASSED:
            return f"{self.verdict.outcome}: {self.verdict.reason}"
        if self.rows is not None and counted != self.rows:
            return f"{counted} rows counted, the server has {self.rows}"
        return ""


def variants(major: int, many: bool) -> dict[str, tuple[str, str]]:
    later = {**(FROM_16 if major >= 16 else {}), **(FROM_18 if major >= 18 else {})}
    return {**VARIANTS, **later, **(MANY if many else {})}


def archives(client: Programs, many: bool) -> Iterator[Good]:
    """Every variant of one major, dumped and verified at both levels."""
    with tempfile.TemporaryDirectory() as made, _server(client, Path(made)) as server:
        _databases(server, many)
        schema = Path(made) / f"{UUID}_schema.sql"
        schema.write_bytes(b"" if many else server.run("pg_dumpall", GLOBALS["schema"]))
        for name, (database, options) in variants(client.major, many).items():
            folder = Path(made) / "delivered"
            folder.mkdir()
            _dump(server, folder, database, options)
            shutil.copy(schema, folder)
            for level in (Level.LISTED, Level.DECODED):
                verdict = verified(folder, level, [database])
                rows = _rows(server, database) if level is Level.DECODED and _whole(options) else None
                yield Good(f"{client.version} {name}, {level}", verdict, rows)
            shutil.rmtree(folder)


@contextmanager
def _server(client: Programs, folder: Path) -> Iterator[Server]:
    settings = ["max_locks_per_transaction=1024"]
    if client.major >= 18:
        _extension(folder / "control" / "extension")
        folder.chmod(0o755)
        settings.append(f"extension_control_path=$system:{folder / 'control'}")
    with Server(client, settings=settings) as server:
        yield server


def _extension(folder: Path) -> None:
    """An extension with a table whose rows belong into dumps."""
    folder.mkdir(parents=True)
    (folder / "keeps_rows.control").write_text("default_version = '1'\nrelocatable = true\n")
    (folder / "keeps_rows--1.sql").write_text(
        "create table kept (id int, v text);\nselect pg_extension_config_dump('kept', 'where id > 1');\n"
    )


def _databases(server: Server, many: bool) -> None:
    make(server)
    with server.connect() as connection:
        for name, encoding in {"odd names": "UTF8", "empty": "UTF8", "wide": "UTF8", "latin1": "LATIN1"}.items():
            line = sql.SQL("create database {} template template0 encoding {}")
            connection.execute(line.format(sql.Identifier(name), sql.Literal(encoding)))
        connection.execute("create database ascii template template0 encoding 'SQL_ASCII'")
    for name, script in _scripts(server.programs.major, many).items():
        if name in ("many", "extended"):
            with server.connect() as connection:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        with server.connect(name) as connection:
            connection.execute(script.encode())


def _scripts(major: int, many: bool) -> dict[str, str]:
    filled = (
        "do $$begin for i in 1..{} loop execute 'create table t' || i || ' as select ' || i || ' as a'; end loop; end$$"
    )
    wide = ", ".join(f"c{n} text" for n in range(600))
    big = "create table big as select repeat(md5(i::text), 3000) as a from generate_series(1, 40) i"
    scripts = {
        "odd names": ODD_NAMES,
        "latin1": "create table t (a text); insert into t values ('Zürich'), ('x')",
        "ascii": r"create table t (a text); insert into t values (E'\xff\xfe caf\xe9'), (E'\xc3')",
        "wide": f"create table t ({wide}); insert into t select from generate_series(1, 40); {big}",
    }
    if many:
        scripts["many"] = filled.format(MANY_TABLES)
    if major >= 18:
        scripts["extended"] = "create extension keeps_rows; insert into kept values (1, 'no'), (2, 'yes'), (3, 'yes')"
    return scripts


def _dump(server: Server, folder: Path, database: str, options: str) -> None:
    path = folder / f"{UUID}_database_{database}.sql"
    if options == "pipe":
        path.write_bytes(server.run("pg_dump", "--format=custom", f"--dbname={database}"))
    else:
        server.run("pg_dump", "--format=custom", *options.split(), f"--file={path}", f"--dbname={database}")


def _whole(options: str) -> bool:
    """Whether the dump holds all rows, as COPY."""
    return "inserts" not in options and "schema-only" not in options and "table" not in options


def _rows(server: Server, database: str) -> int:
    """All rows of ordinary tables, as the server counts them; of an extension's table those it keeps."""
    if database == "extended":
        return 2
    with server.connect(database) as connection:
        connection.execute("set client_encoding = 'UTF8'")
        tables = connection.execute(
            "select quote_ident(nspname) || '.' || quote_ident(relname) from pg_class c"
            " join pg_namespace n on n.oid = relnamespace where relkind = 'r' and nspname !~ '^(pg_|information)'"
        ).fetchall()
        counts = [connection.execute(f"select count(*) from {table}").fetchone() for (table,) in tables]  # noqa: S608
    return sum(row[0] for row in counts if row)


def main() -> int:
    """All majors that are here; 5,000 tables with the newest and with 16."""
    here = programs()
    total, faults = 0, []
    for major, client in here.items():
        for good in archives(client, many=major in (16, max(here))):
            total += good.name.endswith(Level.DECODED)
            if good.fault:
                faults.append(f"{good.name}: {good.fault}")
    print(f"{total} whole archives of PostgreSQL {', '.join(map(str, here))}: {len(faults)} false alarms")
    print("\n".join(faults))
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
