"""What proves that no job exists, one row per condition; what needs that proof before it is done."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.azure.port import Gone, Rejected
from shared.domain.events import Checked, Event, Postponed, Refused, Revalidated, Withdrawn
from shared.domain.outcomes import Adopted, Failed, TrackLost
from shared.domain.problems import Trouble
from shared.domain.restore import BY_HAND, PROVEN, Phase, Readings, refusal
from shared.workflow.doubt import before_another_post, before_closing
from shared.workflow.proof import AZURE_SKEW, NO_DATE, OUR_SKEW, Absence, Listing, about_since, absence, since
from tests.kits.fakes import START
from tests.kits.stories import no
from tests.kits.world import World
from tests.unit.workflow.proof_kit import (
    AZURES,
    CLEAN,
    DONE,
    FIRST,
    PACE,
    SAID,
    at,
    attempt,
    doubted,
    job,
    later,
    with_job,
)


# --- since when -------------------------------------------------------------------------------------------------------
def test_the_first_doubtful_attempt_counts_by_azures_time_less_a_skew() -> None:
    world = World()
    sure = attempt(1, "not sent", since=START)
    first, second = attempt(2), attempt(3, since=later(3600))
    assert since(doubted(world, sure, first, second)) == AZURES - AZURE_SKEW
    assert about_since(doubted(world, sure, first, second)) == AZURES - AZURE_SKEW
    unknown = doubted(world, attempt(1, since=None), second)
    assert (since(unknown), about_since(unknown)) == (None, START - OUR_SKEW)


def judged(at: datetime, readings: Readings | None = None, more: dict[str, Any] | None = None, **seen: Any) -> Absence:
    return absence(doubted(World(), readings=readings, **(more or {})), Listing(at, **seen), PACE)


def test_two_clean_readings_after_the_grace_and_apart_are_the_proof() -> None:
    found = judged(FIRST)
    assert (found.proven, found.pending, found.readings) == (False, True, Readings(first=FIRST))
    assert "up to 90 minutes late" in found.why
    found = judged(DONE - timedelta(seconds=1), found.readings)
    assert (found.proven, found.pending, found.readings) == (False, True, Readings(first=FIRST))
    found = judged(DONE, found.readings)
    assert (found.proven, found.pending, found.readings) == (False, True, Readings(first=FIRST, clean=DONE))
    found = judged(CLEAN - timedelta(seconds=1), found.readings)
    assert (found.proven, found.pending, found.readings) == (False, True, Readings(first=FIRST, clean=DONE))
    found = judged(CLEAN, found.readings)
    assert (found.proven, found.pending, found.readings) == (True, False, Readings(first=FIRST, clean=DONE))


@pytest.mark.parametrize(
    ("more", "seen", "words"),
    [
        ({}, {"own": (job(),)}, "its own job is there: j"),
        ({}, {"possible": ("j1", "j2")}, "these jobs of the vault may be its own: j1, j2"),
        ({"cross_region": True}, {"ours": False}, "no job of ours"),
        ({"cross_region": True}, {"ours": True}, None),
        ({}, {"ours": True}, None),
    ],
)
def test_one_thing_that_speaks_against_it_ends_the_row_of_clean_readings(
    more: dict[str, Any], seen: dict[str, Any], words: str | None
) -> None:
    found = judged(CLEAN, Readings(first=FIRST, clean=DONE), more, **seen)
    if words is None:
        assert found.proven
        return
    assert (found.proven, found.pending, found.readings) == (False, False, Readings(first=FIRST))
    assert words in found.why


def test_a_list_that_may_not_reach_back_to_the_attempt_proves_nothing() -> None:
    old = later(PACE.lost_for, AZURES - AZURE_SKEW)
    for read_at, proven in ((old, True), (old + timedelta(seconds=1), False)):
        found = judged(read_at, Readings(first=FIRST, clean=DONE))
        assert (found.proven, found.pending) == (proven, False)
    assert "over 13 days old" in found.why


def test_without_a_time_of_azures_own_nothing_is_proven() -> None:
    readings = Readings(first=FIRST, clean=DONE)
    unread = absence(doubted(World(), readings=readings), Listing(None), PACE)
    assert unread == Absence(False, True, NO_DATE, readings)
    found = judged(CLEAN, readings, {"attempts": (attempt(since=None),)})
    assert (found.proven, found.pending, "no time of Azure's own" in found.why) == (False, False, True)


def test_attempts_that_were_proven_absent_before_need_no_second_row_of_readings() -> None:
    again = {"attempts": (attempt(1, PROVEN), attempt(2, "not sent"))}
    assert judged(FIRST, None, again).proven
    assert not judged(FIRST, None, again, possible=("j",)).proven
    assert not judged(FIRST, None, {"attempts": (attempt(1, PROVEN), attempt(2))}).proven
    assert not judged(FIRST, None, {"attempts": (attempt(1, BY_HAND),)}).proven


# --- before another attempt, before "nothing was started" -------------------------------------------------------------
def test_before_another_attempt_it_is_validated_anew_and_the_proof_must_still_stand() -> None:
    world = World()
    parts, proof = world.process().parts, {"readings": Readings(first=FIRST, clean=DONE)}
    now = at(world, PACE.grace_before_second + PACE.reconcile_every)
    assert before_another_post(parts, doubted(world, validated_at=None, **proof)) == Revalidated()
    assert before_another_post(parts, doubted(world, **proof)) is None
    assert before_another_post(parts, doubted(world, attempt(1, BY_HAND))) is None
    found = before_another_post(parts, doubted(world, attempt(1, BY_HAND), attempt(2)))
    assert isinstance(found, TrackLost)
    assert found.why.startswith("before another attempt: ")
    assert found.due == now + timedelta(seconds=PACE.lost_look)


@pytest.mark.parametrize(("fault", "status"), [(no("X", 403), 403), (no("X", 400), 400), (Gone("404"), None)])
def test_a_list_that_cannot_be_read_lets_no_other_attempt_through_and_nothing_close(
    fault: Rejected | Gone, status: int | None
) -> None:
    world = World()
    parts, restore = world.process().parts, doubted(world, attempt(1, PROVEN), phase=Phase.VALIDATED)
    refused = Refused(refusal("X", "no"))
    world.azure.script["jobs"] = [fault, fault]
    with pytest.raises(Trouble, match="an attempt was made") as caught:
        before_another_post(parts, restore)
    assert caught.value.status == status
    with pytest.raises(Trouble, match="an attempt was made") as caught:
        before_closing(parts, restore, refused)
    assert caught.value.status == status


CLOSING = [Refused(refusal("X", "no")), Withdrawn("me", "why"), Failed(SAID, None), Checked()]


@pytest.mark.parametrize("event", CLOSING, ids=lambda event: type(event).__name__)
@pytest.mark.parametrize("phase", [Phase.ACCEPTED, Phase.VALIDATING, Phase.VALIDATED])
def test_nothing_was_started_is_said_only_where_that_is_proven(event: Event, phase: Phase) -> None:
    world = World()
    parts, proven = world.process().parts, attempt(1, PROVEN)
    assert before_closing(parts, doubted(world, proven, phase=phase), event) is event
    unproven = before_closing(parts, doubted(world, attempt(1, BY_HAND), phase=phase), event)
    assert isinstance(unproven, TrackLost)
    assert "But an attempt was made: " in unproven.why
    assert unproven.due == world.clock.now() + timedelta(seconds=PACE.lost_look)
    restore = doubted(world, proven, phase=phase)
    with_job(world, restore, "late")
    found = before_closing(parts, restore, event)
    assert isinstance(found, Adopted)
    assert found.job.id == "late"


def test_what_says_nothing_of_the_kind_is_not_looked_into() -> None:
    world = World()
    parts, calls = world.process().parts, world.azure.count("jobs")
    waits, refused = Postponed("x", START), CLOSING[0]
    for restore, event in (
        (doubted(world, phase=Phase.VALIDATED), waits),
        (doubted(world, phase=Phase.VALIDATED), None),
        (doubted(world, attempt(1, "answered"), phase=Phase.VALIDATED), refused),
        (doubted(world, phase=Phase.SUBMITTING), refused),
    ):
        assert before_closing(parts, restore, event) is event
    assert world.azure.count("jobs") == calls


def test_the_clocks_of_azure_may_differ_by_two_minutes_and_ours_by_ten() -> None:
    assert (timedelta(minutes=2), timedelta(minutes=10)) == (AZURE_SKEW, OUR_SKEW)


def test_a_reading_that_does_not_say_it_saw_a_job_of_ours_proves_nothing_of_the_other_region() -> None:
    found = judged(CLEAN, Readings(first=FIRST, clean=DONE), {"cross_region": True})
    assert (found.proven, "no job of ours" in found.why) == (False, True)
