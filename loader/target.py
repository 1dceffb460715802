"""Knows a person's server: who we are there, what it has, and how programs reach it without a password in sight."""

import json
import re
from collections.abc import Callable, Mapping
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
# A load holds connections for hours: a firewall between forgets silent ones after minutes.
ALIVE = {"keepalives_idle": "60", "keepalives_interval": "15", "keepalives_count": "8"}
UNLIMITED = "set statement_timeout = 0; set lock_timeout = 0; set idle_in_transaction_session_timeout = 0"
QUOTED = re.compile(r'".*"', re.DOTALL)  # what libpq repeats of a connection string
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
    """What a database's comment says of its load."""

    state: str  # loading, loaded
    sha256: str
    file: str = ""  # a blob's name, size and etag: the same file needs no second look
    grants: tuple[str, ...] = ()  # memberships that only the load needs: one that is cut off leaves them

    def comment(self, own: str) -> str:
        """The SQL literal of a comment: the source's own text (a literal too), then the mark."""
        grants = {"grants": self.grants} if self.grants else {}
        said = {"state": self.state, "sha256": self.sha256, "file": self.file, **grants}
        text = literal(MARK + json.dumps(said))
        return f"{own} || {literal(chr(10))} || {text}" if own else text


class Target:
    """One server, as one user. `conninfo` must hold no password."""

    def __init__(self, conninfo: str, environ: Mapping[str, str], *, entra: bool = False) -> None:
        try:
            given = conninfo_to_dict(conninfo)
        except psycopg.ProgrammingError as error:
            words = QUOTED.sub('"…"', str(error).strip())  # a password may stand there
            raise Refused(f"--into is no connection string: {words}") from None
        if given.get("password") or given.get("sslpassword"):
            raise Refused("a password in --into is seen by all users of this machine: use PGPASSFILE or PGPASSWORD")
        host = str(given.get("host") or environ.get("PGHOST", ""))
        if "=" in host:  # host=$PGHOST user=$PGUSER, where they are not set
            name = host.partition("=")[0]
            raise Refused(f"--into has no host: {name}= follows host=. Set PGHOST and PGUSER, or write both out")
        for name, value in ALIVE.items():
            given.setdefault(name, value)
        if host not in LOCAL and not host.startswith("/") and "PGSSLMODE" not in environ:
            given.setdefault("sslmode", "require")
        given.setdefault("dbname", "postgres")
        self._given = given
        self._environ = dict(environ)
        self._token = _entra_tokens(host) if entra else None

    def connect(self, database: str = "") -> psycopg.Connection[Any]:
        """Autocommit, and no statement of ours is ended by a limit of the user's. psycopg.OperationalError."""
        password = self.environment.get("PGPASSWORD")
        given = {
            **self._given,
            **({"dbname": database} if database else {}),
            **({"password": password} if password else {}),
        }
        connection = psycopg.connect(make_conninfo("", **given), autocommit=True, connect_timeout=30)
        connection.execute(UNLIMITED)
        if connection.info.server_version >= 140000:
            connection.execute("set idle_session_timeout = 0")
        return connection

    def address(self, database: str) -> str:
        """For --dbname of PostgreSQL's programs; their password comes by the environment."""
        return make_conninfo("", **{**self._given, "dbname": database})

    @property
    def environment(self) -> dict[str, str]:
        """For PostgreSQL's programs, with a token that is good now."""
        kept = {name: text for name, text in self._environ.items() if name.startswith("PG") or name in ("HOME", "PATH")}
        token = {"PGPASSWORD": self._token()} if self._token else {}
        return {**kept, **token, "LC_ALL": "C"}

    def facts(self) -> "Facts":
        with closing(self.connect()) as connection:
            return read_facts(connection)


@dataclass(frozen=True)
class Facts:
    """The facts of the target before the load."""

    roles: TargetRoles
    extensions: Mapping[str, bool]  # by name: whether only a superuser may make it
    allowed: frozenset[str] | None  # azure.extensions; None where there is no such setting
    databases: Mapping[str, Mark | None]
    superuser: bool

    def lacking(self, name: str) -> str:
        """Why an extension cannot be made; empty if it can."""
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
        grants = tuple(map(str, said.get("grants", ()))) if said else ()
        return Mark(str(said["state"]), str(said["sha256"]), str(said.get("file", "")), grants) if said else None
    except (ValueError, KeyError, TypeError):
        return None


def run(connection: psycopg.Connection[Any], steps: list[Step]) -> list[LeftOut]:
    """Runs each statement by itself; those that the server refuses are left out, with its words."""
    left_out = []
    for step in steps:
        try:
            # binary: the extended protocol, in which a text is one statement
            connection.execute(step.sql.encode(errors="surrogateescape"), binary=True)
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


@dataclass(frozen=True)
class Owners:
    """Roles that objects should belong to: of `mine` we are members already, of `lacking` not yet."""

    mine: frozenset[str]
    lacking: frozenset[str]


def owners_here(connection: psycopg.Connection[Any], owners: frozenset[str], me: TargetRoles) -> Owners:
    """Those of them that the target has."""
    kinds = ("USAGE", "SET") if me.major >= 16 else ("USAGE",)
    here = owners & me.names
    mine = {
        owner for owner in here if all(_scalar(connection, "select pg_has_role(%s, %s)", owner, kind) for kind in kinds)
    }
    return Owners(frozenset(mine), frozenset(here - mine))


def grant_owners(connection: psycopg.Connection[Any], owners: Owners, me: TargetRoles) -> frozenset[str]:
    """Those that could be granted: objects can be given to them, until they are revoked."""
    options = " WITH INHERIT TRUE, SET TRUE" if me.major >= 16 else ""
    steps = [
        Step(f"GRANT {identifier(owner)} TO {identifier(me.me)}{options}", owner) for owner in sorted(owners.lacking)
    ]
    return owners.lacking - {refused.what for refused in run(connection, steps)}


def _scalar(connection: psycopg.Connection[Any], query: str, *values: object) -> object:
    row = connection.execute(query.encode(), values).fetchone()
    return row[0] if row else None


def entra_scope(host: str) -> str:
    """Whose token a server takes as password: its cloud's; public Azure's where the name says nothing of the cloud."""
    known = (scope for end, scope in ENTRA_SCOPES.items() if host.lower().endswith(f".{end}"))
    return next(known, ENTRA_SCOPES["postgres.database.azure.com"])


def _entra_tokens(host: str) -> Callable[[], str]:
    """Gives a token that is good for some minutes at least; the library keeps it and renews it. Refused."""
    from azure.core.exceptions import ClientAuthenticationError
    from azure.identity import DefaultAzureCredential

    credential, scope = DefaultAzureCredential(), entra_scope(host)

    def token() -> str:
        try:
            return credential.get_token(scope).token
        except ClientAuthenticationError as error:
            raise Refused("--entra: not signed in to Azure: az login") from error

    return token
