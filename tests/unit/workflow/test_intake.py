"""The way in for every source alike: one key, one restore; what is refused leaves nothing or a row, as is due."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.domain.problems import Problem
from shared.domain.request import canonical_hash
from shared.domain.restore import Phase
from shared.storage import row_keys
from shared.workflow.intake import Caller
from tests.kits.breaker import Break, Breaker
from tests.kits.fakes import VAULT
from tests.kits.stories import now_is
from tests.kits.world import DESK_MODEL, World, body, desk_with, running


def test_twenty_at_once_under_one_key_are_one_restore() -> None:
    world = World()
    processes = [world.process() for _ in range(20)]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda process: process.post(body(), "k"), processes))
    assert {json.loads(answer.body)["id"] for answer in answers} == {world.restores()[0].id}
    assert len(world.restores()) == 1
    assert {answer.status for answer in answers} <= {200, 202}
    world.settle(world.process())
    assert world.azure.count("submit") == 1


def test_the_same_key_answers_the_same_restore_and_another_request_is_told_apart() -> None:
    world = World()
    one = running(world, world.process())
    again = world.process().post(body(), "k")
    assert (again.status, json.loads(again.body)["id"]) == (200, one)
    other = world.process().post(body("pg-b"), "k")
    assert (other.status, json.loads(other.body)["restore"]) == (422, one)
    assert len(world.restores()) == 1


def test_a_key_answers_even_when_desk_toml_no_longer_allows_it() -> None:
    world = World()
    one = running(world, world.process())
    world.desk = desk_with(instances={"pg-b": DESK_MODEL.instances["pg-b"]})
    again = world.process().post(body(), "k")
    assert (again.status, json.loads(again.body)["id"]) == (200, one)


def test_keys_belong_to_their_source() -> None:
    world = World()
    one = running(world, world.process())
    two = world.process().intake.take(body(), Caller("queue", "k")).restore.id
    assert one != two


@pytest.mark.parametrize(
    "value", [body("pg-x"), body(target="moon"), body(colour="red"), {"target": "drills"}, body(recoveryPoint="oldest")]
)
def test_by_http_a_bad_request_is_answered_and_leaves_nothing(value: dict[str, object]) -> None:
    world = World()
    answer = world.process().post(value, "k")
    assert 400 <= answer.status < 500
    assert json.loads(answer.body)["detail"]
    assert world.restores() == []
    assert world.process().post(body(), "k").status == 202, "a request that was not taken uses no key up"


def test_where_nobody_reads_an_answer_the_refusal_is_a_row_told_once() -> None:
    world = World()
    problem = Problem(422, "No", "no such instance", "instance")
    for _ in range(3):
        world.process().intake.refuse(body("pg-x", secret="x" * 5000), problem, Caller("queue", "m1"))
    world.settle(world.process())
    restore = world.restores()[0]
    assert (len(world.restores()), restore.phase) == (1, Phase.REFUSED)
    assert "secret" not in restore.asked
    assert world.faults() == []


def test_without_a_key_a_conflict_is_our_own_insert() -> None:
    world = World()
    names = Breaker()
    World().process(names).post(body())
    insert = max(n for n, name in enumerate(names.names, 1) if name == "store.commit")
    process = world.process(Breaker({insert: Break.CONFLICT_AFTER}))
    answer = process.post(body())
    assert (answer.status, len(world.restores())) == (202, 1)
    assert len(world.queue) == 1, "its wake is sent, too"


def test_a_key_claimed_by_a_caller_that_crashed_is_filled_by_the_next() -> None:
    world = World()
    process = world.process()
    claimed = f"{row_keys.short(VAULT)}-01m3vnbwg00000000000000000"
    process.intake.keys.rows.claim("http", "k", claimed, canonical_hash(body()), world.clock.now())
    answer = process.post(body(), "k")
    assert (answer.status, json.loads(answer.body)["id"]) == (202, claimed)


def test_the_order_of_ids_is_the_order_of_acceptance() -> None:
    world = World()
    ids = []
    for n in range(5):
        ids.append(running(world, world.process(), key=f"k{n}"))
        world.clock.advance(0.002)
    assert ids == sorted(ids)
    assert now_is(world, ids[0]).timeline[0].what == "accepted"


@pytest.mark.parametrize(("note", "told"), [("", True), ("; more of them follow", True), (None, False)])
def test_a_refusal_without_a_note_is_a_row_and_a_dead_letter_and_no_notice(note: str | None, told: bool) -> None:
    world = World()
    refused = world.process().intake.refuse(body("pg-x"), Problem(422, "No", "no"), Caller("queue", "m1"), note)
    assert now_is(world, refused.restore.id).phase is Phase.REFUSED
    assert (bool(refused.notices), bool(world.owed(refused.restore.id))) == (told, told)
    place, accepted = row_keys.vault_partition(None), refused.restore.accepted_at
    assert world.store.get(place, row_keys.dead(accepted, refused.restore.id, "request"))
