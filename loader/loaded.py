"""The level `loaded`: decode first, then load each database into a throwaway server and ask its checks."""

import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import psycopg

from loader import contents, load_plain, roles
from loader.checks import Answer, ask
from loader.database_locale import UNKNOWN, DatabaseLocale, from_definitions
from loader.left_out import LeftOut
from loader.load_archive import Ended, load_archive
from loader.load_judgement import Space, judge_errors, no_space
from loader.manifest import Database
from loader.messages import Check
from loader.programs import Programs
from loader.progress import Progress, size
from loader.row_counts import compare
from loader.script import ScriptError
from loader.server import ServerError
from loader.sources import Source, SourceError
from loader.throwaway import Frame, Lacking, Throwaway
from loader.verdict import Finding, Level, Outcome, Verdict, judge
from loader.verify import Look, examine, readers

MAX_SCHEMA = 64 << 20  # bytes of _schema.sql that are held at once
MAX_ROLES = 16 << 20


@dataclass(frozen=True)
class Limits:
    """`folder` is where the throwaway server's data lies; `free` bytes of it may be used, by default all there are."""

    load_seconds: float = 6 * 3600.0
    check_seconds: float = 60.0
    folder: str = ""
    free: int | None = None

    def free_bytes(self) -> int:
        there = shutil.disk_usage(self.folder or tempfile.gettempdir()).free
        return there if self.free is None else min(there, self.free)


@dataclass(frozen=True)
class Dump:
    """One database's file, ready to load."""

    database: Database
    frame: Frame
    server: Programs
    rows: Counter[bytes]  # by COPY statement; empty where rows are not counted
    left_out: tuple[LeftOut, ...]
    same_locale: bool
    space: Space


def verify_loaded(
    source: Source,
    expected: Sequence[str],
    checks: Sequence[Check],
    programs: Mapping[int, Programs],
    limits: Limits = Limits(),
    progress_of: Callable[[int], Progress] = Progress,
) -> Verdict:
    """A verdict, whatever happens on our side: what we cannot do is inconclusive."""
    began = time.monotonic()
    answers: list[Answer] = []
    try:
        look = examine(source, Level.DECODED, expected, programs, progress_of)
        for database in look.manifest.databases:
            answers += _one(look, database, [c for c in checks if c.database == database.name], limits)
    except SourceError as error:
        return judge(Level.LOADED, [Finding(Outcome.INCONCLUSIVE, str(error))], [], [], time.monotonic() - began)
    for answer in answers:
        if answer.outcome is not Outcome.PASSED:
            look.findings.append(Finding(answer.outcome, f"check {answer.check.name}: {answer.reason}"))
    reports = [look.reports[database.file.name] for database in look.manifest.databases]
    asked = [answer.as_json() for answer in answers]
    return judge(Level.LOADED, look.findings, reports, look.warnings, time.monotonic() - began, asked)


def _one(look: Look, database: Database, checks: Sequence[Check], limits: Limits) -> list[Answer]:
    """Loads one database and asks its checks; whatever is found goes into the look."""
    file = database.file.name
    if any(finding.file == file for finding in look.findings):
        return []  # already decided: a load would only repeat it
    if database.name in contents.AZURES_DATABASES:
        look.warnings.append(f"{database.name} was not loaded: it works on Azure's servers only")
        return []
    look.progress.say(f"loading {file}")
    try:
        return _in_throwaway(look, _ready(look, database, limits), checks, limits)
    except (load_plain.ForeignCommand, ScriptError) as error:
        look.failed(str(error), file)
    except (Lacking, ServerError, psycopg.Error, SourceError, OSError) as error:
        look.inconclusive(str(error).strip().split("\n", 1)[0], file)
    return []


def _in_throwaway(look: Look, dump: Dump, checks: Sequence[Check], limits: Limits) -> list[Answer]:
    try:
        with Throwaway(dump.server, limits.folder) as throwaway:
            return _loaded(look, dump, throwaway, checks, limits)
    except (Lacking, ServerError, psycopg.Error, OSError) as error:
        if not (full := no_space(str(error))):
            raise
        look.inconclusive(f"{full}; {dump.space.described}", dump.database.file.name)
    return []


def _ready(look: Look, database: Database, limits: Limits) -> Dump:
    """What the load needs, looked at before it begins. Lacking, ForeignCommand, ScriptError, SourceError."""
    space = Space(needed(look, database), limits.free_bytes())
    dump = _plain_dump(look, database, space) if database.plain else _archive_dump(look, database, space)
    look.progress.say(f"{database.file.name} needs about {size(space.needed)}, {size(space.free)} are free")
    if space.needed > space.free:
        raise Lacking(f"the load needs about {size(space.needed)} of disk, {size(space.free)} are free")
    look.warnings += [f"{database.name}: not loaded: {item.what} ({item.why})" for item in dump.left_out]
    return dump


def needed(look: Look, database: Database) -> int:
    """Bytes of disk: tables with indexes, and the write-ahead log beside them."""
    decoded = look.decoded.get(database.file.name)
    data = decoded.output if decoded else database.file.size
    return 2 * data + min(3 * data // 2, 2 << 30) + (100 << 20)


def _server(look: Look, database: Database) -> Programs:
    """The programs of the source's own major: newer ones reject what was right there."""
    text = database.server_version.split(".")[0].split()[0] if database.server_version else ""
    programs = look.programs.get(int(text)) if text.isdigit() else None
    if not programs or not programs.has_server:
        raise Lacking(f"no server of PostgreSQL {text or '(unknown version)'} is here (PG_BIN)")
    return programs


def _archive_dump(look: Look, database: Database, space: Space) -> Dump:
    archive = database.archive
    assert archive
    extensions = contents.extensions_of(archive)
    _timescale(extensions)
    names = contents.owners_of(archive) | _role_names(look)
    locale = contents.locale_of(archive)
    frame = Frame(locale or UNKNOWN, names, contents.schemas_of(archive), extensions)
    data = archive.of_kind("TABLE DATA")
    counted = all(entry.copy_statement for entry in data)
    rows = look.decoded[database.file.name].rows if counted else Counter[bytes]()
    left_out = tuple(contents.split(archive.entries)[1])
    return Dump(database, frame, _server(look, database), rows, left_out, locale is not None, space)


def _plain_dump(look: Look, database: Database, space: Space) -> Dump:
    found = load_plain.read_plain(load_plain.lines_of(look.source.stream(database.file)))
    _timescale(found.extensions)
    locale = _locale_of_plain(look, database)
    frame = Frame(locale or UNKNOWN, _role_names(look), tuple(found.schemas), tuple(found.extensions))
    if not found.inserts:
        old = look.reports[database.file.name]
        look.reports[database.file.name] = replace(old, rows=sum(found.rows.values()), tables=old.tables)
    if not locale:
        look.warnings.append(f"{database.name}: its locale is not known, it was loaded under C")
    server, left_out = _server(look, database), tuple(found.left_out)
    return Dump(database, frame, server, found.rows, left_out, locale is not None, space)


def _locale_of_plain(look: Look, database: Database) -> DatabaseLocale | None:
    file = look.manifest.definitions
    if not file or file.size > MAX_SCHEMA:
        return None
    return from_definitions(look.source.read(file, 0, file.size).decode(errors="replace"), database.name)


def _role_names(look: Look) -> frozenset[str]:
    """Policies name roles, so they must exist."""
    file = look.manifest.roles
    if not file or file.size > MAX_ROLES:
        return frozenset()
    try:
        dump = roles.read(look.source.read(file, 0, file.size))
    except ScriptError as error:
        look.failed(str(error), file.name)
        return frozenset()
    return frozenset(role.name for role in dump.roles)


def _timescale(extensions: Sequence[tuple[str, str]]) -> None:
    if any(name == "timescaledb" for name, _ in extensions):
        raise Lacking("TimescaleDB needs restore steps of its own, which this loader does not take")


def _loaded(look: Look, dump: Dump, throwaway: Throwaway, checks: Sequence[Check], limits: Limits) -> list[Answer]:
    file = dump.database.file.name
    extensions_tables = throwaway.prepare(dump.frame)
    ended = _run(look, dump, throwaway, limits)
    found = judge_errors(throwaway.errors(), ended, file, dump.space, same_locale=dump.same_locale)
    if not found and dump.rows:
        found = compare(throwaway, dump.rows, extensions_tables, file)
    look.findings += found
    if found or not checks:
        return []
    throwaway.become_standby()
    return ask(throwaway, checks, limits.check_seconds)


def _run(look: Look, dump: Dump, throwaway: Throwaway, limits: Limits) -> Ended:
    database = dump.database
    chunks = look.source.stream(database.file)
    if database.plain:
        return load_plain.timed(throwaway, load_plain.lines_of(chunks), limits.load_seconds)
    archive = database.archive
    assert archive
    able = readers(look.programs, archive.header.version)
    client = dump.server if dump.server in able else able[-1]
    return load_archive(throwaway, client, chunks, contents.split(archive.entries)[0], limits.load_seconds)
