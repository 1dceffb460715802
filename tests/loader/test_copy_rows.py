"""Rows are counted the same however the output is cut, and text that looks like COPY is not taken for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.copy_rows import RowCounter

ORDERS = b"COPY sales.orders (id, note) FROM stdin;\n"
BARE = b"COPY sales.no_columns  FROM stdin;\n"
ODD = b'COPY "odd FROM stdin;\ntable" (a) FROM stdin;\n'
STRANGER = b"COPY other.table (a) FROM stdin;\n"


def counted(output: bytes, statements: list[bytes], sizes: list[int]) -> RowCounter:
    counter = RowCounter(statements)
    at = 0
    for size in sizes:
        counter.feed(output[at : at + size])
        at += size
    counter.feed(output[at:])
    counter.finish()
    return counter


OUTPUT = (
    b"--\n-- PostgreSQL database dump\n--\n\nSET x = 1;\n\n"
    + ORDERS + b"1\ta\\nb\n2\t\\\\.\n3\t\\N\n\\.\n\n\n"
    + BARE + b"\n" * 7 + b"\\.\n\n\n"
    + ODD + b"\\\\.\n\n\\.\n\n\n"
    + b"SELECT 'x';\n" + STRANGER + b"not counted\n\\.\n\n"
    + ORDERS + b"\\.\n\n\n" + ORDERS + b"4\t\n\\.\n"
)  # fmt: skip
ROWS = {ORDERS: 4, BARE: 7, ODD: 2}


@given(st.lists(st.integers(0, 40), max_size=60))
def test_any_cut_gives_the_same_count(sizes: list[int]) -> None:
    counter = counted(OUTPUT, [ORDERS, BARE, ODD, b""], sizes)
    assert dict(counter.rows) == ROWS
    assert not counter.unfinished


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
def test_tiny_pieces_too(size: int) -> None:
    assert dict(counted(OUTPUT, [ORDERS, BARE, ODD], [size] * (len(OUTPUT) // size)).rows) == ROWS


def test_rows_that_do_not_end_are_seen() -> None:
    counter = counted(ORDERS + b"1\ta\n2\tb\n", [ORDERS], [])
    assert counter.unfinished


def test_a_dump_of_inserts_has_nothing_to_count() -> None:
    counter = counted(b"INSERT INTO t VALUES ('\n" + ORDERS + b"');\n", [b"", b""], [])
    assert not counter.rows
    assert not counter.unfinished
