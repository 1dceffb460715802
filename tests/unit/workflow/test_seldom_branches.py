"""What seldom happens to a restore: rows that contradict each other, a table that answers late, jobs nobody reads."""

import json
import logging
from datetime import timedelta
from typing import Any

import pytest

from shared.azure.port import Doubt, Gone, Rejected
from shared.domain.events import Claimed, Waiting
from shared.domain.problems import Ours, Problem, Trouble
from shared.domain.restore import BY_HAND, Attempt, AzureError, Job, Phase
from shared.notices.outbox import Outbox
from shared.storage import row_keys
from shared.storage.ledger import Ledger
from shared.storage.shared_state import Pause
from shared.storage.store import Change, Conflict
from shared.sweep.retention import Retention
from shared.workflow.azure_facts import datasource, learn_instances, remembered_source, vault_facts
from shared.workflow.operator_acts import Act, Again, Resolution
from shared.workflow.points import is_stale, newest_usable, points_now, read_points, remembered_points, vault_of
from shared.workflow.tracking import poll_job
from shared.workflow.validation import take_turn
from tests.kits.aftercare_kit import asked, vaulted_world
from tests.kits.fakes import START, VAULT
from tests.kits.stories import no, now_is, up_to
from tests.kits.world import World, body, running

ACT = Act(by="dba", reason="not needed")
INSTANCE = f"{VAULT}/backupInstances/pg-a"


def put(world: World, restore_id: str, key: str, **changes: Any) -> None:
    """A row of the restore's partition as it must not be."""
    place = row_keys.partition(restore_id)
    row = world.store.get(place, key)
    assert row
    world.store.commit(place, [Change("put", key, {**row.fields, **changes})])


def validated(world: World) -> str:
    """Validated, and at rest: it was paused."""
    one = running(world, world.process())
    board = world.process().parts.board
    board.set_paused(Pause("dba", "wait", START), START)
    up_to(world, one, Phase.VALIDATED)
    board.set_paused(None, START)
    return one


def newer(world: World, restore_id: str) -> None:
    put(world, restore_id, row_keys.restore(restore_id), schemaVersion=99)


# --- rows -------------------------------------------------------------------------------------------------------------
def test_rows_that_contradict_each_other_are_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.VALIDATING)
    world.store.commit(row_keys.partition(one), [Change("delete", row_keys.turn(now_is(world, one).instance))])
    world.clock.advance(2 * 86400)
    with caplog.at_level(logging.ERROR, "desk"):
        world.process().workflow.advance(one)  # too late: it would give a turn back that is not there
    assert f"restore {one} cannot be saved: its rows contradict each other" in caplog.text
    assert now_is(world, one).phase is Phase.VALIDATING


def test_a_row_of_a_newer_release_is_left_alone_by_the_queue(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    one = running(world, world.process(), key="k")
    newer(world, one)
    queue = world.process().queue_in
    with caplog.at_level(logging.ERROR, "desk"):
        queue.message(json.dumps({"restore": one, "wake": 0}).encode(), "m1")
    assert "row left alone" in caplog.text
    caplog.clear()
    keyed = json.dumps(body(idempotencyKey="q")).encode()
    queue.message(keyed, "m2")
    two = next(row.text("restore") for row in world.live("open") if row.text("restore") != one)
    newer(world, two)
    with caplog.at_level(logging.ERROR, "desk"):
        queue.message(keyed, "m3")
    assert "row left alone" in caplog.text
    assert len(world.live("open")) == 2


@pytest.mark.parametrize("error", [Trouble("down"), Conflict("x")])
def test_a_refusal_that_cannot_be_saved_now_is_sent_again(error: Exception) -> None:
    world = World()

    def down(name: str, act: Any, args: Any) -> Any:
        if name == "store.commit" and any(change.key.startswith("restore-") for change in args[1]):
            raise error
        return act()

    world.process(down).queue_in.message(json.dumps(body("nobody")).encode(), "m1")
    (copy,) = world.queue
    assert (json.loads(copy.body)["copyOf"], copy.at) == ("m1", world.pace.hold_message)
    assert world.restores() == []
    world.clock.advance(61)
    world.settle(world.process())
    assert [restore.phase for restore in world.restores()] == [Phase.REFUSED]


def test_retention_leaves_what_a_loader_is_reading_and_what_has_no_key() -> None:
    world_days = 30
    world = vaulted_world()
    one = asked(world)
    up_to(world, one, Phase.SUCCEEDED)
    world.settle(world.process())
    place = row_keys.partition(one)
    world.store.commit(
        place,
        [
            Change("put", row_keys.container(one), {"state": "gone", "restore": one}),
            Change("put", row_keys.verification(one), {"state": "running", "restore": one}),
        ],
    )
    world.clock.advance((world_days + 1) * 86400)
    retention = Retention(Ledger(world.store), Outbox(world.store), world_days)
    assert retention.remove_old(world.clock.now()) == 0
    world.store.commit(place, [Change("put", row_keys.verification(one), {"state": "passed", "restore": one})])
    assert retention.remove_old(world.clock.now()) == 1

    keyless = World()
    answer = keyless.process().post(body())
    keyless.settle(keyless.process())
    keyless.clock.advance((world_days + 1) * 86400)
    assert Retention(Ledger(keyless.store), Outbox(keyless.store), world_days).remove_old(keyless.clock.now()) == 1
    assert Ledger(keyless.store).load(json.loads(answer.body)["id"]) is None


# --- saves ------------------------------------------------------------------------------------------------------------
def test_an_answer_that_cannot_be_saved_five_times_leaves_the_attempt_to_its_doubt() -> None:
    world = World()
    one = validated(world)
    tries = []

    def down(name: str, act: Any, args: Any) -> Any:
        if name == "store.commit" and any(change.fields.get("phase") == "submitted" for change in args[1]):
            tries.append(1)
            raise Trouble("the table does not answer")
        return act()

    after = world.process(down).workflow.advance(one, now_due=True)
    assert after
    assert (after.phase, len(tries), len(world.azure.posted)) == (Phase.SUBMITTING, 5, 1)
    world.settle(world.process())
    assert (now_is(world, one).phase, len(world.azure.posted)) == (Phase.SUCCEEDED, 1)


def test_a_claim_that_somebody_else_made_is_not_ours() -> None:
    world = World()
    one = validated(world)

    def other_first(name: str, act: Any, args: Any) -> Any:
        if name == "store.commit" and any(change.fields.get("phase") == "submitting" for change in args[1]):
            flow = world.process().workflow
            found = now_is(world, one)
            if found.phase is Phase.VALIDATED:
                flow.save(found, Claimed("another's", world.clock.now() + timedelta(minutes=5)))
        return act()

    world.process(other_first).workflow.advance(one, now_due=True)
    found = now_is(world, one)
    assert (world.azure.posted, [attempt.request_id for attempt in found.attempts]) == ([], ["another's"])


def test_a_fault_of_ours_after_the_submission_rises() -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.RESTORING)
    world.azure.script["job"] = [Ours("a setting is missing")]
    with pytest.raises(Ours):
        world.process().workflow.advance(one, now_due=True)
    two = running(world, world.process(), "pg-b", key="b")
    world.azure.script["points"] = [Ours("a setting is missing")]
    world.deliver(world.process())
    found = now_is(world, two)
    assert (found.trouble, found.due - world.clock.now()) == ("a setting is missing", timedelta(seconds=20))


def test_a_restore_that_is_moved_each_time_it_is_looked_at_is_a_409() -> None:
    world = World()
    one = running(world, world.process())
    tries = []

    def moved(name: str, act: Any, args: Any) -> Any:
        if name == "store.commit":
            tries.append(1)
            raise Conflict("moved")
        return act()

    with pytest.raises(Problem, match="it changed each time") as caught:
        world.process(moved).acts.withdraw(now_is(world, one), ACT)
    assert (caught.value.status, len(tries)) == (409, 8)


def test_trouble_with_the_jobs_puts_off_the_refusal_of_a_containers_step() -> None:
    world = vaulted_world()
    one = asked(world)
    world.azure.script["answer"] = [Doubt("reset")]
    up_to(world, one, Phase.SUBMITTING)
    for job in world.azure.jobs_by_id.values():
        job.hidden, job.listed_from = True, job.listed_from + timedelta(days=30)

    def refuse() -> None:
        world.azure.script["jobs"] = [no("X", 400)]
        raise Rejected(AzureError(stage="request", code="RequestDisallowedByPolicy", message="no"), 403)

    world.azure.script["make_container"] = [refuse]
    for _ in range(60):
        if not world.azure.script["make_container"]:
            break
        world.process().sweep.run()
        world.clock.advance(world.next_due())
    after = now_is(world, one)
    assert after.phase is Phase.ACCEPTED
    assert "the vault's jobs cannot be read, and an attempt was made" in (after.trouble or "")


# --- jobs -------------------------------------------------------------------------------------------------------------
def test_a_restoring_restore_without_a_job_is_looked_for_in_the_vaults_jobs() -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.RESTORING)
    found = poll_job(world.process().parts, now_is(world, one).model_copy(update={"job": None}))
    assert type(found).__name__ == "Adopted"


@pytest.mark.parametrize("error", [no("AuthorizationFailed", 403), Gone("404")])
def test_a_person_is_told_that_the_jobs_cannot_be_read(error: Exception) -> None:
    world = World()
    world.azure.echoes = False
    world.azure.script["answer"] = [Doubt("reset")]
    one = running(world, world.process())
    up_to(world, one, Phase.LOST)
    acts = world.process().acts
    closed = acts.resolve(now_is(world, one), Resolution(by="dba", reason="no", resolution="close"))
    world.azure.script["jobs"] = [error]
    with pytest.raises(Problem) as caught:
        acts.again(closed, Again(by="dba", reason="again"), None)
    assert (caught.value.status, caught.value.title) == (503, "The vault's jobs cannot be read")


@pytest.mark.parametrize(("error", "phase"), [(Gone("404"), Phase.FAILED), (no("X", 403), Phase.FAILED)])
def test_a_job_that_cannot_be_read_does_not_keep_a_person_from_closing(error: Exception, phase: Phase) -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.RESTORING)
    found = now_is(world, one).model_copy(update={"phase": Phase.LOST})
    saved = Ledger(world.store).save(now_is(world, one), found)
    world.azure.script["job"] = [error]
    closed = world.process().acts.resolve(saved, Resolution(by="dba", reason="no", resolution="close"))
    assert closed.phase is phase


# --- the turn ---------------------------------------------------------------------------------------------------------
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


# --- what Azure says, remembered --------------------------------------------------------------------------------------
@pytest.mark.parametrize(("seconds", "reads"), [(86399, 1), (86400, 2)])
def test_the_facts_of_a_vault_and_an_instance_are_believed_for_a_day(seconds: float, reads: int) -> None:
    world = World()
    parts = world.process().parts
    assert remembered_source(parts, INSTANCE) is None
    first = vault_facts(parts, VAULT), datasource(parts, VAULT, INSTANCE)
    world.clock.advance(seconds)
    assert (vault_facts(parts, VAULT), datasource(parts, VAULT, INSTANCE)) == first
    assert (world.azure.count("vault"), world.azure.count("datasource")) == (reads, reads)
    assert remembered_source(parts, INSTANCE) == first[1]
    vault_facts(parts, VAULT, anew=True)
    assert world.azure.count("vault") == reads + 1


def test_two_unknown_instances_are_learned_by_one_list_and_one_is_not() -> None:
    world = World()
    parts = world.process().parts
    learn_instances(parts, VAULT, {INSTANCE})
    assert world.azure.count("instances") == 0
    learn_instances(parts, VAULT, {INSTANCE, INSTANCE.replace("pg-a", "pg-b")})
    assert (world.azure.count("instances"), remembered_source(parts, INSTANCE) is not None) == (1, True)
    learn_instances(parts, VAULT, {INSTANCE, INSTANCE.replace("pg-a", "pg-far")})
    assert world.azure.count("instances") == 1, "one of the two is known"
    world.clock.advance(86401)
    world.azure.script["instances"] = [no("X", 403)]
    learn_instances(parts, VAULT, {INSTANCE, INSTANCE.replace("pg-a", "pg-far")})
    assert world.azure.count("instances") == 2


@pytest.mark.parametrize(("seconds", "reads"), [(299, 1), (300, 2)])
def test_a_list_of_points_is_fresh_for_five_minutes(seconds: float, reads: int) -> None:
    world = World()
    parts = world.process().parts
    assert remembered_points(parts, INSTANCE) is None
    assert [point.id for point in points_now(parts, INSTANCE).points] == ["pt-1"]
    world.clock.advance(seconds)
    points_now(parts, INSTANCE)
    assert world.azure.count("points") == reads


def test_during_trouble_the_last_known_points_stand_and_a_no_is_remembered_as_the_problem() -> None:
    world = World()
    parts = world.process().parts
    world.azure.script["points"] = [Trouble("503")]
    with pytest.raises(Trouble):
        points_now(parts, INSTANCE)
    first = points_now(parts, INSTANCE)
    world.clock.advance(1000)
    world.azure.script["points"] = [Trouble("503"), no("X", 403), Gone("404")]
    assert points_now(parts, INSTANCE) == first
    for words in ("Azure said no: X: no", "Azure said no: 404"):
        refused = read_points(parts, INSTANCE)
        assert (refused.problem, refused.points, refused.at) == (words, first.points, world.clock.now())
    assert remembered_points(parts, INSTANCE) == refused
    asked_before = world.azure.count("points")
    assert points_now(parts, INSTANCE).problem is None, "a list with a problem is read anew at once"
    assert world.azure.count("points") == asked_before + 1
    fresh = World()
    fresh.azure.script["points"] = [no("X", 403)]
    assert read_points(fresh.process().parts, INSTANCE).points == ()
    assert vault_of(INSTANCE) == VAULT


def test_the_newest_usable_point_is_stale_after_so_many_days() -> None:
    world = World()
    parts = world.process().parts
    newest = newest_usable(parts, INSTANCE, read_points(parts, INSTANCE))
    assert newest
    assert newest.time == START - timedelta(hours=1)
    assert not is_stale(newest, 1, newest.time + timedelta(days=1))
    assert is_stale(newest, 1, newest.time + timedelta(days=1, seconds=1))
    assert is_stale(None, 1000, START)


# --- a person's words -------------------------------------------------------------------------------------------------
def test_a_persons_word_stands_for_the_attempts_that_nothing_proves() -> None:
    attempts = tuple(
        Attempt(number=n, request_id=str(n), at=START, ended=ended)
        for n, ended in enumerate(("not sent", "answered", "never arrived", "in doubt", None), 1)
    )
    world = World()
    one = now_is(world, running(world, world.process()))
    lost = one.model_copy(update={"phase": Phase.LOST, "attempts": attempts, "job": Job(id="j", status="x")})
    acts = world.process().acts
    event = acts._resolution(
        lost.model_copy(update={"job": None}), Resolution(by="dba", reason="none there", resolution="resubmit")
    )
    after = event.changes(lost, START)["attempts"]
    assert [attempt.ended for attempt in after] == ["not sent", "answered", "never arrived", BY_HAND, BY_HAND]


def test_what_became_of_a_job_decides_what_a_person_may_say() -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.RESTORING)
    found = now_is(world, one)
    lost = Ledger(world.store).save(found, found.model_copy(update={"phase": Phase.LOST}))
    acts, close = world.process().acts, Resolution(by="dba", reason="no", resolution="close")
    with pytest.raises(Problem, match="cancel it there first, or wait for it"):
        acts.resolve(lost, close)
    (job,) = world.azure.jobs_by_id.values()
    job.ends, job.end_status = world.clock.now(), "Failed"
    assert acts._known_job(lost, close) is None
    job.end_status = "Completed"
    adopted = acts._known_job(lost, close)
    assert adopted
    assert adopted.note() == f"job {job.id}, it had succeeded when dba resolved it: no"
    assert acts._known_job(lost.model_copy(update={"job": None}), close) is None
    job.end_status = "Failed"
    assert acts.resolve(lost, close).phase is Phase.FAILED


def test_a_restore_that_is_gone_while_a_person_acts_is_a_404() -> None:
    world = World()
    one = now_is(world, running(world, world.process()))
    world.store.commit(row_keys.partition(one.id), [Change("delete", row_keys.restore(one.id))])
    with pytest.raises(Problem) as caught:
        world.process().acts.withdraw(one, ACT)
    assert caught.value.status == 404


@pytest.mark.parametrize("code", ["ContainerBeingDeleted", "CloudInternalError"])
def test_a_no_to_a_container_that_passes_is_asked_again(code: str) -> None:
    world = vaulted_world()
    one = asked(world)
    world.azure.script["make_container"] = [Rejected(AzureError(stage="request", code=code, message="wait"), 409)]
    world.process().workflow.advance(one)
    found = now_is(world, one)
    assert (found.phase, found.trouble) == (Phase.ACCEPTED, f"{code}: wait")
    assert found.due - world.clock.now() == timedelta(seconds=world.pace.back_off)
    up_to(world, one, Phase.SUCCEEDED)
