"""Knows how PostgreSQL quotes names and texts. Pure."""

IDENTIFIER = r'(?:"(?:[^"]|"")+"|[\w$.-]+)'  # one name, quoted or bare, for use in a pattern


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
