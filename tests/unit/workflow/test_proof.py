"""What proves that no job exists, one row per condition; and what a restore in doubt comes to by it, and when."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.azure.port import Gone, Rejected
from shared.azure.responses import JobRead
from shared.domain.events import Checked, Event, Postponed, Refused, Revalidated, Withdrawn
from shared.domain.outcomes import Adopted, BecameOverdue, Failed, InDoubt, Looked, NeverArrived, TrackLost
from shared.domain.pace import Pace
from shared.domain.problems import Trouble
from shared.domain.restore import BY_HAND, PROVEN, Attempt, AzureError, Job, Phase, Readings, Restore, refusal
from shared.workflow.doubt import (
    TAKEN,
    UNREAD,
    before_another_post,
    before_closing,
    look_for_lost,
    resolve_doubt,
    unread_for_long,
)
from shared.workflow.proof import AZURE_SKEW, NO_DATE, OUR_SKEW, Absence, Listing, about_since, absence, since
from tests.kits.fakes import START, VAULT
from tests.kits.stories import no, now_is
from tests.kits.world import World, running

PACE = Pace()
AZURES = START + timedelta(hours=1)  # the fake's clock of Azure is an hour ahead of ours
INSTANCE = f"{VAULT}/backupInstances/pg-a".lower()
SAID = AzureError(stage="submission", code="X", message="no")


def later(seconds: float, at: datetime = AZURES) -> datetime:
    return at + timedelta(seconds=seconds)


def attempt(number: int = 1, ended: str | None = "in doubt", **changes: Any) -> Attempt:
    made = Attempt(number=number, request_id=f"aaaaaaaa-0000-0000-0000-00000000000{number}", at=START, ended=ended)
    return made.model_copy(update={"since": AZURES, **changes})


def doubted(world: World, *attempts: Attempt, **changes: Any) -> Restore:
    one = now_is(world, running(world, world.process()))
    fields = {"phase": Phase.SUBMITTING, "attempts": attempts or (attempt(),), "validated_at": START}
    return one.model_copy(update={**fields, **changes})


def job(name: str = "j", **changes: Any) -> JobRead:
    shown = Job(id=name, status="InProgress", started=AZURES)
    return replace(JobRead(shown, "running", None, INSTANCE, "restore", None, None, ""), **changes)


# --- since when -------------------------------------------------------------------------------------------------------
def test_the_first_doubtful_attempt_counts_by_azures_time_less_a_skew() -> None:
    world = World()
    sure = attempt(1, "not sent", since=START)
    first, second = attempt(2), attempt(3, since=later(3600))
    assert since(doubted(world, sure, first, second)) == AZURES - AZURE_SKEW
    assert about_since(doubted(world, sure, first, second)) == AZURES - AZURE_SKEW
    unknown = doubted(world, attempt(1, since=None), second)
    assert (since(unknown), about_since(unknown)) == (None, START - OUR_SKEW)


# --- proof ------------------------------------------------------------------------------------------------------------
FIRST = later(100)
DONE = FIRST + timedelta(seconds=PACE.grace_before_second)
CLEAN = DONE + timedelta(seconds=PACE.reconcile_every)


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
    for at, proven in ((old, True), (old + timedelta(seconds=1), False)):
        found = judged(at, Readings(first=FIRST, clean=DONE))
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


# --- in doubt ---------------------------------------------------------------------------------------------------------
def at(world: World, seconds: float) -> datetime:
    """Our time, where Azure's is `seconds` after FIRST."""
    world.clock.at = FIRST + timedelta(seconds=seconds - world.azure.azure_ahead)
    return world.clock.at


def event_of(world: World, restore: Restore) -> Event | None:
    return resolve_doubt(world.process().parts, restore)


@pytest.mark.parametrize(
    ("seconds", "wait"),
    [
        (0, PACE.reconcile_every),
        (PACE.grace - 1, PACE.reconcile_every),
        (PACE.grace, PACE.lost_look),
        (PACE.grace_before_second - PACE.lost_look, PACE.lost_look),
        (PACE.grace_before_second - 100, 100),
        (PACE.grace_before_second - 0.5, 1),
        (PACE.grace_before_second, PACE.reconcile_every),
    ],
)
def test_it_looks_often_then_seldom_and_often_again_at_the_end_of_the_grace(seconds: float, wait: float) -> None:
    world = World()
    restore = doubted(world, readings=Readings(first=FIRST))
    now = at(world, seconds)
    found = event_of(world, restore)
    assert isinstance(found, Looked)
    assert (found.due, found.why and found.why[:10]) == (now + timedelta(seconds=wait), "in doubt: ")
    assert found.readings is not None
    assert found.readings.first == FIRST


def test_proven_it_never_arrived_unless_azure_had_taken_it() -> None:
    world = World()
    now = at(world, PACE.grace_before_second + PACE.reconcile_every)
    proof = {"readings": Readings(first=FIRST, clean=DONE)}
    assert event_of(world, doubted(world, **proof)) == NeverArrived(DONE, CLEAN)
    taken = event_of(world, doubted(world, phase=Phase.SUBMITTED, **proof))
    assert isinstance(taken, TrackLost)
    assert (taken.due, taken.why.startswith(f"{TAKEN}; ")) == (now + timedelta(seconds=PACE.lost_look), True)


@pytest.mark.parametrize(("seconds", "lost"), [(PACE.grace - 1, False), (PACE.grace, True)])
@pytest.mark.parametrize("taken", [True, False])
def test_what_speaks_against_it_makes_it_lost_after_the_first_grace(seconds: float, lost: bool, taken: bool) -> None:
    world = World()
    world.azure.azure_ahead = 0
    world.azure.job_of_nobody("pg-a")
    world.azure.azure_ahead = 3600
    restore = doubted(world, attempt(since=START - timedelta(hours=1)), readings=Readings(first=FIRST))
    restore = restore.model_copy(update={"phase": Phase.SUBMITTED if taken else Phase.SUBMITTING})
    now = at(world, seconds)
    found = event_of(world, restore)
    assert isinstance(found, TrackLost) is lost
    if isinstance(found, TrackLost):
        assert "may be its own: 99999999" in found.why
        assert (found.due, TAKEN in found.why) == (now + timedelta(seconds=PACE.lost_look), taken)


def test_a_submission_that_was_taken_is_lost_where_waiting_can_prove_nothing_more() -> None:
    world = World()
    at(world, PACE.grace)
    found = event_of(world, doubted(world, phase=Phase.SUBMITTED, readings=Readings(first=FIRST)))
    assert isinstance(found, TrackLost)


def test_without_an_attempt_or_an_end_of_it_there_is_nothing_to_look_for_yet() -> None:
    world = World()
    now = world.clock.now()
    found = event_of(world, doubted(world).model_copy(update={"attempts": ()}))
    assert found == TrackLost("it has no attempt on its books", now + timedelta(seconds=PACE.lost_for))
    gone = event_of(world, doubted(world, attempt(ended=None)))
    assert gone == InDoubt("found in submitting: the worker that sent it is gone", now)
    looked = event_of(world, doubted(world, attempt(ended=None), phase=Phase.SUBMITTED))
    assert isinstance(looked, Looked)


# --- its job is there -------------------------------------------------------------------------------------------------
def with_job(world: World, restore: Restore, *ids: str) -> None:
    for name in ids:
        world.azure.job_of_nobody("pg-a")
        found = list(world.azure.jobs_by_id.values())[-1]
        world.azure.jobs_by_id.pop(found.id)
        found.id, found.request_id = name, restore.attempts[0].request_id
        world.azure.jobs_by_id[name] = found


@pytest.mark.parametrize("look", [resolve_doubt, look_for_lost, before_another_post])
def test_its_own_job_is_adopted_and_a_second_one_is_a_duplicate(look: Any) -> None:
    world = World()
    restore = doubted(world)
    with_job(world, restore, "a", "b")
    found = look(world.process().parts, restore)
    assert isinstance(found, Adopted)
    assert (found.job.id, found.duplicates) == ("a", ("b",))
    assert found.due == world.clock.now() + timedelta(seconds=PACE.job_likely)


# --- lost -------------------------------------------------------------------------------------------------------------
def test_a_lost_one_is_looked_for_each_quarter_of_an_hour_until_the_list_can_show_nothing() -> None:
    world = World()
    parts, reading = world.process().parts, Readings(first=FIRST)
    restore = doubted(world, phase=Phase.LOST, trouble="nobody knows", readings=reading)
    last = PACE.lost_for + (AZURES - AZURE_SKEW - FIRST).total_seconds()
    for seconds, wait in ((0, PACE.lost_look), (last, PACE.lost_look), (last + 1, PACE.lost_for)):
        now = at(world, seconds)
        found = look_for_lost(parts, restore)
        assert found == Looked("nobody knows", now + timedelta(seconds=wait), reading)
    for fault in (Trouble("503"), Gone("404"), no("Forbidden", 403)):
        world.azure.script["jobs"] = [fault]
        found = look_for_lost(parts, restore)
        assert found == Looked("nobody knows", world.clock.now() + timedelta(seconds=PACE.lost_look), reading)
    none = restore.model_copy(update={"attempts": ()})
    assert look_for_lost(parts, none) == Looked("nobody knows", now + timedelta(seconds=PACE.lost_for), None)


# --- the list cannot be read ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fault", "age", "lost"),
    [
        (no("X", 400), 2 * PACE.overdue, False),
        (no("X", 400), 2 * PACE.overdue + 1, True),
        (no("X", 403), 2 * PACE.overdue + 1, False),
        (no("X", 403), PACE.lost_for, False),
        (no("X", 403), PACE.lost_for + 1, True),
        (no("X", 401), PACE.lost_for, False),
        (Gone("404"), 2 * PACE.overdue + 1, True),
    ],
)
def test_a_list_that_is_refused_waits_and_is_lost_in_the_end(fault: Rejected | Gone, age: float, lost: bool) -> None:
    world = World()
    restore = doubted(world, troubles=0)
    world.clock.advance(age)
    world.azure.script["jobs"] = [fault]
    found = event_of(world, restore)
    assert isinstance(found, TrackLost if lost else Postponed)
    assert found.why.startswith(UNREAD)
    wait = PACE.lost_look if lost else PACE.reconcile_every
    assert found.due == world.clock.now() + timedelta(seconds=wait)
    forbidden = isinstance(fault, Rejected) and fault.status in (401, 403)
    assert ("backupJobs/read" in found.why) is (forbidden and not lost)


@pytest.mark.parametrize(
    ("changes", "trouble", "age", "ends"),
    [
        ({}, Trouble("503"), PACE.overdue, None),
        ({}, Trouble("503"), PACE.overdue + 1, BecameOverdue),
        ({"overdue_at": START}, Trouble("503"), PACE.overdue + 1, None),
        ({}, Trouble("503"), 2 * PACE.overdue, BecameOverdue),
        ({}, Trouble("503"), 2 * PACE.overdue + 1, TrackLost),
        ({}, Trouble("no", None, 403), 2 * PACE.overdue + 1, BecameOverdue),
        ({}, Trouble("no", None, 401), PACE.lost_for, BecameOverdue),
        ({}, Trouble("no", None, 403), PACE.lost_for + 1, TrackLost),
        ({}, Trouble("429", 5.0, 429, True), PACE.lost_for + 1, None),
        ({"phase": Phase.VALIDATED}, Trouble("503"), 2 * PACE.overdue + 1, TrackLost),
        ({"phase": Phase.SUBMITTED}, Trouble("503"), 2 * PACE.overdue + 1, TrackLost),
        ({"phase": Phase.ACCEPTED}, Trouble("503"), 2 * PACE.overdue + 1, None),
        ({"tracking": "https://x"}, Trouble("503"), 2 * PACE.overdue + 1, None),
        ({"job": Job(id="j", status="x")}, Trouble("503"), 2 * PACE.overdue + 1, None),
        ({"attempts": (attempt(1, "not sent"),)}, Trouble("503"), 2 * PACE.overdue + 1, None),
        ({"validated_at": START + timedelta(seconds=2)}, Trouble("503"), PACE.overdue + 2, None),
        ({"validated_at": None}, Trouble("503"), PACE.overdue + 1, BecameOverdue),
    ],
)
def test_trouble_with_the_list_for_long_is_overdue_and_then_lost(
    changes: dict[str, Any], trouble: Trouble, age: float, ends: type[Event] | None
) -> None:
    world = World()
    restore = doubted(world, **changes)
    world.clock.advance(age)
    found = unread_for_long(world.process().parts, restore, trouble)
    assert type(found) is (ends or type(None))
    if isinstance(found, BecameOverdue | TrackLost):
        wait = PACE.poll_default if isinstance(found, BecameOverdue) else PACE.lost_look
        assert found.due == world.clock.now() + timedelta(seconds=wait)


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
