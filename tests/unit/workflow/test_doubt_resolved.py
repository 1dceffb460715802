"""What a restore in doubt comes to, and when: never arrived, adopted, a duplicate, lost."""

from datetime import timedelta
from typing import Any

import pytest

from shared.azure.port import Gone
from shared.domain.outcomes import Adopted, InDoubt, Looked, NeverArrived, TrackLost
from shared.domain.problems import Trouble
from shared.domain.restore import PROVEN, Phase, Readings
from shared.workflow.doubt import TAKEN, before_another_post, look_for_lost, resolve_doubt
from shared.workflow.proof import AZURE_SKEW
from tests.kits.fakes import START
from tests.kits.stories import no
from tests.kits.world import World
from tests.unit.workflow.proof_kit import AZURES, CLEAN, DONE, FIRST, PACE, at, attempt, doubted, event_of, with_job


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


def test_a_proof_of_earlier_attempts_needs_clean_readings_before_another_is_sent() -> None:
    world = World()
    restore = doubted(world, attempt(1, PROVEN), readings=Readings(first=FIRST))
    soon = at(world, 0) + timedelta(seconds=PACE.reconcile_every)
    assert event_of(world, restore) == Looked("in doubt: no job of the vault can be its own", soon, restore.readings)
    late = at(world, PACE.grace_before_second + PACE.reconcile_every) + timedelta(seconds=PACE.lost_look)
    assert event_of(world, restore) == TrackLost("no job of the vault can be its own", late)
