"""Verdicts that are lost, late, forged or of another number: which of them counts."""

import json
import logging
from typing import Any

import pytest

from loader.messages import answered, started
from shared.aftercare.verification_messages import MAX_BYTES
from shared.domain.problems import Ours, Trouble
from tests.kits.loads import failed, passed, unsure, with_nonce
from tests.kits.verification_kit import delivered, verification, verifying_world
from tests.stories.verdict_kit import call, events, load_of, run


def test_a_load_that_got_lost_is_sent_again_and_one_that_lies_there_is_not() -> None:
    world = verifying_world()
    one = delivered(world)
    run(world, work=False)
    nonce = load_of(world).nonce
    for _ in range(3):
        world.clock.advance(world.pace.verify_look)
        run(world, work=False)
    assert len(world.loads.sent) == 1
    world.loads.loads.clear()
    world.clock.advance(world.pace.verify_look)
    run(world)
    assert [load.nonce for load in world.loads.sent] == [nonce, nonce]
    assert verification(world, one).state == "passed"


def test_three_loads_that_came_to_nothing_are_lost_and_a_late_verdict_still_counts() -> None:
    world = verifying_world()
    one = delivered(world)
    for _ in range(6):
        run(world, work=False)
        world.loads.loads.clear()
        world.clock.advance(world.pace.verify_look)
    row = verification(world, one)
    assert (row.state, row.sends, len(world.loads.sent)) == ("lost", 3, 3)
    assert events(world, one)[-1] == "verificationInconclusive"
    world.loads.put_back(answered(load_of(world), passed().as_json()), 0)
    run(world)
    assert (verification(world, one).state, events(world, one)[-1]) == ("passed", "verified")


def test_without_a_loader_it_is_lost_after_a_day_and_the_container_goes() -> None:
    world = verifying_world()
    one = delivered(world)
    for _ in range(60):
        run(world, work=False)
        world.clock.advance(world.pace.verify_look)
    assert verification(world, one).state == "lost"
    assert "no loader answered" in verification(world, one).why
    world.settle(world.process())
    assert world.faults() == []


def test_a_passed_or_failed_verdict_stands_and_inconclusive_gives_way_to_it() -> None:
    world = verifying_world()
    one = delivered(world)
    run(world, work=False)
    load = load_of(world)
    seen = []
    for found in (unsure(), unsure(), failed(), passed(), unsure(), failed()):
        world.loads.put_back(answered(load, found.as_json()), 0)
        run(world, work=False)
        seen.append(verification(world, one).state)
    assert seen == ["inconclusive", "inconclusive", *["failed"] * 4]
    assert [e for e in events(world, one) if e.startswith("verif")] == [
        "verificationInconclusive",
        "verificationFailed",
    ]


def test_a_forged_answer_one_of_another_number_level_or_verification_changes_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = verifying_world()
    one = delivered(world)
    run(world, work=False)
    load, before = load_of(world), verification(world, one)
    good = answered(load, failed().as_json())
    strange = [
        with_nonce(good, "x" * 32),
        with_nonce(good, load.nonce, number=2),
        with_nonce(good, load.nonce, verification=f"{one[:-1]}z"),
        with_nonce(good, load.nonce, verification="v-1"),
        json.dumps({**json.loads(good), "result": {**json.loads(good)["result"], "level": "listed"}}),
        with_nonce(started(load), "y"),
        good[:-1],
        "x" * 60_000,
        json.dumps({**json.loads(good), "reason": "x" * MAX_BYTES}),
    ]
    with caplog.at_level(logging.INFO, "desk"):
        for text in strange:
            world.process().verdicts.message(text.encode())
            world.process().verdicts.poison(text.encode())
    assert verification(world, one) == before
    assert sum("dropped" in line for line in caplog.messages) == 2 * len(strange)
    assert load.nonce not in caplog.text


def test_a_person_asks_once_more_and_an_old_answer_is_not_for_the_new_number() -> None:
    world = verifying_world()
    one = delivered(world)
    run(world)
    first = load_of(world)
    answer = call(world, one, "verify")
    assert (answer.status, json.loads(answer.body)["state"], json.loads(answer.body)["number"]) == (202, "queued", 2)
    assert call(world, one, "verify").status == 409
    world.loads.put_back(answered(first, failed().as_json()), 0)
    run(world)
    row = verification(world, one)
    assert (row.number, row.state, row.by, [e.state for e in row.earlier]) == (2, "passed", "dba", ["passed"])


def test_an_answer_waits_while_the_ledger_does_not_answer_and_while_desk_toml_is_broken() -> None:
    world = verifying_world()
    one = delivered(world)
    run(world, work=False)
    world.loads.work()

    def down(name: str, act: Any, args: Any) -> Any:
        if name.startswith("store"):
            raise Trouble("the table does not answer")
        return act()

    world.loads.deliver(world.process(down).verdicts)
    assert verification(world, one).state == "queued"
    good, world.desk = world.desk, Ours("broken")
    world.clock.advance(world.pace.hold_message)
    world.loads.deliver(world.process().verdicts)
    assert verification(world, one).state == "passed"
    world.desk = good
    world.settle(world.process())
    assert events(world, one)[-1] == "verified"
    assert world.faults() == []
