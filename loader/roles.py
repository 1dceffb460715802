"""Turns a dump of roles into what a non-superuser may run on a server with roles of its own. Pure.

A password never leaves the dump, and an existing role keeps everything it has but gains memberships.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from loader.left_out import LeftOut
from loader.quoting import IDENTIFIER, TEXT, identifier, name_of
from loader.script import statements

AZURE_ROLES = frozenset({"azuresu", "azure_superuser", "azure_pg_admin", "replication"})
SUPERUSERS_ONLY = frozenset({"SUPERUSER", "REPLICATION", "BYPASSRLS"})
PASSWORD = re.compile(rf"\bPASSWORD {TEXT}", re.DOTALL)
ATTRIBUTE = re.compile(rf"CONNECTION LIMIT -?\d+|VALID UNTIL {TEXT}|[A-Z]+", re.DOTALL)
CREATE = re.compile(rf"CREATE ROLE ({IDENTIFIER})", re.DOTALL)
ALTER = re.compile(rf"ALTER ROLE ({IDENTIFIER}) WITH (.*)", re.DOTALL)
SET = re.compile(rf"ALTER ROLE ({IDENTIFIER}) SET .*", re.DOTALL)
COMMENT = re.compile(rf"COMMENT ON ROLE ({IDENTIFIER}) IS .*", re.DOTALL)
GRANT = re.compile(rf"GRANT ({IDENTIFIER}) TO ({IDENTIFIER})(?: WITH (.*?))?(?: GRANTED BY ({IDENTIFIER}))?", re.DOTALL)


@dataclass(frozen=True)
class Role:
    """One role of the source; settings and the comment are whole statements."""

    name: str
    attributes: tuple[str, ...] = ()
    has_password: bool = False
    settings: tuple[str, ...] = ()
    comment: str = ""


@dataclass(frozen=True)
class Membership:
    """`member` belongs to `role`; inherit and set are None if the source (before 16) does not say."""

    role: str
    member: str
    admin: bool = False
    inherit: bool | None = None
    set: bool | None = None


@dataclass(frozen=True)
class RolesDump:
    """What a roles file says."""

    roles: tuple[Role, ...] = ()
    memberships: tuple[Membership, ...] = ()
    not_read: tuple[LeftOut, ...] = ()


@dataclass(frozen=True)
class TargetRoles:
    """The target's side: `admins` holds (role, member) pairs with the admin option."""

    me: str
    major: int
    names: frozenset[str]
    admins: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Step:
    """One statement for the target; where it fails, `what` is left out."""

    sql: str
    what: str


def read(text: bytes) -> RolesDump:
    """Reads pg_dumpall's `--roles-only` file. Raises ScriptError if it is cut."""
    roles: dict[str, Role] = {}
    memberships: list[Membership] = []
    not_read: list[LeftOut] = []

    def role(written: str) -> Role:
        return roles.setdefault(name_of(written), Role(name_of(written)))

    for part in statements(text):
        sql = part.text.decode(errors="surrogateescape")
        if found := CREATE.fullmatch(sql):
            role(found[1])
        elif found := ALTER.fullmatch(sql):
            attributes = _attributes(found[2])
            if attributes is None:  # the text is not shown: it may hold a password
                not_read.append(
                    LeftOut(f"attributes of role {name_of(found[1])}", f"line {part.line} is not understood")
                )
            else:
                known = replace(role(found[1]), attributes=attributes, has_password="PASSWORD" in found[2])
                roles[known.name] = known
        elif found := SET.fullmatch(sql):
            known = role(found[1])
            roles[known.name] = replace(known, settings=(*known.settings, sql))
        elif found := COMMENT.fullmatch(sql):
            roles[name_of(found[1])] = replace(role(found[1]), comment=sql)
        elif found := GRANT.fullmatch(sql):
            memberships.append(_membership(found))
        elif not sql.startswith("SET "):
            first = " ".join(sql.split()[:3])
            not_read.append(LeftOut(f"{first} … (roles file, line {part.line})", "not a statement that is taken over"))
    return RolesDump(tuple(roles.values()), tuple(memberships), tuple(not_read))


def _attributes(text: str) -> tuple[str, ...] | None:
    text = PASSWORD.sub("", text)
    if ATTRIBUTE.sub("", text).strip():
        return None
    return tuple(ATTRIBUTE.findall(text))


def _membership(found: re.Match[str]) -> Membership:
    options = (found[3] or "").upper()

    def option(word: str) -> bool | None:
        given = re.search(rf"\b{word} (TRUE|FALSE|OPTION)", options)
        return given[1] != "FALSE" if given else None

    return Membership(name_of(found[1]), name_of(found[2]), bool(option("ADMIN")), option("INHERIT"), option("SET"))


def plan(dump: RolesDump, target: TargetRoles) -> tuple[list[Step], list[LeftOut]]:
    """The statements for the target, and what is left out from the start. Running them twice changes nothing."""
    steps: list[Step] = []
    left_out = list(dump.not_read)
    for role in dump.roles:
        if _azures(role.name) or role.name == target.me:
            continue
        if role.name in target.names:
            left_out.append(LeftOut(f"attributes of role {role.name}", "the role is there already and stays as it is"))
            continue
        steps += _creation(role)
        left_out += _withheld(role)
    for membership in dump.memberships:
        step = _grant(membership, target)
        if isinstance(step, Step):
            steps.append(step)
        else:
            left_out.append(step)
    return steps, left_out


def _azures(name: str) -> bool:
    """By whole name: a person's role may hold the same words."""
    return name in AZURE_ROLES or name.startswith("pg_")


def _creation(role: Role) -> Iterable[Step]:
    name = identifier(role.name)
    yield Step(f"CREATE ROLE {name} NOLOGIN", f"role {role.name}")
    for attribute in role.attributes:
        if attribute.removeprefix("NO") not in SUPERUSERS_ONLY and attribute != "NOLOGIN":
            yield Step(f"ALTER ROLE {name} WITH {attribute}", f"{attribute} of role {role.name}")
    yield from (Step(sql, f"a setting of role {role.name}") for sql in role.settings)
    if role.comment:
        yield Step(role.comment, f"the comment on role {role.name}")


def _withheld(role: Role) -> Iterable[LeftOut]:
    for attribute in role.attributes:
        if attribute in SUPERUSERS_ONLY:
            yield LeftOut(f"{attribute} of role {role.name}", "never given by a load")
    if role.has_password or "LOGIN" in role.attributes:
        yield LeftOut(
            f"the password of role {role.name}", rf"never copied: set one with \password {identifier(role.name)}"
        )


def _grant(membership: Membership, target: TargetRoles) -> Step | LeftOut:
    role, member = membership.role, membership.member
    what = f"membership of {member} in {role}"
    if role in AZURE_ROLES or member in AZURE_ROLES:
        return LeftOut(what, "Azure's own role")
    # 16 and newer refuse to give the admin option back to whom it came from.
    admin = membership.admin and member != target.me and (role, member) not in target.admins
    sql = f"GRANT {identifier(role)} TO {identifier(member)}"
    if target.major < 16:
        if membership.inherit is False or membership.set is False:
            return LeftOut(what, f"PostgreSQL {target.major} has no INHERIT FALSE or SET FALSE, it would give more")
        return Step(sql + (" WITH ADMIN OPTION" if admin else ""), what)
    options = [f"{word} TRUE" for word, given in (("ADMIN", admin),) if given]
    for word, value in (("INHERIT", membership.inherit), ("SET", membership.set)):
        if value is not None:
            options.append(f"{word} {str(value).upper()}")
    return Step(sql + (f" WITH {', '.join(options)}" if options else ""), what)
