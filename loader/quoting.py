"""Knows how PostgreSQL quotes names and texts. Pure."""

import hashlib

IDENTIFIER = r'(?:"(?:[^"]|"")+"|[\w$.-]+)'  # one name, quoted or bare, for use in a pattern
TEXT = r"(?:'(?:[^']|'')*'|[eE]'(?:[^'\\]|''|\\.)*')"  # one text literal: a backslash escapes only after an E

LONGEST_NAME = 63  # bytes; PostgreSQL cuts a longer one without a word, and then means another object
LOADING = "__loading"


def loading_name(name: str) -> str:
    """What a database is called until it is whole: a name of its own, also where it must be cut."""
    whole = f"{name}{LOADING}"
    if len(whole.encode()) <= LONGEST_NAME:
        return whole
    end = f"_{hashlib.sha256(name.encode()).hexdigest()[:8]}{LOADING}"
    return name.encode()[: LONGEST_NAME - len(end)].decode(errors="ignore") + end


def identifier(name: str) -> str:
    """A name as SQL: always quoted, so that no name is a keyword."""
    return '"' + name.replace('"', '""') + '"'


def qualified(schema: str, name: str) -> str:
    """A schema's object as SQL."""
    return f"{identifier(schema)}.{identifier(name)}"


def literal(text: str) -> str:
    """A text as SQL, whatever standard_conforming_strings says."""
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def name_of(written: str) -> str:
    """The name that an identifier in SQL stands for."""
    return written[1:-1].replace('""', '"') if written.startswith('"') else written
