"""Ways in that were tried by an attacker: each held shut, or told where its second try would have been lost."""

import json
from typing import Any

import pytest

from shared.api.http import Call, answered
from shared.azure.port import NotSent
from shared.domain.problems import Problem, Trouble
from shared.domain.restore import Phase
from shared.workflow.intake import Caller
from tests.kits.stories import now_is
from tests.kits.world import DESK_MODEL, EVENTS_URL, World, body, desk_with, running

RAW = json.dumps(body()).encode()
SIGNED = "https://dumps.blob.core.windows.net/c?sv=2024&sp=racwl&sig=Zm9vYmFyc2VjcmV0"


def down(name: str, act: Any, args: Any) -> Any:
    if name.startswith("store"):
        raise Trouble("the ledger's table could not be used (503)")
    return act()


def test_poison_read_while_the_table_is_down_is_refused_aloud_and_starts_nothing() -> None:
    """It may be a copy of the message that was done, or another one of the same words: whoever sent it hears of it."""
    world = World()
    world.process().queue_in.message(RAW, "m1")
    world.process(down).queue_in.poison(RAW, "poison-1")
    world.settle(world.process())
    assert sorted(r.phase for r in world.restores()) == [Phase.REFUSED, Phase.SUCCEEDED]
    assert world.azure.count("submit") == 1


def test_poison_that_was_never_taken_is_taken_by_its_copy() -> None:
    world = World()
    world.process(down).queue_in.poison(RAW, "poison-1")
    world.settle(world.process())
    assert [r.phase for r in world.restores()] == [Phase.SUCCEEDED]


def test_each_refusal_under_one_key_is_told_and_the_same_one_once() -> None:
    world = World()
    for reason in ("no such instance", "no such instance", "no such target"):
        problem = Problem(422, "No", reason, "instance")
        world.process().intake.refuse(body("pg-x"), problem, Caller("queue", "OPS-1"))
    world.settle(world.process())
    assert len(world.restores()) == 2
    assert len(world.posts.events(EVENTS_URL)) == 2


@pytest.mark.parametrize("said", ["9999-12-31T23:59:59Z", "2026-10-01T23:00:00+09:00", "2027-01-01T00:00:00Z"])
def test_a_point_in_the_future_is_a_slip_and_refused(said: str) -> None:
    world = World()
    answer = world.process().post(body(recoveryPoint={"atOrBefore": said}))
    assert (answer.status, json.loads(answer.body)["field"]) == (422, "recoveryPoint.atOrBefore")
    assert "in the future" in json.loads(answer.body)["detail"]
    assert "2026-10-01T12:00:00Z" in json.loads(answer.body)["detail"]


def test_a_point_a_minute_ahead_is_only_another_clock() -> None:
    world = World()
    one = running(world, world.process(), recoveryPoint={"atOrBefore": "2026-10-01T14:01:00+02:00"})
    world.settle(world.process())
    assert now_is(world, one).phase is Phase.SUCCEEDED


def test_a_point_before_all_time_is_refused_in_words() -> None:
    world = World()
    one = running(world, world.process(), recoveryPoint={"atOrBefore": "0001-01-01T00:00:00Z"})
    world.settle(world.process())
    assert now_is(world, one).phase is Phase.REFUSED


def test_again_is_asked_once_under_the_header_too() -> None:
    world = World()
    one = running(world, world.process())
    process = world.process()
    act = {"by": "dba", "reason": "drill"}
    answered(process.api.withdraw, Call(path={"id": one}, body=json.dumps(act).encode()))
    call = Call(path={"id": one}, headers={"idempotency-key": "again-1"}, body=json.dumps(act).encode())
    answers = [answered(process.api.again, call) for _ in range(2)]
    assert [answer.status for answer in answers] == [202, 200]
    assert len(world.restores()) == 2


@pytest.mark.parametrize("field", ["instance", "target", "reason"])
def test_a_refused_requests_signed_url_is_kept_nowhere(field: str) -> None:
    world = World()
    value = body(**{field: SIGNED}) if field != "instance" else body(SIGNED)
    if field == "reason":
        value["target"] = {"kind": "files", "container": SIGNED}
    world.put(json.dumps(value).encode())
    world.settle(world.process())
    restore = world.restores()[0]
    assert restore.phase is Phase.REFUSED
    assert "Zm9vYmFyc2VjcmV0" not in restore.model_dump_json()
    everything = [row.fields for part in world.store._rows.values() for row in part.values()]  # type: ignore[attr-defined]
    assert "Zm9vYmFyc2VjcmV0" not in str(everything)


def test_a_channel_may_have_any_name() -> None:
    world = World()
    events = DESK_MODEL.channels["events"]
    world.desk = desk_with(channels={"unrouted": events})
    one = running(world, world.process())
    world.settle(world.process())
    assert now_is(world, one).phase is Phase.SUCCEEDED
    assert world.live("owed") == []


def test_a_429_is_no_doubt_even_if_nobody_can_be_told_of_it() -> None:
    world = World()
    one = running(world, world.process())
    world.azure.script["submit"] = [NotSent("Azure answered 429 to the POST", 60.0, True)]

    def quiet_fails(name: str, act: Any, args: Any) -> Any:
        if name == "store.commit" and any(change.key.startswith("quiet-") for change in args[1]):
            raise Trouble("the ledger's table could not be used (503)")
        return act()

    process = world.process(quiet_fails)
    for _ in range(8):
        world.deliver(process)
        process.sweep.run()
        if world.azure.count("submit"):
            break
        world.clock.advance(world.next_due())
    assert [attempt.ended for attempt in now_is(world, one).attempts] == ["not sent"]


def test_a_copy_under_a_key_of_the_desks_own_is_no_copy() -> None:
    """Else whoever may send could take the place of a refusal to come, whose message would crash for ever."""
    bad = {**body(), "surprise": 1, "idempotencyKey": "k"}
    other = World()
    other.process().queue_in.message(json.dumps(bad).encode(), "m1")
    (own,) = (restore.key for restore in other.restores())
    for key in (own, "", "x" * 256, 7, {"a": 1}, None, "a\u2028b"):
        world = World()
        process = world.process()
        process.queue_in.message(json.dumps({"copyOf": key, "request": body()}).encode(), "m1")
        process.queue_in.message(json.dumps(bad).encode(), "m2")
        assert [restore.phase for restore in world.restores()] == [Phase.REFUSED] * 2
