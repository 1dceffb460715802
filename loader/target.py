"""Knows a person's server: who we are there, what it has, and how programs reach it without a password in sight."""

import json
import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from loader.left_out import LeftOut
from loader.quoting import identifier, literal
from loader.roles import Step, TargetRoles

ENTRA_SCOPES = {  # of a server's tokens, by the end of its host's name
    "postgres.database.azure.com": "https://ossrdbms-aad.database.windows.net/.default",
    "postgres.database.usgovcloudapi.net": "https://ossrdbms-aad.database.usgovcloudapi.net/.default",
    "postgres.database.chinacloudapi.cn": "https://ossrdbms-aad.database.chinacloudapi.cn/.default",
}
MARK = "restore-desk: "  # begins the last line of a loaded database's comment
LOCAL = ("", "localhost", "127.0.0.1", "::1")
MEMBERS_WITH_ADMIN = """
    select r.rolname, m.rolname from pg_auth_members a join pg_roles r on r.oid = a.roleid
    join pg_roles m on m.oid = a.member where a.admin_option"""
EXTENSIONS = """
    select name, bool_or(superuser and not trusted) from pg_available_extension_versions group by name"""


class Refused(Exception):
    """Nothing was begun: the message says what to change."""


@dataclass(frozen=True)
class Mark:
    """What a database's comment says of its load; `grants` are memberships that only the load needs."""

    state: str  # loading, loaded
    sha256: str
    file: str = ""  # a blob's name, size and etag: the same file needs no second look

    def comment(self, own: str) -> str:
        """The SQL literal of a comment: the source's own text (a literal too), then the mark."""
        text = literal(MARK + json.dumps({"state": self.state, "sha256": self.sha256, "file": self.file}))
        return f"{own} || {literal(chr(10))} || {text}" if own else text


class Target:
    """One server, as one user. `conninfo` must hold no password."""

    def __init__(self, conninfo: str, environ: Mapping[str, str], *, entra: bool = False) -> None:
        try:
            given = conninfo_to_dict(conninfo)
        except psycopg.ProgrammingError as error:
            raise Refused(f"--into is no connection string: {str(error).strip()}") from None
        if given.get("password"):
            raise Refused("a password in --into is seen by all users of this machine: use PGPASSFILE or PGPASSWORD")
        host = str(given.get("host") or environ.get("PGHOST", ""))
        if host not in LOCAL and not host.startswith("/") and "PGSSLMODE" not in environ:
            given.setdefault("sslmode", "require")
        given.setdefault("dbname", "postgres")
        self._given = given
        self._environ = dict(environ)
        if entra:
            self._environ["PGPASSWORD"] = _entra_token(host)

    def connect(self, database: str = "") -> psycopg.Connection[Any]:
        """Autocommit. psycopg.OperationalError."""
        password = self._environ.get("PGPASSWORD")
        given = {
            **self._given,
            **({"dbname": database} if database else {}),
            **({"password": password} if password else {}),
        }
        return psycopg.connect(make_conninfo("", **given), autocommit=True, connect_timeout=30)

    def address(self, database: str) -> str:
        """For --dbname of PostgreSQL's programs; their password comes by the environment."""
        return make_conninfo("", **{**self._given, "dbname": database})

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: text for name, text in self._environ.items() if name.startswith("PG") or name in ("HOME", "PATH")}
        return {**kept, "LC_ALL": "C"}

    def facts(self) -> "Facts":
        with closing(self.connect()) as connection:
            return read_facts(connection)


@dataclass(frozen=True)
class Facts:
    """What was there before the load."""

    roles: TargetRoles
    extensions: Mapping[str, bool]  # by name: whether only a superuser may make it
    allowed: frozenset[str] | None  # azure.extensions; None where there is no such setting
    databases: Mapping[str, Mark | None]
    superuser: bool

    def lacking(self, name: str) -> str:
        """Why an extension cannot be made; empty where it can."""
        if name not in self.extensions:
            return f"the extension {name} is not installed on the target"
        if self.allowed is not None and name.lower() not in self.allowed:
            return f"the extension {name} is not in the server parameter azure.extensions"
        if self.allowed is None and self.extensions[name] and not self.superuser:
            return f"the extension {name} can be made by a superuser only"
        return ""


def read_facts(connection: psycopg.Connection[Any]) -> Facts:
    me, superuser = connection.execute(
        "select rolname, rolsuper from pg_roles where rolname = current_user"
    ).fetchone() or ("", False)
    names = frozenset(name for (name,) in connection.execute("select rolname from pg_roles"))
    admins = frozenset((role, member) for role, member in connection.execute(MEMBERS_WITH_ADMIN))
    allowed = connection.execute("select current_setting('azure.extensions', true)").fetchone()
    words = str(allowed[0]).lower().split(",") if allowed and allowed[0] is not None else None
    databases = connection.execute("select datname, shobj_description(oid, 'pg_database') from pg_database").fetchall()
    return Facts(
        TargetRoles(str(me), connection.info.server_version // 10000, names, admins),
        dict(connection.execute(EXTENSIONS).fetchall()),
        frozenset(word.strip() for word in words) if words is not None else None,
        {name: mark_in(comment or "") for name, comment in databases},
        bool(superuser),
    )


def mark_in(comment: str) -> Mark | None:
    """The mark of a database that this loader made."""
    last = comment.rpartition("\n")[2]
    try:
        said = json.loads(last.removeprefix(MARK)) if last.startswith(MARK) else None
        return Mark(str(said["state"]), str(said["sha256"]), str(said.get("file", ""))) if said else None
    except (ValueError, KeyError, TypeError):
        return None


def run(connection: psycopg.Connection[Any], steps: list[Step]) -> list[LeftOut]:
    """Runs each statement by itself; those that the server refuses are left out, with its words."""
    left_out = []
    for step in steps:
        try:
            connection.execute(step.sql.encode(errors="surrogateescape"))
        except psycopg.Error as error:
            if connection.broken:
                raise
            left_out.append(LeftOut(step.what, str(error).split("\n", 1)[0]))
    return left_out


def run_rights(connection: psycopg.Connection[Any], statements: tuple[str, ...]) -> list[LeftOut]:
    """Grants; those of another grantor are given as that role, where we may be it."""
    left_out: list[LeftOut] = []
    skipping = ""
    for text in statements:
        if text.startswith("SET SESSION AUTHORIZATION "):
            role = text.removeprefix("SET SESSION AUTHORIZATION ")
            skipping = role if run(connection, [Step(f"SET ROLE {role}", role)]) else ""
        elif text.startswith("RESET SESSION AUTHORIZATION"):
            skipping = ""
            connection.execute("RESET ROLE")
        elif skipping:
            left_out.append(LeftOut(" ".join(text.split())[:120], f"given by {skipping}, as whom you cannot act"))
        else:
            left_out += run(connection, [Step(text, " ".join(text.split())[:120])])
    return left_out


def grant_owners(
    connection: psycopg.Connection[Any], owners: frozenset[str], me: TargetRoles
) -> tuple[set[str], set[str]]:
    """The owners that objects can be given to, and those of them that were granted only for the load."""
    usable: set[str] = set()
    granted: set[str] = set()
    kinds = ("USAGE", "SET") if me.major >= 16 else ("USAGE",)
    for owner in sorted(owners & me.names):
        has = all(_scalar(connection, "select pg_has_role(%s, %s)", owner, kind) for kind in kinds)
        options = " WITH INHERIT TRUE, SET TRUE" if me.major >= 16 else ""
        if has or not run(connection, [Step(f"GRANT {identifier(owner)} TO {identifier(me.me)}{options}", owner)]):
            usable.add(owner)
            granted |= set() if has else {owner}
    return usable, granted


def _scalar(connection: psycopg.Connection[Any], query: str, *values: object) -> object:
    row = connection.execute(query.encode(), values).fetchone()
    return row[0] if row else None


def entra_scope(host: str) -> str:
    """Whose token a server takes as password: its cloud's; public Azure's where the name says nothing of the cloud."""
    known = (scope for end, scope in ENTRA_SCOPES.items() if host.lower().endswith(f".{end}"))
    return next(known, ENTRA_SCOPES["postgres.database.azure.com"])


def _entra_token(host: str) -> str:
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential().get_token(entra_scope(host)).token


def default_environment() -> Mapping[str, str]:
    return os.environ
