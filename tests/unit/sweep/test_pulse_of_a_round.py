"""What a round's pulse shows of the notices that wait: how many, since when, and the channels that wait longest."""

import json
from datetime import timedelta

from shared.domain.values import iso
from shared.notices.outbox import Notice
from shared.sweep.round import Round
from tests.kits.fakes import START


def waiting(channel: str, minutes: float) -> Notice:
    since = START - timedelta(minutes=minutes)
    return Notice("r", 1, channel, "failed", START, since)


def test_the_pulse_names_twenty_channels_those_that_wait_longest() -> None:
    this = Round(0.0, None, {})  # type: ignore[arg-type]
    this.wait([waiting(f"c{n}", n) for n in range(25)])
    this.wait([waiting("c3", 99), waiting("c24", 1)])
    pulse = this.pulse(["second", "third"], START)
    shown = json.loads(str(pulse["waiting"]))
    assert list(shown) == ["c3", *(f"c{n}" for n in range(24, 5, -1))]
    assert shown["c3"] == [2, iso(START - timedelta(minutes=99))]
    assert shown["c24"] == [2, iso(START - timedelta(minutes=24))]
    assert (pulse["owed"], pulse["stoppedAt"]) == (27, "second")
    assert pulse["oldestOwed"] == (START - timedelta(minutes=99)).isoformat()


def test_with_nothing_that_waits_it_names_none() -> None:
    pulse = Round(0.0, None, {}).pulse([], START)  # type: ignore[arg-type]
    assert (pulse["waiting"], pulse["owed"], pulse["oldestOwed"], pulse["stoppedAt"]) == ("{}", 0, "", "")
