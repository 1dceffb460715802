"""Text made safe and short: what gives access goes, what hides goes, and a cut keeps to its limit."""

import pytest

from shared.domain.text import MARK, dumped, fit, plain, size, slack, unlinked, unsigned, whole, within

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJib2IifQ.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("https://user:pw@host.example/a", "https://host.example/a"),
        ("see HTTP://pw@host.example now", "see HTTP://host.example now"),
        ("https://host.example/a?sv=1&sig=abc end", "https://host.example/a?… end"),
        ("https://host.example/a?code=abc", "https://host.example/a?…"),
        ("https://u:p@host.example/a?token=abc", "https://host.example/a?…"),
        ("https://host.example/a?page=2", "https://host.example/a?page=2"),
        ("mail ada@contoso.com", "mail ada@contoso.com"),
    ],
)
def test_a_url_loses_what_gives_access_and_nothing_else(text: str, safe: str) -> None:
    assert unsigned(text) == safe


def test_what_hides_or_reorders_is_taken_out() -> None:
    assert plain(" a\x00b\u202ec\u200b d\n\te ") == "a b c d e"
    assert unlinked("see https://x.example and www.x.example") == "see https:\u200b//x.example and www\u200b.x.example"


def test_a_text_is_cut_only_where_it_must_be_and_never_inside_an_escape() -> None:
    assert fit("x" * 20, 20) == "x" * 20
    cut = fit("x" * 21, 20)
    assert (cut, size(cut)) == ("x" * (20 - len(MARK)) + MARK, 20)
    assert size("a\U0001f600") == 3
    assert size(fit("\U0001f600" * 20, 20)) <= 20
    assert fit("&" * 20, 40, slack) == "&amp;" * ((40 - len(MARK)) // 5) + MARK


def test_json_is_cut_to_its_bytes_the_longest_parts_first() -> None:
    value = {"short": "s", "long": "ä" * 9000, "list": ["i" * 30] * 200, "numbers": list(range(5)), "one": 1}
    assert within(value, 100_000) == value
    for limit in (20_000, 8000, 3000, 1000):
        found = within(value, limit)
        assert len(dumped(found)) <= limit
        assert (found["short"], found["one"], found["numbers"]) == ("s", 1, [0, 1, 2, 3, 4])
    assert within(value, 3000)["list"][-1].endswith("more (cut)")
    assert within({"a": "\ud800"}, 100) == {"a": "\ufffd"}


def test_json_that_just_fits_is_whole_and_lists_of_texts_say_how_many_are_missing() -> None:
    texts = ["x" * 30] * 200
    assert within(texts, len(dumped(texts))) == texts
    assert within(texts, 300) == [*texts[:5], "… 195 more (cut)"]
    assert within(texts, 160) == [*texts[:3], "… 197 more (cut)"]
    assert within({"a": texts[:3], "b": "y" * 9000}, 300) == {"a": texts[:3], "b": "y" * (100 - len(MARK)) + MARK}
    assert within([list(range(400))], 100) == [list(range(20))]
    assert within([*texts, 7], 160) == texts[:3]


@pytest.mark.parametrize(
    ("text", "most", "number"),
    [("1", 5, 1), ("5", 5, 5), ("6", 5, None), ("0", 5, None), ("05", 5, None), ("05", 50, 5), ("-1", 5, None),
     ("", 5, None), ("1.0", 500, None), ("٣", 5, None), ("500", 500, 500), ("9" * 5000, 500, None)],
)  # fmt: skip
def test_a_whole_number_is_one_that_was_written_in_digits_and_is_within_its_limit(
    text: str, most: int, number: int | None
) -> None:
    assert whole(text, most) == number


def test_a_cut_text_fills_its_room_with_emoji_escapes_and_spaces_too() -> None:
    for limit in (len(MARK), len(MARK) + 1, 20, 21):
        found = fit("\U0001f600" * 40, limit)
        assert limit - 1 <= size(found) <= limit
    assert fit("ab   cd" + "e" * 20, len(MARK) + 4) == "ab" + MARK
    assert fit("x" * 100, 3) == MARK, "no room for more than the mark"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        (f"see {JWT}!", "see …!"),
        (JWT.rpartition(".")[0], "…"),
        (f"id-{JWT}.and.on", "id-….and.on"),
        (f"a.host.{JWT}.{JWT}", "a.host.….…"),
        (f"a.host.{JWT.partition('.')[0]}", f"a.host.{JWT.partition('.')[0]}"),
    ],
)
def test_of_a_token_no_part_stays_and_what_stands_around_it_does(text: str, safe: str) -> None:
    assert unsigned(text) == safe
