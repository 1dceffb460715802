"""What seldom happens in a round: a budget that is used up, a step that fails, a notice nobody can read."""

import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.problems import Trouble
from shared.domain.restore import Phase
from shared.notices.outbox import Outbox
from shared.storage import row_keys
from shared.storage.shared_state import Board
from shared.storage.store import Change, Conflict, Row
from shared.storage.vault_directory import Entry
from shared.storage.wake_queue import QueueState
from shared.sweep.call_budget import DETAILS, LOOKS, READS, STARTS, Allowance, Shares
from shared.sweep.job_watch import jobs_with_news
from shared.sweep.list_start import ListStart
from shared.sweep.open_work import damage, in_line
from shared.sweep.points_look import LOOKS_A_ROUND, PointsLook
from shared.sweep.retention import Retention
from shared.sweep.round import Round
from shared.sweep.timer import Upkeep
from shared.sweep.which_vaults import choose
from tests.kits.fakes import OTHER_VAULT, START, VAULT
from tests.kits.stories import now_is, up_to
from tests.kits.world import DBA_URL, DESK_MODEL, EVENTS_URL, World, desk_with, running

SUB = "/subscriptions/11111111-2222-3333-4444-555555555555"


def used_up(shares: Shares, world: World) -> None:
    while shares.may_read(VAULT, world.clock.now().timestamp()):
        pass


def test_a_list_that_the_budget_does_not_have_is_put_off() -> None:
    world = World()
    shares = Shares(world.pace.budget_window)
    used_up(shares, world)
    rows = [
        Row(name, {"phase": "restoring", "due": "2026-10-01T12:00:00Z", "restore": name, "job": name})
        for name in "abcde"
    ]
    assert jobs_with_news(world.process().parts, VAULT, rows, None, START, shares) is None
    assert world.azure.calls == []


def test_a_job_that_the_budget_does_not_have_is_asked_for_in_the_next_round() -> None:
    world = World()
    world.azure.job_seconds = 5000
    one = running(world, world.process())
    up_to(world, one, Phase.RESTORING)
    world.clock.advance(200)
    process = world.process()
    process.sweep.run()
    asked, read_at = world.azure.count("job"), last_read(world)
    world.clock.advance(1000)
    used_up(process.sweep._shares, world)
    process.sweep.run()
    assert (world.azure.count("job"), last_read(world)) == (asked, read_at)
    world.clock.advance(61)
    process.sweep.run()
    assert world.azure.count("job") == asked + 1


def last_read(world: World) -> str:
    watch = Board(world.store).live(VAULT).watch
    return watch.text("readAt") if watch else ""


@dataclass
class Failing:
    """A step of the timer that fails."""

    error: Exception

    def run(self, *_: Any) -> int:
        raise self.error


@pytest.mark.parametrize(
    ("error", "level"), [(Trouble("503"), "WARNING"), (Conflict("x"), "WARNING"), (ValueError("bug"), "ERROR")]
)
def test_a_step_after_the_sweep_holds_up_no_other(
    error: Exception, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    world = World()
    process = world.process()
    p, points = process.parts, Failing(error)
    upkeep = Upkeep(
        process.sweep, p.board, Retention(p.ledger, p.outbox, 1), points, QueueState, p.now,  # type: ignore[arg-type]
        points, points, points,  # type: ignore[arg-type]
    )  # fmt: skip
    with caplog.at_level(logging.WARNING, "desk"):
        upkeep.run()
    words = "waits for the next round: " if level == "WARNING" else "failed; the next round does it again"
    found = [record for record in caplog.records if words in record.getMessage()]
    assert [record.levelname for record in found] == [level] * 4, "points, verifications, clean-up, strangers"
    assert p.board.pulse("retention") == START


def test_a_notice_whose_facts_cannot_be_read_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    one = running(world, world.process())
    place = row_keys.partition(one)
    for row in world.live("owed"):
        world.store.commit(place, [Change("put", row.key, {**row.fields, "packed": b"", "facts": '{"newer": 1}'})])
    with caplog.at_level(logging.ERROR, "desk"):
        world.process().sweep.run()
    assert f"notice left alone event={one}.1 channel=events why=ValidationError" in caplog.text
    (notice,) = [n for n in world.owed(one) if n.event == "accepted"]
    assert (notice.state, notice.attempts, world.posts.tried) == ("owed", 1, [])
    assert notice.due > world.clock.now()


# --- budgets ----------------------------------------------------------------------------------------------------------
def test_an_allowance_gives_so_much_in_any_window() -> None:
    some = Allowance(3, 60)
    assert [some.take(t) for t in (0, 10, 20, 30)] == [True, True, True, False]
    assert (some.left(59.9), some.left(60), some.left(70), some.left(80)) == (0, 1, 2, 3)
    assert not Allowance(3, 60).take(0, 2) or some.take(100, 2)
    assert (some.take(100, 2), some.take(160, 5), some.take(161, 1)) == (False, True, False)
    back = Allowance(1, 60)
    assert (back.take(100), back.take(50)) == (True, True), "a clock that went back begins anew"


def test_the_budgets_are_azures_with_room_for_people() -> None:
    assert (STARTS, READS, DETAILS, LOOKS) == (85, 180, 12, 120)
    shares = Shares(60)
    assert sum(shares.may_look(f"{SUB}/v", 0) for _ in range(200)) == LOOKS
    assert sum(shares.may_look(f"{SUB}/v", 15) for _ in range(200)) == LOOKS
    assert shares.may_look("/subscriptions/other/v", 0), "each subscription has its own"


def test_details_leave_a_quarter_of_the_readings_and_no_vault_keeps_its_place_for_them() -> None:
    shares = Shares(60)
    assert shares.may_list(f"{SUB}/v", READS - READS // 4 - 1, 0)
    assert shares.may_ask_details(f"{SUB}/v", 0)
    assert not shares.may_ask_details(f"{SUB}/v", 0)


def test_who_was_denied_keeps_its_place_in_line() -> None:
    shares = Shares(60)
    vaults = [f"{SUB}/a", f"{SUB}/b", f"{SUB}/c"]
    assert shares.order(vaults) == vaults
    for vault in vaults:
        shares.visited(vault)
    assert shares.order(reversed(vaults)) == vaults
    while shares.may_read(vaults[0], 0):
        pass
    shares.visited(vaults[0])
    shares.visited(vaults[1])
    assert shares.order(vaults) == [vaults[0], vaults[2], vaults[1]]
    shares.visited(vaults[0])
    assert shares.order(vaults) == [vaults[2], vaults[1], vaults[0]]


def test_starts_are_dealt_one_by_one_to_those_who_wait() -> None:
    shares = Shares(60)
    a, b = f"{SUB}/a", f"{SUB}/b"
    assert shares.may_start(a, 10, 0) == 10, "at most a quarter of what is left, rounded up: 22"
    assert shares.may_start(a, 100, 0) == 19
    assert shares.may_start(b, 100, 0) == 14
    shares.deal([a, b], 0)
    assert (shares.may_start(a, 81, 0), shares.may_start(b, 86, 0)) == (21, 21)
    assert shares.may_start(a, 60, 0) == 0
    shares.deal([a, b], 60)
    assert shares.may_start(a, 60, 60) == 43
    assert shares.may_start(b, 65, 60) == 42


# --- what a round reads -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"schemaVersion": 2}, "a newer release"),
        ({"schemaVersion": "1"}, "a newer release"),
        ({"phase": "awaiting"}, "a newer release"),
        ({"due": "soon"}, "no time"),
        ({"startedAt": "soon"}, "no time"),
        ({"startedAt": "2026-10-01T12:00:00Z"}, ""),
        ({"restore": "x"}, "names no restore or no instance"),
        ({"instance": "/a/b"}, "names no restore or no instance"),
        ({"instance": "/a/b/c"}, ""),
        ({"phase": "failed", "instance": ""}, "no time"),
        ({"phase": "failed", "instance": "", "closedAt": "2026-10-01T12:00:00Z"}, ""),
        ({"phase": "failed", "instance": "", "due": "soon", "startedAt": "", "closedAt": "2026-10-01T12:00:00Z"}, "no"),
    ],
)
def test_an_open_row_that_cannot_be_moved_says_why(changes: dict[str, Any], why: str) -> None:
    good: dict[str, Any] = {
        "restore": row_keys.new_id(VAULT, START, b"0" * 10),
        "instance": f"{VAULT}/backupInstances/pg-a",
        "phase": "accepted",
        "due": "2026-10-01T12:00:00Z",
        "schemaVersion": 1,
    }
    found = damage(Row("r", good | changes))
    assert (found == "") if not why else (why in found)


@pytest.mark.parametrize(
    ("fields", "waits"),
    [
        ({"phase": "accepted"}, True),
        ({"phase": "accepted", "turn": True}, False),
        ({"phase": "accepted", "dryRun": True}, False),
        ({"phase": "validating"}, False),
    ],
)
def test_who_waits_in_line(fields: dict[str, Any], waits: bool) -> None:
    assert in_line(Row("r", fields)) is waits


def entry(vault: str, idle: bool = False) -> Entry:
    return Entry(vault, idle, None, vault, "")


@pytest.mark.parametrize(
    ("pulse", "vaults", "full"),
    [
        (None, ["a", "b", "c"], True),
        ({}, ["a", "b", "c"], True),
        ({"fullAt": START - timedelta(seconds=599)}, ["a", "c"], False),
        ({"fullAt": START - timedelta(seconds=600)}, ["a", "b", "c"], True),
        ({"fullAt": START}, ["a", "c"], False),
        ({"fullAt": START + timedelta(seconds=1)}, ["a", "b", "c"], True),
        ({"fullAt": START, "stoppedAt": "c"}, ["c", "a"], False),
        ({"fullAt": START, "stoppedAt": "b"}, ["c", "a"], False),
    ],
)
def test_which_vaults_a_round_looks_at(pulse: Any, vaults: list[str], full: bool) -> None:
    world = World()
    fields = {name: value if isinstance(value, str) else value.isoformat() for name, value in (pulse or {}).items()}
    entries = [entry("c"), entry("b", idle=True), entry("a")]
    chosen = choose(entries, Row("pulse", fields) if pulse is not None else None, START, world.pace)
    assert chosen.vaults == vaults
    assert chosen.full_at == (START if full else pulse["fullAt"])


def test_a_round_counts_what_is_lost_and_what_is_overdue() -> None:
    round_ = Round(0.0, None, {})  # type: ignore[arg-type]
    rows: list[dict[str, Any]] = [
        {"phase": "lost", "acceptedAt": "2026-10-01T12:00:00Z"},
        {"phase": "lost", "acceptedAt": "2026-10-01T11:00:00Z", "overdue": True},
        {"phase": "lost"},
        {"phase": "restoring", "overdue": True},
        {"phase": "succeeded", "overdue": True},
    ]
    round_.count([Row("r", one) for one in rows])
    assert (round_.seen, round_.lost, round_.overdue) == (5, 3, 2)
    assert round_.oldest_lost == START - timedelta(hours=1)
    round_.count([Row("r", {"phase": "lost", "acceptedAt": "2026-10-01T11:30:00Z"})])
    assert (round_.seen, round_.oldest_lost) == (6, START - timedelta(hours=1))
    assert round_.over()
    assert not replace(round_, ends=float("inf")).over()


@pytest.mark.parametrize(
    ("start", "jobs", "most", "cost"),
    [
        (ListStart(), 0, 0, 1),
        (ListStart(), 4, 0, 0.25),
        (ListStart(), 5, 20, 0.2),
        (ListStart(longer_than=20), 5, 0, 0.2),
        (ListStart(longer_than=19), 5, 20, 0.2),
        (ListStart(pages=2), 2, 0, 1),
        (ListStart(pages=2), 3, 12, 2 / 3),
        (ListStart(pages=20), 21, 84, 20 / 21),
        (ListStart(pages=3), 1, 0, 1),
    ],
)
def test_how_many_pages_a_list_is_worth_and_what_a_look_costs(
    start: ListStart, jobs: int, most: int, cost: float
) -> None:
    assert start.most(jobs) == most
    assert start.cost(jobs) == pytest.approx(cost)


@pytest.mark.parametrize(
    ("link", "hours", "kept"),
    [("x" * 16_000, 0, True), ("x" * 16_001, 0, False), ("x", 23, False), ("x", 24, True)],
)
def test_a_link_is_kept_if_a_column_takes_it_and_azure_took_it_lately(link: str, hours: float, kept: bool) -> None:
    start = ListStart(refused_at=START.isoformat()) if hours else ListStart()
    found = start.read(("", "mid", link), 2, START + timedelta(hours=hours))
    refused = START.isoformat() if hours == 23 else ""
    assert found == (ListStart(link, 1, 0, refused) if kept else ListStart("", 3, 0, refused))


# --- points -----------------------------------------------------------------------------------------------------------
def test_the_points_of_two_instances_are_looked_at_in_a_round_each_once_a_day() -> None:
    world = World()
    look = PointsLook(world.process().parts)
    assert [look.run() for _ in range(3)] == [LOOKS_A_ROUND, 1, 0]
    assert world.azure.count("points") == 3
    world.clock.advance(86400)
    assert look.run() == 0
    world.clock.advance(1)
    world.process().parts.board.set_quiet(SUB.split("/")[2], world.clock.now() + timedelta(seconds=1))
    assert look.run() == 0
    world.clock.advance(1)
    assert look.run() == LOOKS_A_ROUND


@pytest.mark.parametrize(("error", "traced"), [(Trouble("503"), False), (ValueError("bug"), True)])
def test_a_look_at_points_that_fails_is_made_again_soon(
    error: Exception, traced: bool, caplog: pytest.LogCaptureFixture
) -> None:
    world = World()
    look = PointsLook(world.process().parts)
    world.azure.script["points"] = [error]
    with caplog.at_level(logging.WARNING, "desk"):
        assert [look.run(), look.run(), look.run()] == [2, 1, 0]
    (record,) = [record for record in caplog.records if "could not be looked at" in record.getMessage()]
    assert bool(record.exc_info) is traced
    world.clock.advance(world.pace.back_off_most)
    assert look.run() == 0
    world.clock.advance(1)
    assert look.run() == 1


# --- the turn ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("holder", "given_back"),
    [("closed", True), ("missing", True), ("open elsewhere", False)],
)
def test_a_turn_whose_holder_is_closed_is_given_back(holder: str, given_back: bool) -> None:
    world = World()
    far = running(world, world.process(), "pg-far", key="far")
    if holder == "closed":
        done = running(world, world.process(), "pg-b", key="b")
        world.settle(world.process())
        held_by = done
    else:
        held_by = "missing00-1" if holder == "missing" else far
    one = running(world, world.process(), key="a")
    place = row_keys.vault_partition(VAULT)
    turn = row_keys.turn(f"{VAULT}/backupInstances/pg-a")
    world.store.commit(place, [Change("insert", turn, {"restore": held_by, "at": "2026-10-01T12:00:00Z"})])
    world.queue.clear()
    world.clock.advance(30)
    world.process().sweep.run()
    row = world.store.get(place, turn)
    assert row
    assert row.text("restore") == (one if given_back else held_by)
    assert (now_is(world, one).turn_at is not None) is given_back


def test_each_channel_hears_once_what_one_round_moved() -> None:
    world = World()
    one = running(world, world.process(), "pg-far", key="k", dryRun=True)
    world.settle(world.process())
    assert now_is(world, one).phase is Phase.CHECKED
    assert world.posts.events(EVENTS_URL) == [f"{one}.1", f"{one}.2"]
    assert world.posts.events(DBA_URL) == []
    assert OTHER_VAULT in now_is(world, one).vault


def test_a_vault_that_was_entered_while_it_was_looked_at_is_no_fault() -> None:
    world = World()
    running(world, world.process(), dryRun=True)
    world.settle(world.process())
    tried = []

    def entered(name: str, act: Any, args: Any) -> Any:
        if name == "store.commit" and any("emptySince" in change.fields for change in args[1]):
            tried.append(1)
            raise Conflict("it was entered since")
        return act()

    assert world.process(entered).sweep.run().faults == 0
    assert tried


def test_what_is_still_owed_of_an_instances_earlier_event_stays() -> None:
    world = World()
    look = PointsLook(world.process().parts)
    for days in (0.01, 100, 0.01):
        pg_a = DESK_MODEL.instances["pg-a"].model_copy(update={"stale_after_days": days})
        world.desk = desk_with(instances={"pg-a": pg_a})
        assert look.run() == 1
        world.clock.advance(86401)
    told = [(notice.sequence, notice.event) for notice in world.owed(channel="events")]
    assert told == [(1, "pointStale"), (2, "pointFresh"), (3, "pointStale")]
    assert {n.sequence for n in Outbox(world.store).of_restore(world.owed()[0].restore)} == {1, 2, 3}


def test_a_turn_that_was_given_back_since_the_rows_were_read_is_free() -> None:
    world = World()
    one = running(world, world.process(), key="a")
    place, turn = row_keys.vault_partition(VAULT), row_keys.turn(f"{VAULT}/backupInstances/pg-a")
    world.store.commit(place, [Change("insert", turn, {"restore": "missing00-1", "at": "2026-10-01T12:00:00Z"})])
    world.queue.clear()
    world.clock.advance(30)

    def given_back(name: str, act: Any, args: Any) -> Any:
        if name == "store.get" and args[1] == turn and (row := world.store.get(place, turn)):
            world.store.commit(place, [Change("delete", row.key)])
        return act()

    assert world.process(given_back).sweep.run().faults == 0
    assert now_is(world, one).turn_at is not None
