"""The lines that no test runs: each needs a reason, and a reason needs its line."""

from local.build.unrun import compared

LEFT = {7: "raise Trouble", 9: "return None", 11: "return None"}


def test_a_line_without_a_reason_is_named_with_its_place() -> None:
    assert compared("a.py", LEFT, {"return None": "no such answer is known"}) == ["a.py:7  raise Trouble"]
    assert compared("a.py", LEFT, {"return None": "x", "raise Trouble": "y"}) == []
    assert len(compared("a.py", LEFT, {})) == 3


def test_a_reason_whose_line_is_run_goes_unless_that_is_by_chance() -> None:
    assert compared("a.py", {}, {"return None": "x"}) == ["a.py  is run by now: return None"]
    assert compared("a.py", {}, {"return None": "by chance: two threads"}) == []
