"""Loads one archive into a person's server: into `<name>__loading`, which gets its name when everything is there."""

import re
import subprocess
import tempfile
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from loader import contents
from loader.archive import Archive
from loader.database_locale import UNKNOWN
from loader.left_out import LeftOut
from loader.load_plan import LoadPlan, Phase, comment_of, plan
from loader.programs import Programs
from loader.quoting import identifier, loading_name
from loader.roles import Step, TargetRoles
from loader.target import Mark, Refused, Target, grant_owners, owners_here, run, run_rights

ERROR = re.compile(r"pg_restore: error: (.*?)(?=\npg_restore: |\Z)", re.DOTALL)
HOLDER = """
    select pid from pg_locks where locktype = 'advisory' and granted and objsubid = 1
    and (classid::bigint << 32) | objid::bigint = hashtextextended(%s, 0)"""
# pg_restore 17 and newer send it to servers that do not know it.
HARMLESS = 'unrecognized configuration parameter "transaction_timeout"'


@dataclass(frozen=True)
class Job:
    """One database to load; `locale` replaces the source's."""

    archive: Archive
    file: Path
    sha256: str
    name: str
    client: Programs
    jobs: int = 1
    include: Collection[str] = ()
    locale: str = ""
    listed: str = ""  # the file as it was listed, for the mark

    @property
    def loading(self) -> str:
        return loading_name(self.name)


@dataclass
class Done:
    """What became of it; with errors the database keeps the name `<name>__loading`."""

    left_out: list[LeftOut] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def load(target: Target, job: Job, me: TargetRoles, left: Mark | None, say: Callable[[str], None]) -> Done:
    """Loads it; `left` is the mark of a load that was cut off. Refused if another one runs or the empty database
    cannot be made; psycopg.Error where the connection is lost."""
    done = Done()
    with closing(target.connect()) as server:
        _alone(server, job)
        _create(server, job)
        owners = owners_here(server, contents.owners_of(job.archive), me)
        again = owners.mine & set(left.grants if left else ())  # granted for the load that was cut off
        _comment(server, job, Mark("loading", job.sha256, job.listed, tuple(sorted(owners.lacking | again))))
        granted = again
        try:
            granted |= grant_owners(server, owners, me)
            usable = owners.mine | granted
            planned = plan(job.archive, usable, job.loading, job.include)
            done.left_out += planned.left_out
            _fill(target, job, planned, usable, done, say)
        finally:
            _revoke(target, granted, me)
    return done


def _alone(server: psycopg.Connection[Any], job: Job) -> None:
    """Two loads of one name would drop each other's work. The lock ends with the connection."""
    key = f"restore-desk {job.loading}"
    taken = server.execute("select pg_try_advisory_lock(hashtextextended(%s, 0))", [key]).fetchone()
    if taken and not taken[0]:
        holder = server.execute(HOLDER, [key]).fetchone()
        pid = holder[0] if holder else "?"
        raise Refused(
            f"{job.name}: another load of it is running. If it was cut off: SELECT pg_terminate_backend({pid})"
        )


def _revoke(target: Target, granted: Collection[str], me: TargetRoles) -> None:
    """By a new connection: the load may have ended because the old one broke."""
    if granted:
        with closing(target.connect()) as server:
            run(server, [Step(f"REVOKE {identifier(owner)} FROM {identifier(me.me)}", owner) for owner in granted])


def _create(server: psycopg.Connection[Any], job: Job) -> None:
    locale = contents.locale_of(job.archive) or UNKNOWN
    wanted = locale.in_locale(job.locale) if job.locale else locale
    # One of ours, it was looked at; sessions of a load that was cut off may still be in it.
    server.execute(f"DROP DATABASE IF EXISTS {identifier(job.loading)} WITH (FORCE)".encode())
    try:
        server.execute(wanted.create(job.loading).encode())
    except psycopg.Error as error:
        words = str(error).split("\n", 1)[0]
        raise Refused(f"{job.name}: no database with {wanted.described}: {words}; --locale takes another") from error


def _fill(
    target: Target, job: Job, planned: LoadPlan, usable: Collection[str], done: Done, say: Callable[[str], None]
) -> None:
    owner = next((entry.owner for entry in job.archive.of_kind("DATABASE")), "")
    with closing(target.connect()) as server:
        if owner in usable:
            given = Step(f"ALTER DATABASE {identifier(job.loading)} OWNER TO {identifier(owner)}", f"owner {owner}")
            done.left_out += run(server, [given])
        done.left_out += run_rights(server, planned.database_rights)
    say(f"{job.name}: definitions and rows")
    _restore(target, job, planned.schemas, done)
    _rights(target, job, planned.schema_rights, done)
    _restore(target, job, planned.objects, done)
    _rights(target, job, planned.rights, done)
    say(f"{job.name}: row-level security and materialized views")
    _restore(target, job, planned.after, done)
    if not done.errors:
        settings = [Step(text, " ".join(text.split())[:120]) for text in planned.database_settings]
        with closing(target.connect()) as server:
            done.left_out += run(server, settings)
            _comment(server, job, Mark("loaded", job.sha256, job.listed), comment_of(job.archive))
            server.execute(f"ALTER DATABASE {identifier(job.loading)} RENAME TO {identifier(job.name)}".encode())


def _rights(target: Target, job: Job, statements: tuple[str, ...], done: Done) -> None:
    with closing(target.connect(job.loading)) as connection:
        connection.execute("set search_path = pg_catalog")
        done.left_out += run_rights(connection, statements)


def _comment(server: psycopg.Connection[Any], job: Job, mark: Mark, own: str = "") -> None:
    """COMMENT takes a literal only, so the server puts the parts together first."""
    row = server.execute(f"select {mark.comment(own)}".encode()).fetchone()
    assert row
    text = server.execute("select quote_literal(%s)", [row[0]]).fetchone()
    assert text
    server.execute(f"COMMENT ON DATABASE {identifier(job.loading)} IS {text[0]}".encode())


def _restore(target: Target, job: Job, phases: tuple[Phase, ...], done: Done) -> None:
    for phase in phases:
        if not done.errors:
            done.errors += _pg_restore(target, job, phase)


def _pg_restore(target: Target, job: Job, phase: Phase) -> list[str]:
    """The errors of one run."""
    line = [
        job.client.path("pg_restore"),
        "--no-password",
        "--no-acl",
        "--no-tablespaces",
        "--dbname",
        target.address(job.loading),
    ]
    line += [] if phase.owners else ["--no-owner"]
    line += ["--jobs", str(job.jobs)] if phase.parallel and job.jobs > 1 else []
    with tempfile.NamedTemporaryFile("w", prefix="restore-list-") as listed:
        listed.write("".join(f"{entry.dump_id};\n" for entry in phase.entries))
        listed.flush()
        line += ["--use-list", listed.name, str(job.file)]
        done = subprocess.run(
            line, env=target.environment, capture_output=True, text=True, errors="replace", check=False
        )
    found = [text.strip() for text in ERROR.findall(done.stderr) if HARMLESS not in text]
    lost = done.returncode != 0 and HARMLESS not in done.stderr and not found
    return [*found, *([f"pg_restore ended with {done.returncode}: {done.stderr[-500:]}"] if lost else [])]
