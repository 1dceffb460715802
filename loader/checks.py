"""Asks checks of a loaded database: one statement, one row, one boolean, on a server where nothing can be written."""

import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg

from loader.throwaway import CHECKER, Throwaway
from loader.verdict import Outcome

BOOLEAN = 16  # the type's oid
GRACE_SECONDS = 5.0  # after the timeout, before the server is killed
MAX_WORDS = 300


@dataclass(frozen=True)
class Check:
    """One entry of `[instances.<name>.checks]`."""

    name: str
    database: str
    sql: str


@dataclass(frozen=True)
class Answer:
    """What became of one check: passed where it is true, failed where it is false, inconclusive otherwise."""

    check: Check
    outcome: Outcome
    reason: str = ""
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        why = {"reason": self.reason} if self.reason else {}
        about = {"name": self.check.name, "database": self.check.database, "outcome": self.outcome.value}
        return {**about, **why, "seconds": round(self.seconds, 2)}


def ask(throwaway: Throwaway, checks: Sequence[Check], seconds: float) -> list[Answer]:
    """Each check in a session of its own; the server must be a standby. One that is not answered stops no other."""
    return [_timed(throwaway, check, seconds) for check in checks]


def _timed(throwaway: Throwaway, check: Check, seconds: float) -> Answer:
    began = time.monotonic()
    last_resort = threading.Timer(seconds + GRACE_SECONDS, throwaway.kill)
    last_resort.start()
    try:
        outcome, reason = _asked(throwaway, check, seconds)
    except psycopg.Error as error:
        words = str(error).split("\n", 1)[0][:MAX_WORDS]
        outcome, reason = Outcome.INCONCLUSIVE, f"{error.sqlstate or 'no answer'}: {words}"
    finally:
        last_resort.cancel()
    return Answer(check, outcome, reason, time.monotonic() - began)


def _asked(throwaway: Throwaway, check: Check, seconds: float) -> tuple[Outcome, str]:
    with closing(throwaway.connect(CHECKER)) as connection:
        connection.execute(f"set statement_timeout = {int(seconds * 1000)}".encode())
        # A prepared statement is one statement: `…; commit; insert …` is a syntax error.
        text = f"select * from (\n{check.sql.strip().rstrip(';')}\n) as c(ok) limit 2"  # noqa: S608 - the check is SQL
        with connection.cursor() as cursor:
            cursor.execute(text.encode(), prepare=True)
            kinds = [column.type_code for column in cursor.description or ()]
            rows = cursor.fetchmany(2)
    if kinds != [BOOLEAN]:
        return Outcome.INCONCLUSIVE, "the check must give one column of type boolean"
    if len(rows) != 1:
        return Outcome.INCONCLUSIVE, f"the check must give one row, it gave {'none' if not rows else 'more'}"
    if rows[0][0] is None:
        return Outcome.INCONCLUSIVE, "the check gave null, neither true nor false"
    return (Outcome.PASSED, "") if rows[0][0] else (Outcome.FAILED, "the check is false")
