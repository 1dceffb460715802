"""A throwaway server that one dump is loaded into: its superuser makes the empty frame, a plain role loads.

A dump is code: functions of views and indexes run during the load. So no statement of a dump is run by the superuser,
who is called boot; `loader` owns what is loaded and `checker` reads it, both without special rights. Neither can start
a program, read a file, or see the environment.
"""

import secrets
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psycopg

from loader.database_locale import DatabaseLocale
from loader.programs import CLEAN, Programs
from loader.quoting import identifier, qualified
from loader.server import Server
from loader.sqlstates import LOG_LINE_PREFIX, LoggedError, errors

BOOT, LOADER, CHECKER = "boot", "loader", "checker"
DATABASE = "loaded"
OWN_NAMES = {BOOT, LOADER, CHECKER}
SETTINGS = (
    f"log_line_prefix={LOG_LINE_PREFIX}",
    "log_min_messages=warning",
    "log_min_error_statement=error",
    "log_error_verbosity=default",
    "autovacuum=off",  # it would run the dump's functions in processes of its own
    "maintenance_work_mem=128MB",
    "max_locks_per_transaction=256",
    "restart_after_crash=off",  # what a crash leaves is no proof of anything
)
EXTENSIONS_TABLES = """
    select n.nspname, c.relname from pg_depend d join pg_class c on c.oid = d.objid and d.classid = 'pg_class'::regclass
    join pg_namespace n on n.oid = c.relnamespace where d.deptype = 'e' and c.relkind in ('r', 'p', 'S')"""


class Lacking(Exception):
    """This machine lacks what the dump needs: a locale, an extension. The message names it."""


@dataclass(frozen=True)
class Frame:
    """What must be there before the load: names only, none of the dump's text."""

    locale: DatabaseLocale
    roles: frozenset[str] = frozenset()
    schemas: tuple[str, ...] = ()
    extensions: tuple[tuple[str, str], ...] = ()  # name, schema


class Throwaway:
    """One server for one dump; it and its data end with the `with` block."""

    def __init__(self, programs: Programs, folder: str = "") -> None:
        self._server = Server(programs, superuser=BOOT, settings=SETTINGS, parent=folder or tempfile.gettempdir())
        self._passwords = {name: secrets.token_hex(16) for name in (LOADER, CHECKER)}
        self.programs = programs

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @property
    def folder(self) -> Path:
        return self._server.folder

    @property
    def loaders_environment(self) -> dict[str, str]:
        """For a libpq program that loads: nothing of our own environment."""
        where = {"PGHOST": str(self.folder), "PGPORT": "5432", "PGDATABASE": DATABASE}
        who = {"PGUSER": LOADER, "PGPASSWORD": self._passwords[LOADER]}
        return {**CLEAN, **where, **who, "HOME": "/nonexistent"}

    def connect(self, user: str) -> psycopg.Connection[Any]:
        """As `loader` or `checker`, to the loaded database."""
        return self._server.connect(DATABASE, user, self._passwords[user])

    def prepare(self, frame: Frame) -> set[tuple[str, str]]:
        """Makes roles, the empty database, schemas and extensions; gives the extensions' tables. Lacking."""
        with closing(self._server.connect()) as boot:
            self._roles(boot, frame.roles)
            self._extensions_there(boot, [name for name, _ in frame.extensions])
            try:
                boot.execute(frame.locale.create(DATABASE).encode())
            except psycopg.Error as error:
                raise Lacking(f"no database with {frame.locale.described} can be made here: {_first(error)}") from error
            boot.execute(f"grant connect, create, temporary on database {DATABASE} to {LOADER}".encode())
        with closing(self._server.connect(DATABASE)) as boot:
            return self._contents(boot, frame)

    def log(self) -> str:
        return self._server.log.read_text(errors="replace")

    def errors(self) -> list[LoggedError]:
        """What went wrong in the loading role's sessions, in order."""
        return errors(self.log(), LOADER)

    def running(self) -> str:
        """The statement that the load is at, cut; asked from another database, so that the dump can't interfere."""
        with closing(self._server.connect()) as boot:
            query = "select query from pg_stat_activity where usename = %s and state = 'active' limit 1"
            row = boot.execute(query, [LOADER]).fetchone()
        return " ".join(str(row[0]).split())[:120] if row else ""

    def become_standby(self) -> None:
        self._server.become_standby()

    def kill(self) -> None:
        self._server.kill()

    def _roles(self, boot: psycopg.Connection[Any], names: Iterable[str]) -> None:
        for name in sorted(set(names) - OWN_NAMES):
            if not name.startswith("pg_") and name not in ("public", "none", ""):
                boot.execute(f"create role {identifier(name)} nologin".encode())
        for name, password in self._passwords.items():
            boot.execute(f"create role {name} login bypassrls password '{password}'".encode())
        boot.execute(f"grant pg_read_all_data to {CHECKER}".encode())

    @staticmethod
    def _extensions_there(boot: psycopg.Connection[Any], names: Sequence[str]) -> None:
        here = {name for (name,) in boot.execute("select name from pg_available_extensions")}
        if lacking := sorted(set(names) - here):
            raise Lacking(f"extensions that are not installed here: {', '.join(lacking)}")

    @staticmethod
    def _contents(boot: psycopg.Connection[Any], frame: Frame) -> set[tuple[str, str]]:
        for schema in frame.schemas:
            boot.execute(f"create schema if not exists {identifier(schema)}".encode())
        for name, schema in frame.extensions:
            where = f" schema {identifier(schema)}" if schema else ""
            try:
                boot.execute(f"create extension if not exists {identifier(name)}{where} cascade".encode())
            except psycopg.Error as error:
                raise Lacking(f"the extension {name} cannot be made here: {error.sqlstate} {_first(error)}") from error
        for schema in ("public", *frame.schemas):
            boot.execute(f"alter schema {identifier(schema)} owner to {LOADER}".encode())
        tables = {(str(schema), str(name)) for schema, name in boot.execute(EXTENSIONS_TABLES)}
        for schema, name in tables:
            boot.execute(f"grant all on {qualified(schema, name)} to {LOADER}".encode())
        for (name,) in boot.execute("select fdwname from pg_foreign_data_wrapper").fetchall():
            boot.execute(f"grant usage on foreign data wrapper {identifier(name)} to {LOADER}".encode())
        return tables


def _first(error: psycopg.Error) -> str:
    return str(error).split("\n", 1)[0]
