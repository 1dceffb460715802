"""The beginning of a restore: its turn, the point that is asked for, its region, its guard, the first look."""

from datetime import timedelta
from typing import Any

import pytest

from shared.azure.port import Taken, VaultFacts
from shared.domain.events import Event, TurnTaken, ValidationStarted, Waiting
from shared.domain.outcomes import Failed
from shared.domain.problems import Trouble
from shared.domain.restore import Attempt, Phase, Point
from shared.domain.state_machine import IllegalStep
from shared.workflow.validation import begin, take_turn
from tests.kits.fakes import START
from tests.kits.stories import no, now_is, up_to
from tests.kits.world import World, running
from tests.unit.workflow.beginning_kit import ASKED_GUARD, GEO, GUARDS, begun, refused, told, with_turn


# --- the turn ---------------------------------------------------------------------------------------------------
def test_the_first_takes_the_turn_and_the_second_waits_for_it_and_says_so_once() -> None:
    world = World()
    one, two = (now_is(world, running(world, world.process(), key=key)) for key in "ab")
    parts = world.process().parts
    assert isinstance(begin(parts, one), TurnTaken)
    waits = begin(parts, two)
    assert waits == Waiting(one.id, world.clock.now() + timedelta(seconds=world.pace.poll_default))
    assert begin(parts, two.model_copy(update={"waiting_for": one.id})) is None
    assert isinstance(begin(parts, two.model_copy(update={"dry_run": True})), ValidationStarted)
    up_to(world, one.id, Phase.RESTORING)
    assert begin(parts, now_is(world, two.id).model_copy(update={"waiting_for": None})) == Waiting(
        one.id, world.clock.now() + timedelta(seconds=world.pace.poll_default)
    )


def test_a_turn_that_is_taken_is_waited_for_even_by_one_accepted_before() -> None:
    """Two workers' clocks: the earlier id came on the books later."""
    world = World()
    one, two = (now_is(world, running(world, world.process(), key=key)) for key in "ab")
    parts = world.process().parts
    parts.ledger.save(two, two.model_copy(update={"turn_at": world.clock.now()}))
    waits = begin(parts, one)
    assert isinstance(waits, Waiting)
    assert waits.waiting_for == two.id


# --- the point --------------------------------------------------------------------------------------------------
def test_the_latest_point_is_chosen_and_with_it_what_the_vault_and_the_instance_say() -> None:
    world, azure = told()
    event = begun(world, with_turn(world))
    assert (event.point.id, event.source_region, event.plan.location) == ("new", "westeurope", "westeurope")
    assert (event.guard_requests, event.datasource.name, azure.filters) == ((), "pg-a", [""])
    assert (azure.count("vault"), azure.numbers) == (1, [1])
    ready = azure.bodies[0]
    assert (ready.point, ready.plan, ready.datasource, ready.source_region, ready.guard_requests) == (
        event.point,
        event.plan,
        event.datasource,
        "westeurope",
        (),
    )


def test_a_point_before_a_time_is_asked_for_up_to_a_day_later_and_chosen_exactly() -> None:
    world, azure = told()
    event = begun(world, with_turn(world, recoveryPoint={"atOrBefore": "2026-10-01T06:00:00Z"}))
    assert event.point.id == "old"
    assert len(azure.filters) == 1
    assert "2026-10-02T06:00:00.0000000Z" in azure.filters[0]


@pytest.mark.parametrize(
    ("moment", "until"),
    [("0001-01-01T00:00:00Z", "0001-01-02T00:00:00"), ("9999-12-31T23:59:59Z", "2026-10-02T12:00:00")],
)
def test_any_time_that_can_be_written_can_be_asked_for(moment: str, until: str) -> None:
    world, azure = told()
    restore = with_turn(world)
    asked = {**restore.asked, "recoveryPoint": {"atOrBefore": moment}}
    begin(world.process().parts, restore.model_copy(update={"asked": asked}))
    assert azure.filters[0] == f"endDate eq '{until}.0000000Z'"


def test_a_second_attempt_goes_back_to_the_point_of_the_first_however_old_it_is() -> None:
    world, azure = told()
    restore = with_turn(world, maxAgeHours=2)
    assert begun(world, restore).point.id == "new"
    pinned = Point(id="old", time=START - timedelta(hours=30), tier="VaultStore")
    first = Attempt(number=1, request_id="r", at=START)
    assert begun(world, restore.model_copy(update={"point": pinned, "attempts": (first,)})).point.id == "old"
    assert azure.numbers == [1, 2]
    assert begun(world, restore.model_copy(update={"point": pinned})).point.id == "new", "nothing was attempted"
    assert begun(world, restore.model_copy(update={"attempts": (first,)})).point.id == "new"


def test_no_fitting_point_is_a_refusal_of_ours() -> None:
    world, _ = told()
    error = refused(begin(world.process().parts, with_turn(world, recoveryPoint={"id": "nowhere"})))
    assert (error.code, error.stage) == ("NoRecoveryPoint", "request")
    assert "no recovery point nowhere" in error.message


def test_where_no_point_is_old_enough_the_refusal_names_those_that_there_are() -> None:
    world, azure = told()
    asked = with_turn(world, recoveryPoint={"atOrBefore": "2001-01-01T00:00:00Z"})
    error = refused(begin(world.process().parts, asked))
    assert "at or before 2001-01-01 00:00:00 UTC" in error.message
    assert "(id old)" in error.message.partition("oldest")[2]
    assert "nearest to it" in error.message
    assert [bool(odata) for odata in azure.filters] == [True, False]


def test_a_cross_region_restore_takes_the_secondary_regions_points_and_goes_there() -> None:
    world, azure = told()
    event = begun(world, with_turn(world, crossRegion=True))
    assert (event.point.id, event.plan.location, event.source_region) == ("far-new", "northeurope", "westeurope")
    assert (azure.count("points"), azure.calls.count(("secondary_points", "northeurope"))) == (0, 1)


def test_a_location_that_the_request_names_stays() -> None:
    world, _ = told()
    assert begun(world, with_turn(world, location="francecentral")).plan.location == "francecentral"


# --- what the vault forbids ---------------------------------------------------------------------------------------
def test_what_the_vault_forbids_is_refused_once_it_was_asked_anew() -> None:
    world, azure = told(facts=VaultFacts("westeurope", None, "Enabled", "Disabled"))
    restore = with_turn(world, crossRegion=True)
    assert refused(begin(world.process().parts, restore)).code == "CrossRegionRestoreNotEnabled"
    assert (azure.count("vault"), azure.count("validate")) == (2, 0)
    azure.facts = GEO
    assert begun(world, restore).plan.location == "northeurope"
    assert azure.count("vault") == 3, "the negative fact was read anew, no more"


def test_a_restore_without_a_plan_was_never_accepted() -> None:
    world, _ = told()
    with pytest.raises(IllegalStep, match="without a plan"):
        begin(world.process().parts, with_turn(world).model_copy(update={"plan": None}))


# --- the guard --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "sent", "asked"), [("auto", GUARDS, 1), ([ASKED_GUARD], (ASKED_GUARD,), 0), (None, (), 0)]
)
def test_the_guards_requests_are_the_vaults_or_the_ones_that_are_named(said: Any, sent: tuple[str], asked: int) -> None:
    world, azure = told()
    more = {} if said is None else {"resourceGuardRequests": said}
    event = begun(world, with_turn(world, **more))
    assert (event.guard_requests, azure.bodies[0].guard_requests) == (sent, sent)
    assert azure.count("guard_requests") == asked


# --- when -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("taken", "seconds"),
    [
        (Taken("https://x/1", None), 48),
        (Taken("https://x/1", 7.0), 48),
        (Taken("https://x/1", 100.0), 100),
        (Taken(None, None), 0),
        (Taken(None, 10.0), 10),
    ],
)
def test_the_validation_is_looked_at_when_azure_says_or_when_it_is_likely_over(taken: Taken, seconds: float) -> None:
    world, _ = told(taken=taken)
    event = begun(world, with_turn(world))
    assert (event.tracking, event.due) == (taken.tracking, START + timedelta(seconds=seconds))


# --- a no -------------------------------------------------------------------------------------------------------
def test_a_no_is_final_unless_it_passes_or_a_right_may_still_settle() -> None:
    world, azure = told()
    parts, restore = world.process().parts, with_turn(world)

    def answered(code: str, **changes: Any) -> Event | None:
        azure.script["validate"] = [no(code)]
        return begin(parts, restore.model_copy(update=changes))

    final = answered("UserErrorNo")
    assert isinstance(final, Failed)
    assert (final.error.code, final.job) == ("UserErrorNo", None)
    with pytest.raises(Trouble) as passing:
        answered("CloudInternalError")
    assert passing.value.retry_after is None
    with pytest.raises(Trouble, match=r"asked again by itself until 12:10 UTC") as settling:
        answered("UserErrorMsiMissingPermissions")
    assert settling.value.retry_after == world.pace.rights_poll
    earlier = START - timedelta(seconds=world.pace.rights_settle)
    assert isinstance(answered("UserErrorMsiMissingPermissions", turn_at=earlier), Failed)
    assert isinstance(
        answered("UserErrorMsiMissingPermissions", turn_at=None, dry_run=True, accepted_at=earlier), Failed
    )


def test_a_dry_run_needs_no_turn() -> None:
    world, _ = told()
    one = now_is(world, running(world, world.process(), dryRun=True))
    assert (one.turn_at, one.phase) == (None, Phase.ACCEPTED)
    assert begun(world, one).point.id == "new"


def test_who_waits_for_the_turn_says_for_whom_and_once() -> None:
    world = World()
    one = running(world, world.process(), key="a")
    two = running(world, world.process(), key="b")
    parts = world.process().parts
    found = take_turn(parts, now_is(world, two))
    assert found == Waiting(one, START + timedelta(seconds=30))
    waiting = now_is(world, two).model_copy(update={"waiting_for": one})
    assert take_turn(parts, waiting) is None
    assert type(take_turn(parts, now_is(world, one))).__name__ == "TurnTaken"
