"""The durations that docs/limits.md and the design promise, their faster rehearsal, and the waits made of them."""

from dataclasses import asdict

import pytest

from shared.domain.pace import Pace

MINUTE, HOUR, DAY = 60, 3600, 86400
PROMISED = {
    "shortest_poll": 5,
    "validation_likely": 48,
    "operation_likely": 5,
    "poll_default": 30,
    "job_likely": 110,
    "hold_message": MINUTE,
    "submit_window": 20,
    "submit_total": 60,
    "grace": 15 * MINUTE,
    "grace_before_second": 90 * MINUTE,
    "reconcile_every": 2 * MINUTE,
    "claim_grace": MINUTE,
    "skew": 5 * MINUTE,
    "lost_look": 15 * MINUTE,
    "lost_for": 13 * DAY,
    "before_submission": DAY,
    "overdue": 12 * HOUR,
    "overdue_archive": 48 * HOUR,
    "overdue_poll": 15 * MINUTE,
    "budget_window": MINUTE,
    "back_off": 20,
    "back_off_most": 15 * MINUTE,
    "rights_settle": 10 * MINUTE,
    "rights_poll": 2 * MINUTE,
    "points_fresh": 5 * MINUTE,
    "verify_look": 30 * MINUTE,
    "verify_lost": DAY,
    "points_look": DAY,
    "facts_fresh": DAY,
    "hour": HOUR,
    "cleanup_hold": 5 * MINUTE,
    "cleanup_again": DAY,
    "containers_look": DAY,
    "containers_mend": 10 * MINUTE,
    "notice_delays": (5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, DAY),
    "sweep_budget": 4 * MINUTE,
    "idle_pulse": 20,
    "full_round": 10 * MINUTE,
    "delivery_wait": 20,
    "sweep_silent": 10 * MINUTE,
    "outbox_late": 15 * MINUTE,
}
REAL = {  # what takes real time on any machine → the least it is divided to
    "submit_window": 3,
    "submit_total": 6,
    "cleanup_hold": 30,
    "sweep_silent": 60,
    "delivery_wait": 0.5,
    "outbox_late": 60,
    "verify_look": 10,
    "verify_lost": 600,
}


def test_the_promised_durations() -> None:
    assert asdict(Pace()) == PROMISED


@pytest.mark.parametrize("factor", [2.0, 1000.0])
def test_a_rehearsal_divides_every_duration_but_what_takes_real_time(factor: float) -> None:
    faster = asdict(Pace().faster(factor))
    for name, value in PROMISED.items():
        if name == "notice_delays":
            assert faster[name] == tuple(one / factor for one in value)  # type: ignore[attr-defined]
        elif name in ("sweep_budget", "idle_pulse"):
            assert faster[name] == value
        else:
            assert faster[name] == max(value / factor, REAL.get(name, 0)), name  # type: ignore[operator]


def test_the_pace_of_production_is_itself() -> None:
    pace = Pace()
    assert pace.faster(1) is pace


@pytest.mark.parametrize(
    ("tries", "jitter", "seconds"),
    [(0, 0.5, 20), (1, 0.5, 40), (5, 0.5, 640), (6, 0.5, 900), (60, 0.5, 900), (0, 0, 15), (0, 1, 25), (6, 1, 1125)],
)
def test_a_back_off_doubles_up_to_its_most_and_is_spread(tries: int, jitter: float, seconds: float) -> None:
    assert Pace().back_off_for(tries, jitter) == seconds


def test_a_back_off_doubles_twelve_times_at_the_most() -> None:
    assert Pace(back_off=1, back_off_most=10**9).back_off_for(40, 0.5) == 2**12


@pytest.mark.parametrize(
    ("elapsed", "cost", "seconds"),
    [
        (0, 1, 30),
        (60, 1, 30),
        (61, 1, 61 / 2),
        (240, 1, 120),
        (2400, 1, 120),
        (2401, 1, 2401 / 20),
        (6000, 1, 300),
        (60000, 1, 300),
        (360, 0.5, 90),
        (360, 0, 30),
    ],
)
def test_a_job_is_looked_at_less_often_the_longer_it_runs(elapsed: float, cost: float, seconds: float) -> None:
    assert Pace().job_poll(elapsed, cost) == pytest.approx(seconds)
    assert Pace().job_poll(elapsed) == Pace().job_poll(elapsed, 1.0)
