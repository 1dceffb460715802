r"""A dump's text falls into the statements that psql would send, whatever its quotes hold."""

import pytest

from loader.load_plain import lines_of
from loader.script import CopyEnd, CopyLine, MetaCommand, ScriptError, Statement, parts, statements

WHOLE = [
    "SELECT 'a;b'",
    "SELECT 'it''s; \\'",
    r"SELECT E'it\'s; \\', 'x'",
    r"SELECT E'a''\';b'",
    'CREATE ROLE "Odd Role; ""x"""',
    "CREATE FUNCTION f() RETURNS int AS $_$select ';' $x$;$_$ LANGUAGE sql",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 ELSE 2 END; SELECT 2; END",
    "CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM a; DELETE FROM b)",
    "CREATE FUNCTION public.begin() RETURNS int AS 'select 1;' LANGUAGE sql",
    "SELECT 'line\nbreak;\n\\! touch x\n'",
    "SELECT a$b$c FROM t",
]


@pytest.mark.parametrize("text", WHOLE)
def test_a_statement_stays_whole(text: str) -> None:
    read = list(statements(f"{text};\nSELECT 2;\n".encode()))
    assert [part.text.decode() for part in read] == [text, "SELECT 2"]


def test_comments_are_left_out_and_lines_are_counted() -> None:
    read = list(statements(b"-- one; 'two\n/* three /* four; */ ' */\nSELECT -- five;\n1;SELECT 2 /* six */;"))
    assert [(b" ".join(part.text.split()), part.line) for part in read] == [(b"SELECT 1", 3), (b"SELECT 2", 4)]


def test_rows_are_no_statements() -> None:
    text = b"COPY public.t (a) FROM stdin;\n1;'\n\\! touch x\n\\.\nSELECT '\nCOPY x FROM stdin;\n';\n"
    assert list(parts(text.splitlines(keepends=True))) == [
        Statement(b"COPY public.t (a) FROM stdin", 1),
        CopyLine(b"1;'\n"),
        CopyLine(b"\\! touch x\n"),
        CopyEnd(),
        Statement(b"SELECT '\nCOPY x FROM stdin;\n'", 5),
    ]


def test_a_psql_command_is_seen_as_one() -> None:
    text = b"\\restrict abc\n-- Name: x\n\\! touch canary\nSELECT 1;\n"
    assert list(parts(text.splitlines(keepends=True))) == [
        MetaCommand(b"\\restrict abc", 1),
        MetaCommand(b"\\! touch canary", 3),
        Statement(b"SELECT 1", 4),
    ]


@pytest.mark.parametrize("text", [b"SELECT 'a", b"SELECT 1", b"COPY t FROM stdin;\n1\n", b"SELECT $x$ y;"])
def test_a_cut_file_is_found(text: bytes) -> None:
    with pytest.raises(ScriptError):
        list(parts(text.splitlines(keepends=True)))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_lines_come_whole_from_pieces_of_any_size(size: int) -> None:
    text = b"a\n\nbc\n" + b"long" * 5 + b"\n\\.\nend without a newline"
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    assert list(lines_of(chunks)) == text.splitlines(keepends=True)
    assert list(lines_of([*chunks, b"\n"])) == [*text.splitlines(keepends=True)[:-1], b"end without a newline\n"]
    assert list(lines_of([])) == []
