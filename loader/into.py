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
from loader.quoting import identifier
from loader.roles import Step, TargetRoles
from loader.target import Mark, Refused, Target, grant_owners, run, run_rights

ERROR = re.compile(r"pg_restore: error: (.*?)(?=\npg_restore: |\Z)", re.DOTALL)
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
        return f"{self.name}__loading"


@dataclass
class Done:
    """What became of it; with errors the database keeps the name `<name>__loading`."""

    left_out: list[LeftOut] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def load(target: Target, job: Job, me: TargetRoles, say: Callable[[str], None]) -> Done:
    """Loads it. Refused where the empty database cannot be made; psycopg.Error where the connection is lost."""
    done = Done()
    with closing(target.connect()) as server:
        _create(server, job)
        usable, granted = grant_owners(server, contents.owners_of(job.archive), me)
        try:
            planned = plan(job.archive, usable, job.loading, job.include)
            done.left_out += planned.left_out
            _fill(target, server, job, planned, usable, done, say)
        finally:
            for owner in granted:
                run(server, [Step(f"REVOKE {identifier(owner)} FROM {identifier(me.me)}", owner)])
    return done


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
    _comment(server, job, "loading", "")


def _fill(
    target: Target,
    server: psycopg.Connection[Any],
    job: Job,
    planned: LoadPlan,
    usable: Collection[str],
    done: Done,
    say: Callable[[str], None],
) -> None:
    owner = next((entry.owner for entry in job.archive.of_kind("DATABASE")), "")
    if owner in usable:
        given = Step(f"ALTER DATABASE {identifier(job.loading)} OWNER TO {identifier(owner)}", f"owner {owner}")
        done.left_out += run(server, [given])
    done.left_out += run_rights(server, planned.database_rights)
    with closing(target.connect(job.loading)) as connection:
        connection.execute("set search_path = pg_catalog")
        say(f"{job.name}: definitions and rows")
        _restore(target, job, planned.schemas, done)
        done.left_out += run_rights(connection, planned.schema_rights)
        _restore(target, job, planned.objects, done)
        done.left_out += run_rights(connection, planned.rights)
        say(f"{job.name}: row-level security and materialized views")
        _restore(target, job, planned.after, done)
    if not done.errors:
        settings = [Step(text, " ".join(text.split())[:120]) for text in planned.database_settings]
        done.left_out += run(server, settings)
        _comment(server, job, "loaded", comment_of(job.archive))
        server.execute(f"ALTER DATABASE {identifier(job.loading)} RENAME TO {identifier(job.name)}".encode())


def _comment(server: psycopg.Connection[Any], job: Job, state: str, own: str) -> None:
    """COMMENT takes a literal only, so the server puts the parts together first."""
    row = server.execute(f"select {Mark(state, job.sha256, job.listed).comment(own)}".encode()).fetchone()
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
    line = [job.client.path("pg_restore"), "--no-acl", "--no-tablespaces", "--dbname", target.address(job.loading)]
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
