"""A restore's way, told as stories: messages and sweeps, turns in order, dry runs, withdrawals."""

import json

from shared.domain.problems import Trouble
from shared.domain.restore import Phase
from shared.workflow.operator_acts import Act
from tests.kits.stories import now_is, up_to
from tests.kits.world import World, body, running

FILES_SAID = ["accepted", "turn taken", "validating", "validated", "submitting", "submitted", "restoring", "succeeded"]


def test_a_restore_runs_to_its_end_and_each_call_is_made_as_often_as_needed() -> None:
    world = World()
    one = running(world, world.process())
    world.settle(world.process())
    restore = now_is(world, one)
    assert [entry.what for entry in restore.timeline] == FILES_SAID
    assert (restore.outcome, world.azure.count("submit"), world.azure.count("validate")) == ("filesDelivered", 1, 1)
    assert world.azure.count("operation") == 2
    assert world.faults({one}) == []


def test_a_request_of_the_queue_runs_too_and_its_message_sends_the_wakes() -> None:
    world = World()
    world.put(json.dumps(body()).encode())
    world.deliver(world.process())
    assert [json.loads(message.body)["wake"] for message in world.queue] == [1]
    world.settle(world.process())
    assert [r.phase for r in world.restores()] == [Phase.SUCCEEDED]


def test_a_wake_that_comes_twice_goes_on_once() -> None:
    world = World()
    running(world, world.process())
    first = world.queue[0]
    world.deliver(world.process())
    process = world.process()
    for _ in range(3):
        process.queue_in.message(first.body, first.id)
    assert len(world.queue) == 1, "only the wake whose number the row has sends the next"


def test_a_lost_message_is_no_lost_restore() -> None:
    world = World()
    one = running(world, world.process())
    for _ in range(60):
        world.queue.clear()
        world.process().sweep.run()
        world.clock.advance(30)
    assert now_is(world, one).phase is Phase.SUCCEEDED


def test_the_queue_is_down_and_requests_are_still_accepted_and_end() -> None:
    world = World()

    def down(name: str, act: object, args: object) -> object:
        if name == "send":
            raise Trouble("the queue could not be used")
        return act()  # type: ignore[operator]

    process = world.process(down)
    answer = process.post(body())
    assert answer.status == 202
    world.settle(process)
    assert [r.phase for r in world.restores()] == [Phase.SUCCEEDED]


def test_two_restores_of_one_instance_run_in_the_order_of_acceptance() -> None:
    world = World()
    one, two = (running(world, world.process(), key=key) for key in ("first", "second"))
    up_to(world, one, Phase.RESTORING)
    waits = now_is(world, two)
    assert (waits.phase, waits.waiting_for) == (Phase.ACCEPTED, one)
    world.settle(world.process())
    assert [restore for restore, _ in world.azure.posted] == [one, two]
    closed = now_is(world, one).closed_at
    assert closed is not None
    assert (now_is(world, two).turn_at or closed) >= closed


def test_a_dry_run_takes_no_turn_and_submits_nothing() -> None:
    world = World()
    one = running(world, world.process(), key="real")
    two = running(world, world.process(), key="dry", dryRun=True)
    up_to(world, two, Phase.CHECKED)
    assert not now_is(world, one).closed
    world.settle(world.process())
    assert [restore for restore, _ in world.azure.posted] == [one]


def test_withdrawn_while_a_message_is_on_its_way_it_is_never_submitted() -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.VALIDATING)
    world.process().acts.withdraw(now_is(world, one), Act(by="dba", reason="not needed"))
    world.settle(world.process())
    assert (now_is(world, one).phase, world.azure.count("submit")) == (Phase.WITHDRAWN, 0)
    assert world.faults({one}) == []


def test_one_that_still_waits_for_the_same_turn_is_left_as_it_is() -> None:
    world = World()
    one, two = (running(world, world.process(), key=key) for key in "ab")
    up_to(world, one, Phase.RESTORING)
    world.process().workflow.advance(two, now_due=True)
    waits = now_is(world, two)
    assert waits.waiting_for == one
    for _ in range(2):
        assert world.process().workflow.advance(two, now_due=True) == waits
    assert now_is(world, two) == waits
