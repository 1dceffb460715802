"""Verifications from the closing of a restore to what people hear: levels, verdicts, what is late, twice or forged."""

import json
from collections.abc import Callable

import pytest

from loader.verdict import Level, Verdict
from shared.config.desk_file import parse_desk
from shared.domain.restore import Phase
from shared.domain.verification import Verification
from shared.notices.outbox import Outbox
from shared.storage.ledger import Ledger
from shared.sweep.retention import Retention
from tests.kits.aftercare_kit import KEEP_HOURS, names, row_of
from tests.kits.loads import failed, unsure
from tests.kits.stories import now_is, up_to
from tests.kits.verification_kit import ASKED, asked, delivered, verification, verifying_world
from tests.stories.verdict_kit import call, events, load_of, run


def test_what_was_delivered_is_verified_and_told_with_its_rows() -> None:
    world = verifying_world()
    one = delivered(world)
    run(world)
    row = verification(world, one)
    assert (row.state, row.number, row.sends, row.taken) == ("passed", 1, 1, 1)
    assert events(world, one)[-2:] == ["succeeded", "verified"]
    facts = json.loads(world.posts.messages[-1].body)["data"]  # a told notice keeps no facts
    assert facts["verification"] == "Decoded: 1 database, 2 tables, 3 rows; gzip proven; 41 s"
    shown = json.loads(call(world, one, "show").body)
    assert (shown["state"], shown["totals"]["rows"], shown["databases"][0]["sha256"]) == ("passed", 3, "0" * 64)
    world.settle(world.process())
    assert world.faults() == []


@pytest.mark.parametrize(
    ("found", "event", "words"),
    [
        (failed, "verificationFailed", "Decoded: failed; x_database_shop.sql: it is cut off; 3 s"),
        (unsure, "verificationInconclusive", "Decoded: could not be told; x_database_shop.sql: no zstd here; 3 s"),
    ],
)
def test_a_verdict_that_is_not_good_names_the_file_and_what_to_do(
    found: Callable[[Level], Verdict], event: str, words: str
) -> None:
    world = verifying_world()
    one = delivered(world)
    world.loads.found[one] = found
    run(world)
    facts = json.loads(world.posts.messages[-1].body)["data"]  # a told notice keeps no facts
    assert (facts["event"], facts["verification"]) == (event, words)
    assert f"/api/restores/{one}/verif" in facts["nextStep"]
    assert now_is(world, one).phase is Phase.SUCCEEDED


def test_settings_are_pinned_when_the_restore_is_accepted_and_when_a_person_asks() -> None:
    world = verifying_world()
    one = asked(world)
    changed = ASKED.replace('verify = "decoded"', 'verify = "none"').replace('["shop"]', '["other"]')
    world.desk = parse_desk(changed)
    up_to(world, one, Phase.SUCCEEDED)
    run(world)
    load = load_of(world)
    assert (load.level, load.expected, [check.sql for check in load.checks]) == ("decoded", ("shop",), ["select true"])
    assert call(world, one, "verify", level="loaded").status == 202
    load = load_of(world)
    assert (load.number, load.level, load.expected) == (2, "loaded", ("other",))


def test_without_databases_those_of_the_last_passed_verification_of_the_instance_are_expected() -> None:
    world = verifying_world(ASKED.replace('databases = ["shop"]\n', ""))
    one = delivered(world)
    world.loads.found[one] = failed
    run(world)
    two = delivered(world, "k2")
    run(world)
    assert [load.expected for load in world.loads.sent] == [(), ()]
    assert verification(world, two).state == "passed"
    delivered(world, "k3")
    run(world)
    assert load_of(world).expected == ("shop",)


def test_a_request_may_ask_for_more_than_its_target_and_never_for_less() -> None:
    world = verifying_world()
    process = world.process()
    body = {"instance": "pg-a", "target": "vaulted", "requestedBy": "x"}
    less = process.post({**body, "verify": "listed"}, "a")
    assert (less.status, json.loads(less.body)["field"]) == (422, "verify")
    shared = process.post({**body, "target": "drills", "verify": "listed"}, "b")
    assert (shared.status, json.loads(shared.body)["field"]) == (422, "verify")
    up_to(world, asked(world, verify="loaded"), Phase.SUCCEEDED)
    run(world)
    assert load_of(world).level == "loaded"


def test_verify_is_impossible_before_the_delivery_and_after_the_clean_up() -> None:
    world = verifying_world(ASKED.replace('verify = "decoded"', 'verify = "none"'))
    one = asked(world)
    assert call(world, one, "verify", level="listed").status == 409
    up_to(world, one, Phase.SUCCEEDED)
    assert call(world, one, "show").status == 404
    assert (call(world, one, "verify").status, call(world, one, "verify", level="deep").status) == (422, 422)
    assert call(world, one, "verify", level="listed").status == 202
    run(world)
    assert verification(world, one).state == "passed"
    world.clock.advance(KEEP_HOURS * 3600 + 1)
    assert world.process().cleanup.run() == 1
    assert call(world, one, "verify", level="listed").status == 409


def test_a_verification_under_way_keeps_the_container_for_a_day_at_most() -> None:
    world = verifying_world()
    one = delivered(world)
    world.clock.advance((KEEP_HOURS - 1) * 3600)
    run(world)
    world.clock.advance(2 * 3600)
    assert call(world, one, "verify").status == 202
    assert world.process().cleanup.run() == 0
    assert row_of(world, one).state == "kept"
    world.clock.advance(23 * 3600)
    assert world.process().cleanup.run() == 1
    assert names(world) == []


def test_a_verification_holds_no_turn() -> None:
    world = verifying_world()
    one = delivered(world)
    run(world, work=False)
    two = delivered(world, "k2")
    assert [verification(world, each).state for each in (one, two)] == ["queued", "queued"]
    assert world.live("turn") == []


def test_retention_waits_for_a_verification_and_takes_its_row() -> None:
    world = verifying_world()
    one = delivered(world)
    run(world)
    world.settle(world.process())
    world.clock.advance((KEEP_HOURS + 30) * 3600)
    world.process().cleanup.run()
    retention = Retention(Ledger(world.store), Outbox(world.store), 1)
    assert retention.remove_old(world.clock.now()) == 1
    assert [row.key for row in world.store.scan(f"v-{one[:8]}", "verification-", "verification.")] == []


def test_a_row_keeps_its_nonce_out_of_sight() -> None:
    world = verifying_world()
    one = delivered(world)
    run(world, work=False)
    (row,) = world.store.scan(f"v-{one[:8]}", "verification-", "verification.")
    nonce = load_of(world).nonce
    assert not [name for name, value in row.fields.items() if isinstance(value, str) and nonce in value]
    assert isinstance(verification(world, one), Verification)
