"""Knows in which encoding and locale a dumped database lived, and how to make an empty one like it. Pure."""

import re
from dataclasses import dataclass

from loader.quoting import identifier

OPTION = re.compile(r"\b([A-Z_]+) = ('(?:[^']|'')*'|\w+)")
KEPT = ("ENCODING", "LOCALE_PROVIDER", "LOCALE", "LC_COLLATE", "LC_CTYPE", "ICU_LOCALE", "ICU_RULES", "BUILTIN_LOCALE")
CREATE = re.compile(r'^CREATE DATABASE (?:"(?:[^"]|"")+"|\S+) WITH (.*)', re.DOTALL)


@dataclass(frozen=True)
class DatabaseLocale:
    """Options of CREATE DATABASE as the dump wrote them, values with their quotes: (("LOCALE", "'C'"), …)."""

    options: tuple[tuple[str, str], ...]

    @property
    def described(self) -> str:
        """For people: `encoding 'UTF8', locale_provider libc, locale 'de_DE.utf8'`."""
        return ", ".join(f"{name.lower()} {value}" for name, value in self.options)

    def create(self, name: str) -> str:
        """The statement that makes an empty database with these options."""
        options = " ".join(f"{option} = {value}" for option, value in self.options)
        return f"CREATE DATABASE {identifier(name)} WITH TEMPLATE = template0 {options}"

    def in_locale(self, locale: str) -> "DatabaseLocale":
        """The same encoding under another locale of the server's C library."""
        quoted = "'" + locale.replace("'", "''") + "'"
        encoding = tuple(pair for pair in self.options if pair[0] == "ENCODING")
        return DatabaseLocale((*encoding, ("LC_COLLATE", quoted), ("LC_CTYPE", quoted)))


UNKNOWN = DatabaseLocale((("ENCODING", "'UTF8'"), ("LC_COLLATE", "'C'"), ("LC_CTYPE", "'C'")))


def from_statement(create: str) -> DatabaseLocale | None:
    """Reads `CREATE DATABASE x WITH TEMPLATE = template0 ENCODING = …`; None if it is something else."""
    found = CREATE.match(create.strip())
    if not found:
        return None
    return DatabaseLocale(tuple(pair for pair in OPTION.findall(found[1]) if pair[0] in KEPT))


def from_definitions(definitions: str, database: str) -> DatabaseLocale | None:
    """From pg_dumpall's `_schema.sql`, where a plain dump has no statement of its own."""
    for line in definitions.splitlines():
        if line.startswith((f"CREATE DATABASE {identifier(database)} WITH ", f"CREATE DATABASE {database} WITH ")):
            return from_statement(line.rstrip(";"))
    return None
