"""The level listed reads little: neighbouring blocks with one range, never a whole file."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from loader.archive import Entry
from loader.listed import GAP, SPAN, groups


def entry(number: int) -> Entry:
    return Entry(number, True, "TABLE DATA", "s", f"t{number}", "o", "", b"", None)


def blocks(gaps: list[int]) -> Iterator[tuple[int, Entry]]:
    at = 1000
    for number, gap in enumerate(gaps, 1):
        yield at, entry(number)
        at += gap


@given(st.lists(st.integers(11, GAP + 1000), max_size=200))
def test_each_block_is_in_one_short_range(gaps: list[int]) -> None:
    known = list(blocks(gaps))
    made = list(groups(known))
    assert [pair for group in made for pair in group] == known
    assert all(group[-1][0] - group[0][0] <= SPAN for group in made)


def test_thousands_of_small_tables_take_few_ranges_and_large_ones_take_one_each() -> None:
    assert len(list(groups(list(blocks([60] * 5000))))) == 1
    assert len(list(groups(list(blocks([GAP - 1] * 80))))) == 9
    assert len(list(groups(list(blocks([GAP + 1] * 80))))) == 80
