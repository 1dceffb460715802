"""The level `listed`: every block begins where the TOC says and the file's last bytes are there, by ranged reads."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from loader.archive import END_OF_BLOCK, Archive, Entry, block_begins, blocks
from loader.manifest import Database
from loader.sources import File, Source

BEFORE, AFTER = len(END_OF_BLOCK), 6  # bytes looked at on both sides of a block's start
GAP, SPAN = 256 << 10, 2 << 20  # blocks nearer than GAP are read with one range, of SPAN bytes at most
READERS = 8  # ranges asked for at once
LENGTH = 5  # bytes of a chunk's length: its sign, then the number
WINDOW = 1 << 20
PLAIN_TAIL = 512
PLAIN_END = b"-- PostgreSQL database dump complete"

Group = list[tuple[int, Entry]]


def faults(source: Source, database: Database, *, end: bool = True) -> list[str]:
    """What is wrong with the file, empty if nothing is. SourceError. Without `end` the last bytes are not read."""
    if database.damage:
        return [database.damage]
    if database.plain:
        return plain_faults(source, database.file)
    if not database.archive:
        return []
    found = block_faults(source, database.file, database.archive)
    return found or (end_faults(source, database) if end else [])


def end_faults(source: Source, database: Database) -> list[str]:
    """An archive ends with the end of its last block; one without data ends with its TOC."""
    file, archive = database.file, database.archive
    if not archive:
        return []
    if not archive.with_data():
        return [] if file.size >= archive.toc_end else [f"the file ends at byte {file.size:,}, inside the TOC"]
    # a block of large objects ends twice: its last object, then itself
    expected = END_OF_BLOCK * (2 if archive.with_data()[-1].kind == "BLOBS" else 1)
    last = source.read(file, max(0, file.size - len(expected)), len(expected))
    return [] if last == expected else [f"its last bytes, {last.hex(' ')}, are not the end of an archive"]


def block_faults(source: Source, file: File, archive: Archive) -> list[str]:
    """Blocks that do not begin where the TOC says, or come before the end of another."""
    known = list(blocks(archive))
    for offset, entry in known:
        if not archive.toc_end <= offset <= file.size - AFTER:
            where = f"byte {offset:,} of {file.size:,}"
            return [f"the rows of {titled(entry)} should begin at {where}, outside the file's data"]
    if known and known[0][0] != archive.toc_end:
        return [f"the TOC ends at byte {archive.toc_end:,}, the first block begins at {known[0][0]:,}"]
    with ThreadPoolExecutor(READERS) as readers:
        for found in readers.map(partial(_group_faults, source, file, archive.toc_end), groups(known)):
            if found:
                readers.shutdown(cancel_futures=True)
                return found
    return []


def length_faults(source: Source, file: File, archive: Archive) -> list[str]:
    """A chunk that is longer than what is left of its table's block. It reads through the file once more, so it is for
    a pg_restore that ran out of memory: a spoilt length asks for as much as it says."""
    known = list(blocks(archive))
    for (offset, entry), end in zip(known, [*(offset for offset, _ in known[1:]), file.size], strict=False):
        if entry.kind == "BLOBS":  # each of its objects has chunks of its own
            continue
        at, length, start, window = offset + AFTER, 1, 0, b""
        while length:
            if not start <= at <= start + len(window) - LENGTH:
                start, window = at, source.read(file, at, WINDOW)
            raw = window[at - start : at - start + LENGTH]
            length = int.from_bytes(raw[1:], "little")
            if len(raw) < LENGTH or raw[0] or at + LENGTH + length > end:
                return [
                    f"at byte {at:,} a chunk of {titled(entry)} is said to have {length:,} bytes: its block ends before"
                ]
            at += LENGTH + length
    return []


def groups(known: Group) -> Iterator[Group]:
    """Neighbours that one ranged read can cover."""
    group: Group = []
    for offset, entry in known:
        if group and (offset - group[-1][0] > GAP or offset - group[0][0] > SPAN):
            yield group
            group = []
        group.append((offset, entry))
    if group:
        yield group


def _group_faults(source: Source, file: File, toc_end: int, group: Group) -> list[str]:
    start = max(group[0][0] - BEFORE, 0)
    found = source.read(file, start, group[-1][0] + AFTER - start)
    for offset, entry in group:
        at = offset - start
        if not block_begins(found[at : at + AFTER], entry):
            return [f"at byte {offset:,} there is no block of {titled(entry)}"]
        if offset > toc_end and found[at - BEFORE : at] != END_OF_BLOCK:
            return [f"the block before byte {offset:,} ({titled(entry)}) does not end"]
    return []


def plain_faults(source: Source, file: File) -> list[str]:
    """The faults of a plain dump: its last lines must be the end that pg_dump writes."""
    tail = source.read(file, max(0, file.size - PLAIN_TAIL), PLAIN_TAIL)
    return [] if PLAIN_END in tail else ["a plain dump without its closing line: it is cut off"]


def titled(entry: Entry) -> str:
    return f"{entry.schema}.{entry.name}" if entry.schema else entry.name
