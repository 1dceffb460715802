"""Knows which PostgreSQL majors this machine has: those of the set-up, then the person's own."""

import os

from loader.programs import Programs, find
from local.setup import postgres


def pg_bin() -> str:
    """The value of PG_BIN for programs started from here: what the person named, then what the set-up unpacked."""
    unpacked = sorted(postgres.FOLDER.glob("[0-9]*/bin"))
    return os.pathsep.join(filter(None, (os.environ.get("PG_BIN"), *(str(folder) for folder in unpacked))))


def programs() -> dict[int, Programs]:
    """The programs of every major that is here."""
    return find({**os.environ, "PG_BIN": pg_bin()})
