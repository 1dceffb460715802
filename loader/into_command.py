"""`python -m loader load SOURCE --into DSN`: databases of a restore, into a server of yours, in one command."""

import argparse
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from loader import roles
from loader.choice import Choice, choose, client_of, refuse
from loader.into import Done, Job, load
from loader.left_out import LeftOut
from loader.manifest import Database, read_manifest
from loader.programs import Programs, find
from loader.progress import Progress, duration, size
from loader.quoting import loading_name
from loader.script import ScriptError
from loader.sources import File, Folder, Part, Source, SourceError, open_source
from loader.sqlstates import NO_SPACE
from loader.target import Facts, Refused, Target, run
from loader.verdict import USAGE

ERRORS = "Loaded with errors, so not renamed: {}. Use it as it is, or DROP DATABASE."
FULL = "the target's disk is full: drop {}, make room, and run the same command again"
INCLUDES = {"foreign": "foreign servers, tables and user mappings", "cron": "pg_cron's jobs"}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help="a folder, or a container's URL")
    parser.add_argument("--into", required=True, metavar="DSN", help="the server, without a password: host=… user=…")
    parser.add_argument("--database", action="append", default=[], metavar="NAME[=NEW]", help="only this one, as NEW")
    parser.add_argument("--jobs", type=_count, default=1, metavar="N", help="pg_restore's connections")
    parser.add_argument("--locale", default="", help="instead of the source's: sorting may differ")
    parser.add_argument("--include", action="append", default=[], choices=sorted(INCLUDES), help="left out otherwise")
    parser.add_argument("--entra", action="store_true", help="a token of your Azure sign-in is the password")
    parser.add_argument("--dry-run", action="store_true", help="looks at everything, changes nothing")
    parser.add_argument("--prefix", default="", metavar="TEXT", help="only files whose names begin so")
    for name, words in {"since": "from that moment on", "until": "up to that moment"}.items():
        parser.add_argument(f"--{name}", type=_moment, metavar="TIME", help=f"only blobs written {words} (ISO 8601)")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")


def _count(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError("a number from 1 on")
    return int(text)


def _moment(text: str) -> datetime:
    """UTC where it names no zone."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no time (2026-11-26T18:00:00Z)") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def main(parsed: argparse.Namespace) -> int:
    """Exit 0 loaded or there already, 1 with errors, 2 not begun, 3 wrong usage, 130 Ctrl-C."""
    report = Report(parsed.json)
    try:
        target = Target(parsed.into, os.environ, entra=parsed.entra)
        source = open_source(parsed.source, os.environ, Part(parsed.since, parsed.until, parsed.prefix))
        return _load(parsed, source, target, report)
    except Refused as error:
        return report.end(2, f"Nothing was loaded: {error}")
    except (SourceError, ScriptError, psycopg.Error, OSError) as error:
        how = "It ended early" if report.begun else "Nothing was loaded"
        return report.end(2, f"{how}: {str(error).strip()}{report.left_behind()}")
    except KeyboardInterrupt:
        return report.end(130, f"Stopped.{report.left_behind()}")


class Report:
    """What is said on the way, and at the end in one object."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self.databases: list[dict[str, object]] = []
        self.left_out: list[LeftOut] = []
        self.loading = ""
        self.begun = False  # whether anything of the target may have changed

    def progress(self, total: int) -> Progress:
        """How far a file is read; if it is not a terminal, only of what takes long."""
        return Progress(total, sys.stderr)

    def say(self, text: str) -> None:
        print(text, file=sys.stderr if self._as_json else sys.stdout, flush=True)

    def left_behind(self) -> str:
        if not self.loading:
            return ""
        return f" {self.loading} holds what came so far: the same command begins it anew, DROP DATABASE removes it."

    def end(self, code: int, words: str) -> int:
        if self.left_out:
            self.say("Left out:")
        for item in self.left_out:
            self.say(f"  {item.what}: {item.why}")
        self.say(words)
        if self._as_json:
            left_out = [{"what": item.what, "why": item.why} for item in self.left_out]
            said = {"ok": code == 0, "message": words, "databases": self.databases, "leftOut": left_out}
            print(json.dumps(said, ensure_ascii=False))
        return code


def _load(parsed: argparse.Namespace, source: Source, target: Target, report: Report) -> int:
    facts = target.facts()
    report.say(f"reading {parsed.source}")
    manifest = read_manifest(source)
    programs = find(os.environ)
    chosen = choose(manifest, parsed.database)
    clients = {choice.name: client_of(programs, choice, facts.roles.major) for choice in chosen}
    refuse(chosen, facts)
    for choice in chosen:
        report.say(f"{choice.database.name} → {choice.name}: {size(choice.database.file.size)} packed")
    if parsed.dry_run:
        return report.end(0, "Nothing stands in the way. (--dry-run: nothing was changed.)")
    report.begun = True
    if manifest.roles:
        text = source.read(manifest.roles, 0, manifest.roles.size)
        steps, left_out = roles.plan(roles.read(text), facts.roles)
        with target.connect() as connection:
            report.left_out += [*left_out, *run(connection, steps)]
        facts = target.facts()
    loaded: list[str] = []
    wrong: list[str] = []
    refused: list[str] = []
    for choice in chosen:
        try:
            whole = _one(parsed, source, target, choice, clients, facts, report)
            (loaded if whole else wrong).append(choice.name if whole else loading_name(choice.name))
        except Refused as error:  # the others are loaded all the same
            refused.append(str(error))
    said = [f"Loaded: {', '.join(loaded)}."] if loaded else []
    said += [ERRORS.format(", ".join(wrong))] if wrong else []
    said += [f"Not loaded: {'; '.join(refused)}."] if refused else []
    return report.end(1 if wrong else 2 if refused else 0, " ".join(said))


def _one(
    parsed: argparse.Namespace,
    source: Source,
    target: Target,
    choice: Choice,
    clients: dict[str, Programs],
    facts: Facts,
    report: Report,
) -> bool:
    began = time.monotonic()
    archive = choice.database.archive
    assert archive
    mark, listed = facts.databases.get(choice.name), listed_as(source, choice.database.file)
    if mark and listed and mark.file == listed:
        return _there_already(choice, mark.sha256, report)
    with tempfile.TemporaryDirectory(prefix="restore-") as folder:
        path, sha256 = fetched(source, choice.database, Path(folder), report.progress(choice.database.file.size))
        if mark and mark.sha256 != sha256:
            raise Refused(f"{choice.name} was loaded from another backup: drop it, or choose another name")
        if mark:
            return _there_already(choice, sha256, report)
        entry: dict[str, object] = {"name": choice.name, "source": choice.database.name, "sha256": sha256}
        report.databases.append(entry)
        client, include = clients[choice.name], tuple(parsed.include)
        job = Job(archive, path, sha256, choice.name, client, parsed.jobs, include, parsed.locale, listed)
        report.loading = job.loading
        done: Done = load(target, job, facts.roles, facts.databases.get(job.loading), report.say)
    report.loading = ""
    report.left_out += done.left_out
    entry |= {"state": "failed" if done.errors else "loaded", "errors": done.errors}
    for error in done.errors:
        report.say(f"{choice.name}: {error}")
    if any(NO_SPACE in error for error in done.errors):
        report.say(f"{choice.name}: {FULL.format(loading_name(choice.name))}")
    report.say(f"{choice.name}: {'errors' if done.errors else 'loaded'} after {duration(time.monotonic() - began)}")
    return not done.errors


def _there_already(choice: Choice, sha256: str, report: Report) -> bool:
    said = {"name": choice.name, "source": choice.database.name, "sha256": sha256, "state": "there already"}
    report.databases.append(dict(said))
    report.say(f"{choice.name}: there already, from this very file")
    return True


def listed_as(source: Source, file: File) -> str:
    """A blob's name, size and etag, which no other content has; empty for a folder, whose files are read again."""
    return "" if isinstance(source, Folder) else f"{file.name} {file.size} {file.version}"


def fetched(source: Source, database: Database, folder: Path, progress: Progress) -> tuple[Path, str]:
    """The file on this machine, and its sha256. Refused if there is no room for it."""
    here = isinstance(source, Folder)
    path = source.path(database.file) if isinstance(source, Folder) else folder / "archive"
    free = shutil.disk_usage(folder).free
    if not here and database.file.size > free:
        lacking = f"{database.file.name} has {size(database.file.size)}, {size(free)} are free in {folder.parent}"
        raise Refused(f"{lacking}: TMPDIR names another folder")
    digest = hashlib.sha256()
    progress.begin(database.file.name)
    with (Path(os.devnull) if here else path).open("wb") as copy:
        for chunk in source.stream(database.file):
            digest.update(chunk)
            copy.write(chunk)
            progress.advance(len(chunk))
    progress.end()
    return path, digest.hexdigest()


__all__ = ["USAGE", "arguments", "main"]
