"""Asks checks of a loaded database: one statement, one row, one boolean, on a server where nothing can be written."""

import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg

from loader.messages import Check
from loader.throwaway import CHECKER, Throwaway
from loader.verdict import Outcome

BOOLEAN = 16  # the type's oid
GRACE_SECONDS = 5.0  # after the timeout, before the server is killed
MAX_WORDS = 300


@dataclass(frozen=True)
class Answer:
    """What became of one check: passed if it is true, failed if it is false, inconclusive otherwise."""

    check: Check
    outcome: Outcome
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """`passed` is null where the check could not be answered."""
        passed = None if self.outcome is Outcome.INCONCLUSIVE else self.outcome is Outcome.PASSED
        return {"name": self.check.name, "database": self.check.database, "passed": passed, "reason": self.reason}


def ask(throwaway: Throwaway, checks: Sequence[Check], seconds: float) -> list[Answer]:
    """Each check in a session of its own; the server must be a standby. One that is not answered stops no other."""
    return [_answer(throwaway, check, seconds) for check in checks]


def _answer(throwaway: Throwaway, check: Check, seconds: float) -> Answer:
    last_resort = threading.Timer(seconds + GRACE_SECONDS, throwaway.kill)
    last_resort.start()
    try:
        return Answer(check, *_asked(throwaway, check, seconds))
    except psycopg.Error as error:
        words = str(error).split("\n", 1)[0][:MAX_WORDS]
        return Answer(check, Outcome.INCONCLUSIVE, f"{error.sqlstate or 'no answer'}: {words}")
    finally:
        last_resort.cancel()
        last_resort.join()


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
