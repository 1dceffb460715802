"""Commands that a person pastes at 3 a.m.: az, curl and psql, each value quoted for shell, JSON and SQL. Pure."""

import json
import re
import shlex
from typing import Any

from shared.domain.text import plain
from shared.frozen import frozen


class Verbatim(str):
    """Shell text that we wrote, with every value already quoted."""

    __slots__ = ()


THE_ID = Verbatim('"$id"')

# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
BACKUP_OPERATOR = "00c29273-979b-4161-815c-10b084fb9324"
LONG_TERM_RETENTION = "c088a766-074b-43ba-90d4-1fb21feae531"
BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"


@frozen
class Step:
    """One thing to do: why in words, how in commands, which stand on one line of their own, to paste."""

    words: str
    commands: tuple[str, ...] = ()
    joint: str = " && "  # "; " where each command looks at something of its own

    def __str__(self) -> str:
        words = plain(self.words)
        return f"{words}:\n   {self.joint.join(self.commands)}" if self.commands else f"{words}."


def quoted(value: str) -> str:
    """A value as one word of a shell command; what is invisible or ends a line is gone from it."""
    return value if isinstance(value, Verbatim) else shlex.quote(plain(value))


def az(call: str, *flags: str, **options: str) -> str:
    """`az <call>` with its options; a Verbatim is not quoted, every other value is."""
    parts = [f"--{name.replace('_', '-')} {quoted(value)}" for name, value in options.items()]
    return " ".join(["az", call, *parts, *flags])


def within(command: str) -> Verbatim:
    """A command's output as one word of another command."""
    return Verbatim(f'"$({command})"')


def shown(resource: str, query: str) -> str:
    """One property of any Azure resource; needs no extension of az."""
    return az("resource show", "-o tsv", ids=resource, query=query)


def identity_of(vault: str, identity: str | None) -> str:
    """Puts the object id of the vault's identity, its own or the one it was given, into $id."""
    if identity:
        return f"id=$({az('identity show', '-o tsv', ids=identity, query='principalId')})"
    return f"id=$({shown(vault, 'identity.principalId')})"


def grant(role: str, scope: str) -> str:
    """Gives $id a role; a scope that is not known by its id is looked up in the same line."""
    kind = "ServicePrincipal"
    return az("role assignment create", assignee_object_id=THE_ID, assignee_principal_type=kind, role=role, scope=scope)


def act(restore: str, name: str, by: str, reason: str, **more: Any) -> str:
    """An operator's act on a restore, by HTTP; DESK_URL and DESK_KEY are the operator's own."""
    body = json.dumps({"by": plain(by)[:100] or "operator", "reason": plain(reason)[:200], **more})
    route = quoted(f"/api/restores/{restore}/{name}")
    head = '-H "x-functions-key: $DESK_KEY" -H "content-type: application/json"'
    return f'curl -X POST "$DESK_URL"{route} {head} -d {quoted(body)}'


def get(path: str) -> str:
    """A reading of the desk's API."""
    return f'curl "$DESK_URL"{quoted(path)} -H "x-functions-key: $DESK_KEY"'


def psql(server: str, sql: str, database: str = "postgres") -> str:
    """A statement on a server that is named by its ARM id; user and password are the operator's own."""
    host = within(shown(server, "properties.fullyQualifiedDomainName"))
    return f"psql -h {host} -d {quoted(database)} -c {quoted(sql)}"


def identifier(name: str) -> str:
    """A name in SQL: https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS"""
    return '"' + plain(name).replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text in SQL, under standard_conforming_strings, the default."""
    return "'" + plain(text).replace("'", "''") + "'"


def account_and_container(url: str) -> tuple[str, str]:
    """The storage account and the container of a container's URL, as far as it has them."""
    host, _, container = re.sub(r"^https://", "", url).partition("/")
    return host.split(".")[0], container
