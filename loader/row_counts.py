"""Compares the rows of the loaded tables with the rows that the dump holds, by the tables that COPY names."""

import re
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import psycopg

from loader.quoting import IDENTIFIER, name_of, qualified
from loader.throwaway import LOADER, Throwaway
from loader.verdict import Finding, Outcome

TARGET = re.compile(rf"COPY (?:({IDENTIFIER})\.)?({IDENTIFIER})[ (]", re.IGNORECASE)
KIND = "select relkind from pg_catalog.pg_class where oid = pg_catalog.to_regclass(%s)"

Table = tuple[str, str]  # schema, name


def by_target(rows: Mapping[bytes, int]) -> Counter[Table]:
    """Adds up by table: dumps made with --load-via-partition-root name the root once for each partition."""
    total: Counter[Table] = Counter()
    for statement, count in rows.items():
        if found := TARGET.match(statement.decode(errors="surrogateescape")):
            total[(name_of(found[1] or "public"), name_of(found[2]))] += count
    return total


def compare(throwaway: Throwaway, rows: Mapping[bytes, int], left_out: set[Table], file: str) -> list[Finding]:
    """Findings of the tables that hold another number of rows; tables of extensions are left out."""
    findings = []
    with closing(throwaway.connect(LOADER)) as connection:
        connection.execute("set search_path = pg_catalog")
        for (schema, name), expected in by_target(rows).items():
            if (schema, name) in left_out or schema == "cron":
                continue
            there = _count(connection, schema, name)
            if there != expected:
                found = "is missing" if there is None else f"has {there:,} rows"
                reason = f"the table {schema}.{name} {found} after the load, the dump holds {expected:,}"
                findings.append(Finding(Outcome.FAILED, reason, file))
    return findings


def _count(connection: psycopg.Connection[Any], schema: str, name: str) -> int | None:
    """A partitioned table is counted with its partitions, any other without its heirs."""
    target = qualified(schema, name)
    kind = connection.execute(KIND, [target]).fetchone()
    if not kind:
        return None
    only = "" if kind[0] == "p" else "only "
    row = connection.execute(f"select count(*) from {only}{target}".encode()).fetchone()  # noqa: S608 - quoted
    return int(row[0]) if row else None
