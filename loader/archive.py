"""Reads the head of pg_dump's custom archives, versions 1.12 to 1.16: header and table of contents (TOC). Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

MAGIC = b"PGDMP"
OLDEST, NEWEST = (1, 12), (1, 16)  # PostgreSQL 9.0's last change of the format, and PostgreSQL 18's
COMPRESSIONS = ("none", "gzip", "lz4", "zstd")
DATA, LARGE_OBJECTS = 1, 3  # types of block
END_OF_BLOCK = b"\0\0\0\0\0"  # the length 0, as an integer is written; so every archive with data ends
WINDOW = 1 << 20  # bytes asked for at once
MAX_STRING = 4 << 20  # bytes of one that is held: a COPY statement of 1,600 columns has a tenth of it
MAX_ENTRIES, MAX_HEAD = 5_000_000, 1 << 30
OFFSET_KNOWN = 2
# What a load must know before it begins; other definitions are skipped: 5,000 tables have megabytes of them.
KEPT_DEFINITIONS = {
    *("DATABASE", "DATABASE PROPERTIES", "ENCODING", "EXTENSION", "SCHEMA", "COMMENT", "ACL", "DEFAULT ACL"),
    *("PUBLICATION", "EVENT TRIGGER", "SUBSCRIPTION"),
}

Fetch = Callable[[int, int], bytes]  # offset, length → bytes, fewer only where the file ends


class Damaged(Exception):
    """The bytes cannot be a whole archive: wrong with the backup."""


class Unsupported(Exception):
    """An archive that this loader cannot judge: a newer format, or larger than its limits."""


@dataclass(frozen=True)
class Header:
    """What an archive says of itself."""

    version: tuple[int, int]
    compression: str  # none, gzip, lz4, zstd; before 1.15 only whether: none or gzip
    dumped_at: datetime | None  # the dumping machine's local time; None where the fields are no date
    database: str
    server_version: str
    dump_version: str


@dataclass(frozen=True)
class Entry:
    """One line of the TOC."""

    dump_id: int
    has_data: bool
    kind: str  # "TABLE", "TABLE DATA", "EXTENSION", …
    schema: str
    name: str
    owner: str
    definition: str  # only of KEPT_DEFINITIONS
    copy_statement: bytes  # as it stands before the rows; empty for --inserts
    offset: int | None  # of its block; None where the archive was written to a pipe


@dataclass(frozen=True)
class Archive:
    """Header and TOC, and where the blocks begin."""

    header: Header
    entries: tuple[Entry, ...]
    toc_end: int

    def of_kind(self, *kinds: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind in kinds]

    def with_data(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.has_data]


def is_archive(head: bytes) -> bool:
    return head.startswith(MAGIC)


def read_archive(fetch: Fetch) -> Archive:
    """Reads from the start to the end of the TOC, a window at a time. Damaged, Unsupported."""
    reader = _Reader(fetch)
    version, has_byte = _format(reader)
    header = _header(reader, version, has_byte)
    count = reader.integer()
    if not 0 <= count <= MAX_ENTRIES:
        raise Damaged(f"the TOC cannot have {count} entries")
    entries = tuple(_entry(reader, version) for _ in range(count))
    return Archive(header, entries, reader.position)


def blocks(archive: Archive) -> Iterator[tuple[int, Entry]]:
    """Where each known block should begin, in the file's order."""
    known = [(entry.offset, entry) for entry in archive.with_data() if entry.offset is not None]
    yield from sorted(known, key=lambda pair: pair[0])


def block_begins(found: bytes, entry: Entry) -> bool:
    """Whether six bytes are the head of this entry's block: its type, then its id."""
    return found[:1] in (bytes([DATA]), bytes([LARGE_OBJECTS])) and found[1:] == b"\0" + entry.dump_id.to_bytes(
        4, "little"
    )


class _Reader:
    """Integers and strings as archives write them, out of a window that moves on."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._window, self._at, self._start = b"", 0, 0

    @property
    def position(self) -> int:
        return self._start + self._at

    def take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._window):
            self._start, self._window, self._at = self.position, self._window[self._at :], 0
            self._window += self._fetch(self._start + len(self._window), max(WINDOW, count - len(self._window)))
            end = count
            if end > len(self._window):
                raise Damaged(f"the file ends at byte {self._start + len(self._window):,}, inside the TOC")
            if self._start > MAX_HEAD:
                raise Unsupported(f"the TOC is larger than {MAX_HEAD >> 20:,} MiB")
        taken = self._window[self._at : end]
        self._at = end
        return taken

    def byte(self) -> int:
        return self.take(1)[0]

    def integer(self) -> int:
        raw = self.take(5)
        value = int.from_bytes(raw[1:], "little")
        return -value if raw[0] else value

    def raw(self) -> bytes | None:
        length = self.integer()
        if length < 0:
            return None
        if length > MAX_STRING:
            raise Damaged(f"a string of {length:,} bytes at byte {self.position:,} of the TOC")
        return self.take(length)

    def skip(self) -> str:
        """Passes over a string of any length without reading it; gives an empty one."""
        length = max(self.integer(), 0)
        end = self._at + length
        if end <= len(self._window):
            self._at = end
        else:
            self._start, self._window, self._at = self._start + end, b"", 0
        return ""

    def text(self) -> str:
        return (self.raw() or b"").decode("utf-8", "backslashreplace")


def _format(reader: _Reader) -> tuple[tuple[int, int], bool]:
    if reader.take(5) != MAGIC:
        raise Damaged("it does not begin with PGDMP")
    major, minor, _ = reader.take(3)
    sizes = reader.take(3)
    version = (major, minor)
    if not OLDEST <= version <= NEWEST:
        raise Unsupported(f"archive version {major}.{minor}: this loader reads 1.12 to 1.16")
    if sizes != bytes([4, 8, 1]):
        raise Unsupported(f"integers of {sizes[0]} bytes, offsets of {sizes[1]} bytes, format {sizes[2]}")
    return version, version >= (1, 15)


def _header(reader: _Reader, version: tuple[int, int], has_byte: bool) -> Header:
    code = reader.byte() if has_byte else int(reader.integer() != 0)
    if code >= len(COMPRESSIONS):
        raise Unsupported(f"compression of kind {code}")
    second, minute, hour, day, month, year, _ = (reader.integer() for _ in range(7))
    try:
        dumped_at = datetime(year + 1900, month + 1, day, hour, minute, second)  # noqa: DTZ001 - no zone is written
    except (ValueError, OverflowError):
        dumped_at = None
    return Header(version, COMPRESSIONS[code], dumped_at, reader.text(), reader.text(), reader.text())


def _entry(reader: _Reader, version: tuple[int, int]) -> Entry:
    dump_id, has_data = reader.integer(), reader.integer() != 0
    reader.skip()  # the catalog's oid
    reader.skip()  # the object's oid
    name, kind, section = reader.text(), reader.text(), reader.integer()
    if dump_id <= 0 or not 0 <= section <= 4:
        raise Damaged(f"an entry of the TOC with id {dump_id} and section {section} before byte {reader.position:,}")
    definition = reader.text() if kind in KEPT_DEFINITIONS else reader.skip()
    reader.skip()  # how to drop it
    copy_statement, schema = reader.raw() or b"", reader.text()
    reader.skip()  # table space
    if version >= (1, 14):
        reader.skip()  # table access method
    if version >= (1, 16):
        reader.integer()  # kind of relation
    owner = reader.text()
    reader.skip()  # "false": a column with oids, long gone
    while (needed := reader.raw()) is not None:
        if not needed.isdigit():
            raise Damaged(f"a dependency that is no number before byte {reader.position:,}")
    flag, offset = reader.byte(), int.from_bytes(reader.take(8), "little")
    known = offset if flag == OFFSET_KNOWN and has_data else None
    return Entry(dump_id, has_data, kind, schema, name, owner, definition, copy_statement, known)
