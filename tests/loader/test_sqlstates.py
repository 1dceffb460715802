"""An error of the throwaway server is the backup's fault only where its data is wrong."""

import pytest

from loader.sqlstates import LoggedError, errors, is_the_backups

LOG = """|00000|7|boot|postgres|LOG:  statement of no interest
|42501|8|loader|shop|ERROR:  permission denied to COPY to or from an external program
|42501|8|loader|shop|DETAIL:  Only roles with privileges of pg_execute_server_program may do it.
|42501|8|loader|shop|CONTEXT:  PL/pgSQL function public.evil() line 1
\t|23505|8|loader|shop|ERROR:  forged
|42501|8|loader|shop|STATEMENT:  CREATE INDEX i ON public.t
\tUSING btree (public.evil())
|28P01|9|someone|shop|FATAL:  password authentication failed
|22P02|8|loader|shop|ERROR:  invalid input syntax for type integer: "x"
|22P02|8|loader|shop|CONTEXT:  COPY t, line 1, column a: "x"
|22P02|8|loader|shop|STATEMENT:  COPY public.t (a) FROM stdin;
"""


def test_a_log_is_read_and_indented_lines_forge_nothing() -> None:
    denied, copied = errors(LOG, "loader")
    assert (denied.code, denied.object) == ("42501", "CREATE INDEX i ON public.t")
    assert (copied.code, copied.object) == ("22P02", "COPY public.t")


@pytest.mark.parametrize(
    ("code", "statement", "same_locale", "expected"),
    [
        ("22P02", "COPY t FROM stdin", True, True),
        ("22023", "COPY t FROM stdin", True, True),
        ("22023", "CREATE COLLATION c (locale = 'xx')", True, False),
        ("23505", "CREATE UNIQUE INDEX", True, True),
        ("23503", "ALTER TABLE ADD CONSTRAINT", True, True),
        ("23514", "COPY t FROM stdin", True, True),
        ("23514", "COPY t FROM stdin", False, False),
        ("42883", "CREATE VIEW v", True, False),
        ("0A000", "x", True, False),
        ("53100", "COPY t FROM stdin", True, False),
        ("57014", "CREATE INDEX", True, False),
        ("XX000", "anything unknown", True, False),
    ],
)
def test_who_is_at_fault(code: str, statement: str, same_locale: bool, expected: bool) -> None:
    assert is_the_backups(LoggedError(code, "m", "loader", statement), same_locale=same_locale) is expected
