"""What a notice says of a verification's result."""

from shared.domain.restore import Phase
from shared.domain.verification import Result, Totals
from shared.notices.facts import facts_of
from tests.kits.restores import NOW, a_restore


def test_a_result_is_told_in_one_line_as_the_verification_or_as_a_warning_of_another_event() -> None:
    totals = Totals(databases=1, tables=2, rows=3, bytes=4)
    found = Result(verdict="failed", level="decoded", reason="torn", file="a.dump", totals=totals, seconds=5)
    words = "Decoded: failed; a.dump: torn; 5 s"
    assert facts_of(a_restore(Phase.SUCCEEDED), "verificationFailed", NOW, found).verification == words
    assert facts_of(a_restore(Phase.SUCCEEDED), "cleanupFailed", NOW, found).warnings == (words,)
