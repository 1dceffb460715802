"""Sorts an archive's entries: what any load leaves out and why, and the frame that must be there before. Pure."""

import re
from collections.abc import Callable, Iterable

from loader.archive import Archive, Entry
from loader.database_locale import DatabaseLocale, from_statement
from loader.left_out import LeftOut
from loader.quoting import IDENTIFIER, name_of

AZURES_DATABASES = frozenset({"azure_sys", "azure_maintenance"})
FRAME_KINDS = frozenset({"DATABASE", "DATABASE PROPERTIES"})
NEEDS_SUPERUSER = "needs a superuser"
ACTS_OUTSIDE = "the copy would act on other servers"
REASONS = {
    "EVENT TRIGGER": NEEDS_SUPERUSER,
    "FOREIGN DATA WRAPPER": NEEDS_SUPERUSER,
    "SUBSCRIPTION": ACTS_OUTSIDE,
    "USER MAPPING": ACTS_OUTSIDE,
    "SECURITY LABEL": "needs the source's label provider",
}
EXTENSION_SCHEMA = re.compile(rf"CREATE EXTENSION (?:IF NOT EXISTS )?{IDENTIFIER} WITH SCHEMA ({IDENTIFIER});")

Reason = Callable[[Entry], str]  # why an entry is left out; empty: it is loaded


def reason(entry: Entry) -> str:
    """Why no load takes this entry; empty for the others."""
    if entry.kind == "PUBLICATION" and re.search(r"\bFOR (ALL TABLES|TABLES IN SCHEMA)\b", entry.definition):
        return NEEDS_SUPERUSER
    if entry.kind == "COMMENT" and entry.name.startswith("EXTENSION "):
        return "belongs to the extension"
    if entry.schema == "cron" and entry.kind == "TABLE DATA":
        return "pg_cron's jobs: the copy would run them"
    return REASONS.get(entry.kind, "")


def split(entries: Iterable[Entry], why: Reason = reason) -> tuple[list[Entry], list[LeftOut]]:
    """The entries to load, in order, and those left out. Comments go with what they are on."""
    kept: list[Entry] = []
    left_out: list[LeftOut] = []
    gone: set[str] = set()
    for entry in entries:
        if found := why(entry):
            left_out.append(LeftOut(titled(entry), found))
            gone.add(f"{entry.kind} {entry.name}")
        elif entry.kind in FRAME_KINDS or (entry.kind == "COMMENT" and entry.name.startswith("DATABASE ")):
            continue
        elif not (entry.kind in ("COMMENT", "PUBLICATION TABLE") and entry.name in gone):
            kept.append(entry)
    return kept, left_out


def titled(entry: Entry) -> str:
    """`table sales.orders`; newlines shown as a space."""
    name = f"{entry.schema}.{entry.name}" if entry.schema else entry.name
    return f"{entry.kind.lower()} {' '.join(name.split())}"


def locale_of(archive: Archive) -> DatabaseLocale | None:
    """The encoding and locale of the archive's database; None if the archive does not have them."""
    return next((from_statement(entry.definition) for entry in archive.of_kind("DATABASE")), None)


def extensions_of(archive: Archive) -> tuple[tuple[str, str], ...]:
    """Name and schema of each extension, in the order in which they were made."""
    return tuple((entry.name, extension_schema(entry.definition)) for entry in archive.of_kind("EXTENSION"))


def extension_schema(statement: str) -> str:
    found = EXTENSION_SCHEMA.match(statement.strip())
    return name_of(found[1]) if found else ""


def schemas_of(archive: Archive) -> tuple[str, ...]:
    return tuple(entry.name for entry in archive.of_kind("SCHEMA"))


def owners_of(archive: Archive) -> frozenset[str]:
    return frozenset(entry.owner for entry in archive.entries if entry.owner)
