r"""Loads a plain SQL dump over one connection, statement by statement: no psql, so no `\!` can run. Two passes."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import psycopg

from loader.contents import ACTS_OUTSIDE, NEEDS_SUPERUSER, extension_schema
from loader.left_out import LeftOut
from loader.load_archive import Deadline, Ended
from loader.quoting import IDENTIFIER, name_of
from loader.script import CopyEnd, CopyLine, MetaCommand, Part, Statement, is_copy, parts
from loader.sqlstates import DISK_FULL
from loader.throwaway import LOADER, Throwaway

BUFFER = 1 << 18
PASSING_COMMANDS = re.compile(rb"\\(restrict|unrestrict|connect) ")
SCHEMA = re.compile(rf"CREATE SCHEMA ({IDENTIFIER})(?: AUTHORIZATION .*)?", re.DOTALL)
EXTENSION = re.compile(rf"CREATE EXTENSION (?:IF NOT EXISTS )?({IDENTIFIER})(?: .*)?", re.DOTALL)
# Statements that the frame already holds, or that belong to owners and rights of another server.
FRAME = re.compile(
    r"(CREATE|ALTER|COMMENT ON) (DATABASE|SCHEMA|EXTENSION|ROLE)\b|(GRANT|REVOKE)\b|ALTER DEFAULT PRIVILEGES\b"
    r"|ALTER .* OWNER TO |SET default_tablespace\b|COMMENT ON EXTENSION\b",
    re.DOTALL,
)
KEPT_FRAME = re.compile(r"COMMENT ON SCHEMA\b")
LEFT_OUT = (
    (re.compile(r"CREATE EVENT TRIGGER\b"), NEEDS_SUPERUSER),
    (re.compile(r"CREATE FOREIGN DATA WRAPPER\b"), NEEDS_SUPERUSER),
    (re.compile(r"CREATE PUBLICATION .* FOR (ALL TABLES|TABLES IN SCHEMA)\b", re.DOTALL), NEEDS_SUPERUSER),
    (re.compile(r"CREATE SUBSCRIPTION\b"), ACTS_OUTSIDE),
    (re.compile(r"CREATE USER MAPPING\b"), ACTS_OUTSIDE),
    (re.compile(r"SECURITY LABEL\b"), "needs the source's label provider"),
)


class ForeignCommand(Exception):
    """The file holds a psql command that pg_dump does not write."""


@dataclass
class PlainContents:
    """What a first pass over the file finds."""

    schemas: list[str] = field(default_factory=list)
    extensions: list[tuple[str, str]] = field(default_factory=list)
    rows: Counter[bytes] = field(default_factory=Counter)  # by COPY statement
    left_out: list[LeftOut] = field(default_factory=list)
    inserts: bool = False  # rows stand in INSERT statements, which are not counted


def read_plain(lines: Iterable[bytes]) -> PlainContents:
    """Reads the whole file. ScriptError if it is cut, ForeignCommand."""
    found = PlainContents()
    copying = b""
    for part in parts(lines):
        if isinstance(part, CopyLine):
            found.rows[copying] += 1
        elif isinstance(part, MetaCommand):
            _refuse_command(part)
        elif isinstance(part, Statement):
            if is_copy(part.text):
                copying = part.text
                found.rows[copying] += 0
            else:
                _note(found, part.text.decode(errors="replace"))
    return found


def _note(found: PlainContents, sql: str) -> None:
    if named := SCHEMA.fullmatch(sql):
        found.schemas.append(name_of(named[1]))
    elif named := EXTENSION.fullmatch(sql):
        found.extensions.append((name_of(named[1]), extension_schema(sql + ";")))
    elif sql.startswith("INSERT "):
        found.inserts = True
    elif why := _left_out(sql):
        found.left_out.append(LeftOut(" ".join(sql.split())[:80], why))


def _left_out(sql: str) -> str:
    return next((why for pattern, why in LEFT_OUT if pattern.match(sql)), "")


def _refuse_command(part: MetaCommand) -> None:
    if not PASSING_COMMANDS.match(part.text):
        shown = part.text.decode(errors="backslashreplace")[:80]
        raise ForeignCommand(
            f"line {part.line} is a psql command, {shown!r}, which pg_dump does not write: psql would run it"
        )


def timed(throwaway: Throwaway, lines: Iterable[bytes], seconds: float) -> Ended:
    """Loads with a deadline. ForeignCommand, ScriptError; what the source raises is raised."""
    with closing(throwaway.connect(LOADER)) as connection:
        deadline = Deadline(throwaway, throwaway.kill, seconds)
        try:
            said = load_plain(connection, lines)
        except psycopg.OperationalError as error:
            return Ended(1, str(error), deadline.late, deadline.late_at)
        finally:
            deadline.cancel()
    return Ended(int(bool(said)), said, deadline.late, deadline.late_at)


def load_plain(connection: psycopg.Connection[Any], lines: Iterable[bytes]) -> str:
    """Runs the file's statements. One that fails is passed over, as psql does: the server's log has its error.

    Gives the words of the first that failed and of the first that found the disk full, which the log then may lack.

    Raises ForeignCommand, ScriptError, and psycopg.OperationalError when the connection is lost.
    """
    stream, said, full = parts(lines), "", ""
    for part in stream:
        if isinstance(part, MetaCommand):
            _refuse_command(part)
        elif isinstance(part, Statement):
            sql = part.text.decode(errors="replace")
            try:
                if is_copy(part.text):
                    _copy(connection, part.text, stream)
                elif not (_left_out(sql) or (FRAME.match(sql) and not KEPT_FRAME.match(sql))):
                    connection.execute(part.text)
            except psycopg.Error as error:
                if connection.broken:
                    raise
                said = said or str(error)
                full = full or (str(error) if error.sqlstate == DISK_FULL else "")
    return "\n".join(filter(None, (said, full)))


def _copy(connection: psycopg.Connection[Any], statement: bytes, stream: Iterator[Part]) -> None:
    """Sends the rows; where the server refuses them, the rest is read past."""
    rows = _rows(stream)
    try:
        with connection.cursor().copy(statement) as copy:
            for piece in rows:
                copy.write(piece)
    finally:
        for _ in rows:
            pass


def _rows(stream: Iterator[Part]) -> Iterator[bytes]:
    """The rows up to the block's end, many at once."""
    waiting = bytearray()
    for part in stream:
        if isinstance(part, CopyEnd):
            break
        assert isinstance(part, CopyLine)
        waiting += part.data
        if len(waiting) >= BUFFER:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def lines_of(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """A file's lines with their newlines, from pieces of any size."""
    rest: list[bytes] = []  # of a line that is not whole yet: one may have a gigabyte
    for chunk in chunks:
        first, *more = chunk.split(b"\n")
        rest.append(first)
        if more:
            *whole, last = more
            yield b"".join(rest) + b"\n"
            yield from (line + b"\n" for line in whole)
            rest = [last]
    if line := b"".join(rest):
        yield line
