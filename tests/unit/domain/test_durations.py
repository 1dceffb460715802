"""How long a restore took: in all, and in each phase."""

from datetime import timedelta

from shared.domain.durations import phase_seconds, total_seconds
from shared.domain.restore import Entry, Phase
from tests.kits.restores import NOW, a_restore


def at(seconds: float) -> Entry:
    return Entry(at=NOW + timedelta(seconds=seconds), what="postponed")


def test_phases_are_summed_where_it_came_back_to_one_and_the_open_one_counts_up_to_now() -> None:
    moves = [(10, "validating"), (60, "validated"), (61, "accepted"), (70, "validating"), (130, "validated")]
    timeline = tuple(Entry(at=NOW + timedelta(seconds=seconds), what=what) for seconds, what in moves)
    restore = a_restore(Phase.VALIDATED, accepted_at=NOW, timeline=(at(5), *timeline, at(131)), closed_at=None)
    now = NOW + timedelta(seconds=150)
    assert phase_seconds(restore, now) == {"accepted": 19.0, "validating": 110.0, "validated": 21.0}
    assert total_seconds(restore, now) == 150.0


def test_a_closed_restore_counts_no_longer() -> None:
    ended = NOW + timedelta(seconds=100)
    moves = (Entry(at=NOW + timedelta(seconds=40), what="restoring"), Entry(at=ended, what="succeeded"))
    restore = a_restore(Phase.SUCCEEDED, accepted_at=NOW, closed_at=ended, timeline=moves)
    later = NOW + timedelta(days=3)
    assert phase_seconds(restore, later) == {"accepted": 40.0, "restoring": 60.0}
    assert total_seconds(restore, later) == 100.0
