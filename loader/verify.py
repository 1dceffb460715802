"""Verifies what was delivered, at the levels listed and decoded: gathers, then judges."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from loader import listed
from loader.decode import Decoded, decode
from loader.definitions import differences
from loader.judgement import judge_decoded
from loader.manifest import Database, Manifest, missing, read_manifest
from loader.programs import Programs
from loader.progress import Progress
from loader.sources import Source, SourceError
from loader.verdict import DatabaseReport, Finding, Level, Outcome, Verdict, judge

NEEDED_MAJOR = {(1, 15): 16, (1, 16): 17}  # the oldest pg_restore that reads an archive of that version
FIRST_TIME = "no databases were expected by name: whether all of them are here cannot be told"

NO_CLIENT = "no pg_restore {} or newer is here (PG_BIN)"


@dataclass
class Look:
    """One verification while it runs: what was found so far."""

    source: Source
    manifest: Manifest
    programs: Mapping[int, Programs]
    progress: Progress
    findings: list[Finding] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    reports: dict[str, DatabaseReport] = field(default_factory=dict)  # by file name
    decoded: dict[str, Decoded] = field(default_factory=dict)  # by file name

    def inconclusive(self, reason: str, file: str = "") -> None:
        self.findings.append(Finding(Outcome.INCONCLUSIVE, reason, file))

    def failed(self, reason: str, file: str = "") -> None:
        self.findings.append(Finding(Outcome.FAILED, reason, file))


def verify(
    source: Source,
    level: Level,
    expected: Sequence[str],
    programs: Mapping[int, Programs],
    progress_of: Callable[[int], Progress] = Progress,
) -> Verdict:
    """A verdict, whatever happens on our side: what we cannot read is inconclusive."""
    began = time.monotonic()
    try:
        look = examine(source, level, expected, programs, progress_of)
    except SourceError as error:
        found = [Finding(Outcome.INCONCLUSIVE, str(error))]
        return judge(level, found, [], [], time.monotonic() - began)
    reports = [look.reports[database.file.name] for database in look.manifest.databases]
    return judge(level, look.findings, reports, look.warnings, time.monotonic() - began)


def examine(
    source: Source,
    level: Level,
    expected: Sequence[str],
    programs: Mapping[int, Programs],
    progress_of: Callable[[int], Progress] = Progress,
) -> Look:
    """Reads and looks, database by database; one that cannot be read does not keep the others from being read."""
    manifest = read_manifest(source)
    look = Look(source, manifest, programs, progress_of(manifest.size if level is not Level.LISTED else 0))
    _the_set(look, expected)
    for database in manifest.databases:
        look.reports[database.file.name] = report(database)
        try:
            if _listed(look, database, level) and level is not Level.LISTED:
                look.progress.begin(database.file.name)
                _decoded(look, database)
        except SourceError as error:
            look.inconclusive(str(error), database.file.name)
    look.progress.end()
    return look


def report(database: Database) -> DatabaseReport:
    return DatabaseReport(
        database.name,
        database.file.name,
        database.file.size,
        database.compression,
        database.server_version,
        database.dump_version,
        database.dumped_at.isoformat() if database.dumped_at else "",
        database.tables,
    )


def _the_set(look: Look, expected: Sequence[str]) -> None:
    """Whether all files are here that should be."""
    for name in missing(look.manifest, expected):
        look.failed(f"the database {name} was expected and has no file")
    if not expected:
        look.warnings.append(FIRST_TIME)
        if not look.manifest.databases:
            look.inconclusive("there is no database's file here")
    if not look.manifest.definitions:
        look.warnings.append("there is no _schema.sql: definitions are compared with nothing")
    for file in look.manifest.doubled:
        look.warnings.append(f"{file.name} is of another delivery than the others and was not looked at")
    for file in look.manifest.unknown:
        look.warnings.append(f"{file.name} is of no known kind and was not looked at")


def _listed(look: Look, database: Database, level: Level) -> bool:
    """Whether decoding makes sense. Odd last bytes are decided by decoding, where that follows."""
    if database.unsupported:
        look.inconclusive(database.unsupported, database.file.name)
        return False
    found = listed.faults(look.source, database, end=level is Level.LISTED)
    for reason in found:
        look.failed(reason, database.file.name)
    return not found


def _decoded(look: Look, database: Database) -> None:
    if database.plain:
        _plain(look, database)
        return
    archive = database.archive
    assert archive
    clients = readers(look.programs, archive.header.version)
    if not clients:
        needed = NEEDED_MAJOR.get(archive.header.version, 12)
        _undecodable(look, Finding(Outcome.INCONCLUSIVE, NO_CLIENT.format(needed), database.file.name), database)
        return
    pg_restore = clients[0].path("pg_restore")
    statements = [entry.copy_statement for entry in archive.with_data()]
    decoded = decode(look.source.stream(database.file), pg_restore, statements, look.progress.advance)
    look.decoded[database.file.name] = decoded
    if found := judge_decoded(decoded, database.file.size, database.file.name):
        _undecodable(look, found, database)
    _count(look, database, decoded)
    if look.manifest.definitions:
        warning = differences(look.source, look.manifest.definitions, database.file, archive, pg_restore)
        look.warnings.extend([warning] if warning else [])


def _undecodable(look: Look, found: Finding, database: Database) -> None:
    """Where we cannot decode, last bytes or lengths that are wrong still show that the file is damaged."""
    look.findings.append(found)
    if found.outcome is Outcome.INCONCLUSIVE:
        reasons = listed.end_faults(look.source, database)
        if "out of memory" in found.reason and database.archive:
            reasons += listed.length_faults(look.source, database.file, database.archive)
        for reason in reasons:
            look.failed(reason, database.file.name)


def _count(look: Look, database: Database, decoded: Decoded) -> None:
    """Rows are counted only where the dump was made with COPY."""
    assert database.archive
    data = database.archive.of_kind("TABLE DATA")
    counted = all(entry.copy_statement for entry in data)
    rows = sum(decoded.rows.values()) if counted else None
    if not counted:
        look.warnings.append(f"{database.file.name}: rows are not counted, the dump was made with --inserts")
    if decoded.left_over or (decoded.code == 0 and listed.end_faults(look.source, database)):
        look.warnings.append(f"{database.file.name}: bytes follow the archive's end")
    old = look.reports[database.file.name]
    look.reports[database.file.name] = replace(old, sha256=decoded.sha256, rows=rows)


def _plain(look: Look, database: Database) -> None:
    """There is nothing to decode: every byte is read, and `listed` has seen the closing line."""
    digest, size = hashlib.sha256(), 0
    for chunk in look.source.stream(database.file):
        digest.update(chunk)
        size += len(chunk)
        look.progress.advance(len(chunk))
    if size != database.file.size:
        look.inconclusive(f"{size:,} of {database.file.size:,} bytes came", database.file.name)
    old = look.reports[database.file.name]
    look.reports[database.file.name] = replace(old, sha256=digest.hexdigest())


def readers(programs: Mapping[int, Programs], version: tuple[int, int]) -> list[Programs]:
    """The clients that read archives of that version, the newest first."""
    needed = NEEDED_MAJOR.get(version, 0)
    return [programs[major] for major in sorted(programs, reverse=True) if major >= needed]
