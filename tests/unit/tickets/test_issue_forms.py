"""An issue's form: a field is what its approver saw; a form that may mislead is not read."""

import pytest

from shared.tickets.issue_forms import MOST, MOST_FIELDS, Misread, read_form


def fields(count: int) -> str:
    return "".join(f"### F{n}\n\nv{n}\n\n" for n in range(count))


def test_a_form_has_a_hundred_fields_and_sixteen_thousand_characters_at_the_most() -> None:
    assert len(read_form(fields(MOST_FIELDS))) == MOST_FIELDS == 100
    with pytest.raises(Misread, match="more than 100 fields"):
        read_form(fields(MOST_FIELDS + 1))
    head = "### A\n\n"
    assert read_form(head + "x" * (MOST - len(head)))["A"].count("x") == MOST - len(head)
    with pytest.raises(Misread, match="has 16001 characters; 16000 are read"):
        read_form(head + "x" * (MOST + 1 - len(head)))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("no heading", {}),
        ("#### A\n\n###x", {}),
        ("### A\n\n_No response_", {"A": ""}),
        ("### A\n\nNone", {"A": ""}),
        ("### A\n\nx\n\n\n\ny", {"A": "x\n\ny"}),
        ("### A\n\n> ### B\n> x", {"A": "B\n\nx"}),
        ("### A\n### B\n\ny", {"A": "", "B": "y"}),
        ("### `A` b\n\n```\ncode\n```", {"A b": "code"}),
        ("### A\n\n- x\n- y", {"A": "x\n\ny"}),
        ("### A\n\nx  \ny", {"A": "x\ny"}),
    ],
)
def test_a_field_is_what_its_approver_saw(body: str, found: dict[str, str]) -> None:
    assert read_form(body) == found


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("text\n\n### A\n\nx", "before its first field"),
        ("### A\n\nx\n\n### a\n\ny", "stands twice"),
        ("###\n\nx\n\n### A", "a heading of it is empty"),
        ("### A\n\n<!-- x -->", "it holds HTML"),
        ("### A\n\nx <b>y</b>", "it holds HTML"),
        ("### A\n\n" + "> " * 13 + "x", "nested too deeply"),
    ],
)
def test_a_form_that_may_mislead_is_not_read(body: str, words: str) -> None:
    with pytest.raises(Misread, match=words):
        read_form(body)
