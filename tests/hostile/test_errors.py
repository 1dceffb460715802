"""Forty wrong inputs at the four doors: each answer names the field, what was seen, and what to send."""

import pytest

from tests.kits.wrong_inputs import PAGE, WRONG, Wrong, answer, page


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: f"{wrong.door}: {wrong.shown[:60]}")
def test_an_answer_names_the_field_what_was_seen_and_what_to_send(wrong: Wrong) -> None:
    said, field = answer(wrong)
    assert field in (None, wrong.field)
    assert wrong.field in said
    assert wrong.seen in said
    assert wrong.advice in said


def test_there_are_forty_of_all_four_kinds_and_the_page_shows_them() -> None:
    assert len(WRONG) >= 40
    assert {wrong.door for wrong in WRONG} == {"HTTP", "queue", "ticket", "deskctl"}
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.kits.wrong_inputs"
