"""A right that is missing at the POST: asked for again for ten minutes, with a note, and then believed."""

from datetime import timedelta

import pytest

from shared.azure.port import Rejected
from shared.domain.restore import CERTAIN, AzureError, Phase, Restore
from shared.storage.shared_state import Pause
from tests.kits.fakes import START
from tests.kits.stories import no, now_is, up_to
from tests.kits.world import World, running

MISSING = (
    no("UserErrorMsiMissingPermissions"),
    no("AuthorizationFailed", 403),
    Rejected(
        AzureError(stage="submission", code="Collecting", message="no", inner_code="LinkedAuthorizationFailed"), 403
    ),
)


def posted(world: World, one: str, *answers: Rejected) -> Restore:
    """The restore, after its POSTs were answered so."""
    world.azure.script["submit"] = list(answers)
    for _ in answers:
        world.process().workflow.advance(one, now_due=True)
        last = now_is(world, one)
        if last.phase is Phase.VALIDATED:
            world.clock.at = last.due
    return now_is(world, one)


def ready(world: World) -> str:
    """Validated, and paused so that it stays so."""
    one = running(world, world.process())
    world.process().parts.board.set_paused(Pause("dba", "wait", START), START)
    up_to(world, one, Phase.VALIDATED)
    world.process().parts.board.set_paused(None, START)
    return one


@pytest.mark.parametrize("missing", MISSING, ids=lambda no: no.error.code)
def test_it_is_posted_again_with_a_note_until_it_is_taken_and_only_one_job_runs(missing: Rejected) -> None:
    world = World()
    one = ready(world)
    began = world.clock.now()
    waits = posted(world, one, missing)
    assert waits.due == began + timedelta(seconds=world.pace.rights_poll)
    assert (waits.phase, [a.ended for a in waits.attempts], waits.doubtful) == (Phase.VALIDATED, ["not sent"], ())
    ends = began + timedelta(seconds=world.pace.rights_settle)
    note = waits.timeline[-1].note or ""
    assert note.startswith(f"{missing.error.code}: no (a role may take minutes")
    assert f"until {ends:%H:%M} UTC" in note
    posted(world, one, missing)
    world.settle(world.process())
    after = now_is(world, one)
    assert (after.phase, [a.ended for a in after.attempts]) == (Phase.SUCCEEDED, ["not sent", "not sent", "taken"])
    assert world.azure.posted == [(one, after.attempts[-1].request_id)]
    assert world.faults({one}) == []


def test_it_is_believed_ten_minutes_after_the_first_post_however_long_that_had_to_wait() -> None:
    world = World()
    one = ready(world)
    world.clock.advance(3600)
    tries = round(world.pace.rights_settle / world.pace.rights_poll)
    waits = posted(world, one, *[MISSING[0]] * tries)
    assert (waits.phase, len(waits.attempts)) == (Phase.VALIDATED, tries)
    after = posted(world, one, MISSING[0])
    assert (after.phase, after.error and after.error.code) == (Phase.FAILED, "UserErrorMsiMissingPermissions")
    assert {attempt.ended for attempt in after.attempts} == {"not sent", "answered"} == set(CERTAIN)
    assert world.azure.posted == []


def test_attempts_of_an_earlier_validation_do_not_shorten_the_time() -> None:
    world = World()
    one = ready(world)
    posted(world, one, MISSING[0])
    parts, restore = world.process().parts, now_is(world, one)
    world.clock.advance(3600)
    parts.ledger.save(restore, restore.model_copy(update={"validated_at": world.clock.now()}))
    waits = posted(world, one, MISSING[0])
    assert (waits.phase, len(waits.attempts)) == (Phase.VALIDATED, 2)


@pytest.mark.parametrize("code", ["UserErrorNo", "UserErrorInvalidSecret", "ResourceNotFound"])
def test_any_other_no_is_believed_at_once(code: str) -> None:
    world = World()
    one = ready(world)
    after = posted(world, one, no(code))
    assert (after.phase, [attempt.ended for attempt in after.attempts]) == (Phase.FAILED, ["answered"])
