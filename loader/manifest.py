"""Reads what was delivered: each database's file with what its head says, and the server's three other files."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from loader.archive import MAGIC, Archive, Damaged, Unsupported, is_archive, read_archive
from loader.sources import File, Source

DATABASE = "_database_"
OTHERS = re.compile(r"_(roles|tablespaces?|schema)\.sql$")
PLAIN_HEAD = re.compile(rb"\s*(--|\\restrict |SET |\\connect )")
HEAD = 4096  # bytes read of a plain file's head
FOREIGN_PROBLEM = "neither a custom archive nor a plain dump: it begins with {}"


@dataclass(frozen=True)
class Database:
    """One database's file. Exactly one of `archive`, `plain`, `damage` and `unsupported` says what it is."""

    file: File
    name: str  # the archive's own word; from the file's name where there is no archive
    archive: Archive | None = None
    plain: bool = False
    server_version: str = ""
    dump_version: str = ""
    dumped_at: datetime | None = None
    damage: str = ""
    unsupported: str = ""

    @property
    def compression(self) -> str:
        """none, gzip, lz4 or zstd; `plain` of plain SQL; empty if the head is unreadable."""
        return self.archive.header.compression if self.archive else "plain" if self.plain else ""

    @property
    def tables(self) -> int | None:
        return len(self.archive.of_kind("TABLE")) if self.archive else None

    @property
    def extensions(self) -> list[str]:
        return sorted(entry.name for entry in self.archive.of_kind("EXTENSION")) if self.archive else []


@dataclass(frozen=True)
class Manifest:
    """What a source holds."""

    databases: tuple[Database, ...]
    roles: File | None
    table_spaces: File | None
    definitions: File | None  # pg_dumpall's --schema-only, of all databases
    unknown: tuple[File, ...]
    doubled: tuple[File, ...] = ()  # a second file of roles, table spaces or definitions: of another delivery

    def names(self) -> set[str]:
        return {database.name for database in self.databases}

    @property
    def size(self) -> int:
        """Bytes of all databases' files."""
        return sum(database.file.size for database in self.databases)


def read_manifest(source: Source) -> Manifest:
    """Lists the source and reads each head. SourceError."""
    others: dict[str, File] = {}
    databases: list[Database] = []
    unknown: list[File] = []
    doubled: list[File] = []
    for file in source.files():
        if other := OTHERS.search(file.name):
            kind = other[1].rstrip("s")
            doubled += [file] if kind in others else []
            others.setdefault(kind, file)
            continue
        head = source.read(file, 0, HEAD)
        if is_archive(head) or DATABASE in file.name:
            databases.append(read_database(source, file, head))
        else:
            unknown.append(file)
    server = (others.get("role"), others.get("tablespace"), others.get("schema"))
    return Manifest(tuple(databases), *server, tuple(unknown), tuple(doubled))


def read_database(source: Source, file: File, head: bytes) -> Database:
    """What one file's head says."""
    name = name_from_file(file.name)
    if not is_archive(head):
        return _not_an_archive(file, name, head)
    try:
        archive = read_archive(lambda offset, length: source.read(file, offset, length))
    except Damaged as error:
        return Database(file, name, damage=str(error))
    except Unsupported as error:
        return Database(file, name, unsupported=str(error))
    said = archive.header
    return Database(
        file,
        said.database or name,
        archive,
        server_version=said.server_version,
        dump_version=said.dump_version,
        dumped_at=said.dumped_at,
    )


def name_from_file(name: str) -> str:
    """What stands after the first `_database_`; ambiguous, so an archive's own word comes first."""
    return name.partition(DATABASE)[2].removesuffix(".sql") or name


def _not_an_archive(file: File, name: str, head: bytes) -> Database:
    """Plain SQL, a spoilt archive (nearly PGDMP, zeros, nothing at all), or something that nobody has described."""
    if PLAIN_HEAD.match(head):
        server = _found(rb"^-- Dumped from database version (\S+)", head)
        dump = _found(rb"^-- Dumped by pg_dump version (\S+)", head)
        return Database(file, name, plain=True, server_version=server, dump_version=dump)
    if not file.size:
        return Database(file, name, damage="the file is empty")
    nearly = sum(a == b for a, b in zip(head, MAGIC, strict=False)) >= 3
    if nearly or not head.strip(b"\0"):
        return Database(file, name, damage=FOREIGN_PROBLEM.format(head[:5].hex(" ")))
    return Database(file, name, unsupported=FOREIGN_PROBLEM.format(head[:5].hex(" ")))


def _found(pattern: bytes, head: bytes) -> str:
    match = re.search(pattern, head, re.MULTILINE)
    return match[1].decode("utf-8", "replace") if match else ""


def missing(manifest: Manifest, expected: Sequence[str]) -> list[str]:
    """Expected databases without a file."""
    return sorted(set(expected) - manifest.names())
