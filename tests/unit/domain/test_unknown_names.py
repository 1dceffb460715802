"""What is said of a name that there is not: the nearest three, else the first ten that there are."""

import pytest

from shared.domain.problems import no_kind, unknown


@pytest.mark.parametrize(
    ("name", "known", "words"),
    [
        ("pg-a", ["pg-a1", "pg-a2", "pg-a3", "pg-a4"], "; did you mean pg-a4 or pg-a3 or pg-a2?"),
        ("pg-a", ["pg-a1", "zebra"], "; did you mean pg-a1?"),
        ("pg-a", ["zebra"], "; there is: zebra"),
        ("pg-a", ["yak", "zebra"], "; there are: yak, zebra"),
        ("pg-a", [], "; there are: none"),
        ("pg-a", [f"z{n:02}" for n in range(11)], "; there are: " + ", ".join(f"z{n:02}" for n in range(10))),
    ],
)
def test_the_nearest_are_named_or_those_that_there_are(name: str, known: list[str], words: str) -> None:
    found = unknown("instance", name, "instance", reversed(known))
    assert (found.status, found.title, found.where) == (422, "Unknown instance", "instance")
    assert found.detail == f"{name!r} is no instance of desk.toml{words}"
    near = [] if "there" in words else words.removeprefix("; did you mean ").removesuffix("?").split(" or ")
    assert found.more == {"closest": near}


@pytest.mark.parametrize(("kind", "of"), [("phase", ""), ("source", ""), ("channel", " that http may name")])
def test_whose_names_they_are_is_said_where_it_matters(kind: str, of: str) -> None:
    assert unknown("x", "a", kind, ["z"], " that http may name").detail == f"'a' is no {kind}{of}; there is: z"


def test_a_kind_that_there_is_not_is_shown_cut_with_the_nearest_one() -> None:
    assert no_kind("slak", ["teams", "slack"]) == "kind is 'slak', and must be one of slack, teams; did you mean slack?"
    assert no_kind("x" * 61, ["teams"]).startswith(f"kind is '{'x' * 53}… (cut)', and must be one of teams")
    assert no_kind("x" * 60, ["teams"]) == f"kind is '{'x' * 60}', and must be one of teams"
