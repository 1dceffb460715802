"""Plans the load of one archive into a person's server: what is left out, and in which order the rest comes. Pure."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby

from loader import contents
from loader.archive import Archive, Entry
from loader.left_out import LeftOut
from loader.quoting import IDENTIFIER, TEXT, identifier
from loader.script import statements

FOREIGN = {"SERVER": contents.ACTS_OUTSIDE, "FOREIGN TABLE": contents.ACTS_OUTSIDE}
RIGHTS = frozenset(
    {"ACL", "DEFAULT ACL"}
)  # run one statement at a time, so that one unknown role spoils no other grant
LAST = ("ROW SECURITY", "POLICY")  # with jobs they would hide rows from foreign keys that are still being checked
REFRESHES = "MATERIALIZED VIEW DATA"
# Their owner is their table's: which of them come together does not depend on it.
OWNERLESS = frozenset({
    *("TABLE DATA", "BLOBS", "SEQUENCE SET", "INDEX", "CONSTRAINT", "FK CONSTRAINT", "TRIGGER", "DEFAULT", "RULE"),
    *("COMMENT", "INDEX ATTACH", "TABLE ATTACH", "CHECK CONSTRAINT", "EXTENSION", "STATISTICS DATA", *LAST, REFRESHES),
})  # fmt: skip
NAMED_DATABASE = re.compile(rf"\bDATABASE {IDENTIFIER}", re.DOTALL)


@dataclass(frozen=True)
class Phase:
    """Entries that one pg_restore takes."""

    entries: tuple[Entry, ...]
    owners: bool  # whether objects go to their owners
    parallel: bool = False


@dataclass(frozen=True)
class LoadPlan:
    """One database's load. `rights` and `database` are single statements, for a database of another name."""

    schemas: tuple[Phase, ...]
    objects: tuple[Phase, ...]
    after: tuple[Phase, ...]  # row-level security, then refreshes: both after the rights
    schema_rights: tuple[str, ...]
    rights: tuple[str, ...]
    database_rights: tuple[str, ...]
    database_settings: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


def plan(archive: Archive, owners: Collection[str], name: str, include: Collection[str] = ()) -> LoadPlan:
    """`owners` are the roles that objects can be given to; `include` may hold "foreign" and "cron"."""
    kept, left_out = contents.split(archive.entries, lambda entry: _reason(entry, include))
    rights = [entry for entry in kept if entry.kind in RIGHTS]
    others = [entry for entry in kept if entry.kind not in RIGHTS]
    schemas = [entry for entry in others if entry.kind == "SCHEMA"]
    last = [entry for entry in others if entry.kind in LAST or entry.name.startswith("POLICY ")]
    refreshes = [entry for entry in others if entry.kind == REFRESHES]
    apart = {entry.dump_id for entry in (*schemas, *last, *refreshes)}
    objects = [entry for entry in others if entry.dump_id not in apart]
    mine = [titled for titled in map(_owned, others) if titled[0] and titled[0] not in owners]
    unkept = [
        LeftOut(f"owner {owner} of {what}", "no role of the target that you may give it to") for owner, what in mine
    ]
    on_database = [entry for entry in rights if entry.name.startswith("DATABASE ")]
    on_schemas = [entry for entry in rights if entry.name.startswith("SCHEMA ")]
    rest = [entry for entry in rights if entry not in on_database and entry not in on_schemas]
    return LoadPlan(
        _phases(schemas, owners),
        _phases(objects, owners),
        (*_phases(last, owners), *_phases(refreshes, owners)),
        _texts(on_schemas),
        _texts(rest),
        tuple(renamed(text, name) for text in _texts(on_database)),
        tuple(renamed(text, name) for text in _texts(archive.of_kind("DATABASE PROPERTIES"))),
        (*left_out, *unkept),
    )


def renamed(statement: str, name: str) -> str:
    """The same statement about a database of another name."""
    return NAMED_DATABASE.sub(lambda _: f"DATABASE {identifier(name)}", statement, count=1)


def comment_of(archive: Archive) -> str:
    """The database's own comment as an SQL literal, empty if it has none."""
    for entry in archive.of_kind("COMMENT"):
        if entry.name.startswith("DATABASE "):
            own = entry.definition.strip().rstrip(";").partition(" IS ")[2]
            return own if re.fullmatch(TEXT, own, re.DOTALL) else ""  # it becomes part of a query
    return ""


def _reason(entry: Entry, include: Collection[str]) -> str:
    if "foreign" in include and entry.kind == "USER MAPPING":
        return ""
    if "cron" in include and entry.schema == "cron" and entry.kind == "TABLE DATA":
        return ""
    why = contents.reason(entry)
    return why or ("" if "foreign" in include else FOREIGN.get(entry.kind, ""))


def _owned(entry: Entry) -> tuple[str, str]:
    return ("", "") if entry.kind in OWNERLESS else (entry.owner, contents.titled(entry))


def _phases(entries: Sequence[Entry], owners: Collection[str]) -> tuple[Phase, ...]:
    """Neighbours together: those whose owner is not to be had are loaded without owners."""

    def kept(entry: Entry) -> bool:
        return entry.kind in OWNERLESS or entry.owner in owners

    groups = [(owned, tuple(group)) for owned, group in groupby(entries, kept)]
    return tuple(Phase(group, owned, any(one.has_data for one in group)) for owned, group in groups)


def _texts(entries: Sequence[Entry]) -> tuple[str, ...]:
    whole = "".join(f"{entry.definition}\n" for entry in entries)
    return tuple(part.text.decode() for part in statements(whole.encode()))
