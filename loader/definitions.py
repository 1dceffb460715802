"""Compares an archive's definitions with the part of `_schema.sql` that another dump of the same database wrote."""

import re
import subprocess
from collections import Counter
from collections.abc import Iterator

from loader.archive import Archive
from loader.confined import confined
from loader.programs import CLEAN
from loader.sources import File, Source

MAX_HELD = 16 << 20  # bytes of _schema.sql, and of a TOC, that are held at once
SECONDS = 300.0
NOT_COMPARED = "{}: its definitions were not compared, {}"
CONNECT = re.compile(rb'^\\connect (?:-reuse-previous=\S+ )?(".*"|\S+)$', re.MULTILINE)
# Lines that belong to a client or to a moment, not to the database.
PASSING = re.compile(
    rb"\s*$|--|SET |SELECT pg_catalog\.set_config|\\(?:un)?restrict |\\connect |\\encoding |REFRESH |"
    rb"CREATE DATABASE |DROP DATABASE |(?:ALTER|COMMENT ON|GRANT|REVOKE) .*DATABASE "
)
OWNER = re.compile(rb"^ALTER [A-Z ]+ (?=.* OWNER TO )")  # pg_restore 16 and older say TABLE of a view


def differences(source: Source, schema: File, file: File, archive: Archive, pg_restore: str) -> str:
    """A warning's words, empty if both say the same. SourceError."""
    if max(schema.size, archive.toc_end) > MAX_HELD:
        return NOT_COMPARED.format(file.name, f"more than {MAX_HELD >> 20} MiB")
    part = section(source.read(schema, 0, schema.size), archive.header.database.encode())
    if part is None:
        return f"{schema.name} has no part for {archive.header.database}"
    printed = definitions(source, file, archive, pg_restore)
    if printed is None:
        return NOT_COMPARED.format(file.name, "pg_restore does not print them")
    ours, theirs = Counter(lines(printed)), Counter(lines(part))
    apart = [*(ours - theirs), *(theirs - ours)]
    if not apart:
        return ""
    example = apart[0].decode("utf-8", "replace").strip()[:120]
    return f"{file.name}: {len(apart)} lines of its definitions differ from {schema.name}, first: {example}"


def definitions(source: Source, file: File, archive: Archive, pg_restore: str) -> bytes | None:
    """What pg_restore makes of the TOC alone; None if it cannot."""
    head = source.read(file, 0, archive.toc_end)
    line = [pg_restore, "--schema-only", "--create", "--file=-"]
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    with confined(lambda: subprocess.Popen(line, stdin=pipe, stdout=pipe, stderr=nowhere, env=CLEAN)) as process:
        try:
            printed, _ = process.communicate(head, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return None
    return printed if process.returncode == 0 else None


def section(text: bytes, database: bytes) -> bytes | None:
    """The statements of one database in pg_dumpall's output."""
    starts = [(found.start(), _unquoted(found[1])) for found in CONNECT.finditer(text)]
    ends = [*(start for start, _ in starts), len(text)][1:]
    parts = [text[start:end] for (start, name), end in zip(starts, ends, strict=True) if name == database]
    return b"\n".join(parts) if parts else None


def lines(text: bytes) -> Iterator[bytes]:
    """The lines that tell databases apart."""
    return (OWNER.sub(b"ALTER ", line) for line in text.split(b"\n") if not PASSING.match(line))


def _unquoted(name: bytes) -> bytes:
    """`"odd ""name"`, or a connection string in which libpq's quoting stands: dbname='…'."""
    plain = name[1:-1].replace(b'""', b'"') if name.startswith(b'"') else name
    told = re.fullmatch(rb"dbname='(.*)'", plain)
    return re.sub(rb"\\(.)", rb"\1", told[1]) if told else plain
