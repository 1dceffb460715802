"""Chaos: its schedule is its seed's, its invariants see what they are there to see, and a small run holds them all."""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from local.chaos import causes
from local.chaos.invariants import Evidence, invariants
from local.chaos.plan import ROUND, Request, another_round, fault_rules, schedule, span
from local.chaos.world import SILENT, body, desk_toml, places, seed
from local.emulator.hindrance.faults import Rule
from local.stack.processes import ROOT
from shared.config.desk_file import parse_desk
from shared.config.plans import Ground
from shared.config.policy import decide
from shared.config.rights import asker
from shared.domain.clouds import PUBLIC
from shared.domain.request import parse_request
from shared.workflow.doubt import TAKEN


def test_one_seed_gives_one_schedule_and_another_seed_another() -> None:
    first = schedule(7, 50, 10, places())
    assert first == schedule(7, 50, 10, places()) != schedule(8, 50, 10, places())
    counts = Counter(deed.what for deed in first)
    assert (counts["ask"], counts["kill"]) == (50, 10)
    assert len(counts) == 13  # each way to hinder is there
    assert max(deed.at for deed in first) <= span(50, 10)
    more = schedule(7, 50, 20, places())  # more kills, the same requests
    assert {d.request.number: d.request for d in more if d.request} == {
        d.request.number: d.request for d in first if d.request
    }


def test_each_further_round_is_its_seeds_and_asks_for_nothing() -> None:
    first = another_round(7, 1, 0.4)
    assert first == another_round(7, 1, 0.4) != another_round(7, 2, 0.4)
    counts = Counter(deed.what for deed in first)
    assert (counts["ask"], counts["kill"]) == (0, 6)
    assert all(0 <= deed.at <= ROUND for deed in first)
    assert {"lease", "terminate", "poison"} <= set(counts)


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5])
def test_the_faults_strike_the_share_that_is_asked_for(share: float) -> None:
    rules = [Rule.model_validate(rule) for rule in fault_rules(share)]
    untouched = 1.0
    for rule in rules:
        if rule.match.verb == "any":
            untouched *= 1 - rule.match.probability
    assert 1 - untouched == pytest.approx(share, abs=0.001)
    assert fault_rules(0) == []


def test_every_request_of_chaos_may_be_asked_for() -> None:
    desk, ground = parse_desk(desk_toml()), Ground(PUBLIC)
    for number, place in enumerate(places()):
        decision = decide(parse_request(body(place, number)), asker(desk, "http"), desk, ground)
        assert decision.instance.text == place.id
    assert [vault.name for vault in seed().vaults if not vault.echoes_request_ids] == [SILENT]


def _view(**changes: Any) -> dict[str, Any]:
    view = {
        "id": "aaaaaaaa-1",
        "phase": "succeeded",
        "closed": True,
        "instanceId": "/vault/one",
        "via": "http",
        "attempts": [{"requestId": "r1"}],
        "timeline": [{"what": "succeeded"}],
        "notices": [
            {"eventId": "aaaaaaaa-1.3", "channel": channel, "state": "delivered"} for channel in ("events", "dba")
        ],
    }
    return {**view, **changes}


def _call(request_id: str) -> dict[str, Any]:
    return {"verb": "restore", "effect": True, "x-ms-client-request-id": request_id}


JOB = {"id": "j1", "category": "Restore", "status": "Completed", "filePrefix": "pg-aaaaaaaa-1-1", "activityID": "r1"}
SOUND = Evidence(
    requests=[Request(1, "http", {})],
    ids={1: {"aaaaaaaa-1"}},
    views={"aaaaaaaa-1": _view()},
    calls=[_call("r1")],
    jobs=[JOB],
    posts=[(channel, "aaaaaaaa-1.3", "succeeded", "aaaaaaaa-1") for channel in ("events", "dba")],
    spoilt=[],
    left=[],
    wrong=[],
    silent=frozenset(),
    channels=("events", "dba"),
)
OTHER = _view(id="aaaaaaaa-2", attempts=[{"requestId": "r2"}], notices=[])
LOST = [{"what": "lost", "note": "nobody knows"}, {"what": "succeeded"}]
ALERTS = "alerts fire on their cause and on nothing else"
FAULTY: list[tuple[str, dict[str, Any]]] = [
    ("no request is missing", {"requests": [*SOUND.requests, Request(2, "queue", {})]}),
    ("no request is missing", {"views": {}}),
    ("one key, one restore", {"views": {**SOUND.views, "aaaaaaaa-2": OTHER}}),
    ("one key, one restore", {"ids": {1: {"aaaaaaaa-1", "aaaaaaaa-9"}}}),
    ("none is submitted twice", {"calls": [_call("r1"), _call("r1")]}),
    ("none is submitted twice", {"jobs": [JOB, {**JOB, "id": "j2"}]}),
    ("none is submitted twice", {"views": {"aaaaaaaa-1": _view(phase="refused")}}),
    ("nothing runs at Azure that nobody asked for", {"calls": [_call("r1"), _call("stray")]}),
    ("what succeeded has its one job, completed", {"jobs": []}),
    ("what succeeded has its one job, completed", {"jobs": [JOB, JOB]}),
    ("what succeeded has its one job, completed", {"jobs": [{**JOB, "status": "Failed"}]}),
    ("what succeeded has its one job, completed", {"views": {"aaaaaaaa-1": _view(phase="failed")}}),
    ("every restore is closed", {"views": {"aaaaaaaa-1": _view(closed=False, phase="lost")}}),
    ("every closing is announced, under one event id", {"posts": []}),
    (
        "every closing is announced, under one event id",
        {"posts": [*SOUND.posts, ("events", "aaaaaaaa-1.4", "succeeded", "aaaaaaaa-1")]},
    ),
    ("what the books call delivered has arrived", {"posts": [("events", "aaaaaaaa-1.9", "succeeded", "aaaaaaaa-1")]}),
    # a desk that never posts to one channel and marks it delivered
    ("what the books call delivered has arrived", {"posts": SOUND.posts[:1]}),
    ("what the books call delivered has arrived", {"posts": [*SOUND.posts[:1], *SOUND.posts[:1]]}),
    ("every closing is announced, under one event id", {"posts": SOUND.posts[:1]}),
    # a desk that refuses a retry for ever
    ("no request is missing", {"ids": {}}),
    ("every notice is well formed and signed", {"spoilt": ["events: no signature"]}),
    ("no open row, turn or owed notice is left", {"left": ["live-turn-x"]}),
    ("none is lost where the vault echoes our ids", {"views": {"aaaaaaaa-1": _view(timeline=LOST)}}),
    ("callers hear 2xx or 5xx, nothing else", {"wrong": ["chaos-1: 422"]}),
    ("most were submitted under chaos", {"under_chaos": 119, "wanted": 120}),
    (ALERTS, {"fired": frozenset({"token-failing"})}),
    (ALERTS, {"planted": frozenset({"poison-queue"}), "certain": frozenset({"poison-queue"})}),
    (ALERTS, {"still": frozenset({"outbox-late"})}),
]


def test_sound_evidence_violates_nothing() -> None:
    assert [line.name for line in invariants(SOUND) if line.violations] == []
    once_failed = replace(SOUND, calls=[_call("r1"), _call("r1")], failed_operations=1)
    assert [line.name for line in invariants(once_failed) if line.violations] == []
    forgotten = [{"what": "lost", "note": f"{TAKEN}; no job of the vault carries its id"}, {"what": "succeeded"}]
    taken = replace(SOUND, views={"aaaaaaaa-1": _view(timeline=forgotten)}, failed_operations=1)
    assert [line.name for line in invariants(taken) if line.violations] == []
    assert [line.name for line in invariants(replace(taken, failed_operations=0)) if line.violations]
    silent = replace(SOUND, views={"aaaaaaaa-1": _view(timeline=LOST)}, silent=frozenset({"/vault/one"}))
    assert [line.name for line in invariants(silent) if line.violations] == []


@pytest.mark.parametrize(("name", "changes"), FAULTY)
def test_each_invariant_sees_what_it_is_there_for(name: str, changes: dict[str, Any]) -> None:
    violated = [line.name for line in invariants(replace(SOUND, **changes)) if line.violations]
    assert name in violated


MINUTE = [datetime(2026, 10, 1, 12, 0, second, tzinfo=UTC) for second in range(60)]
SWEEP = [(MINUTE[10], MINUTE[12])]
CALM = causes.Happened(deeds={}, struck=0, poisoned=0, moved=0, views=[], waited=1.0, sweeps=SWEEP, sound=SWEEP)


def _lost(since: int, until: int) -> list[dict[str, Any]]:
    return [
        {
            "timeline": [
                {"what": "lost", "at": MINUTE[since].isoformat()},
                {"what": "x", "at": MINUTE[until].isoformat()},
            ]
        }
    ]


def test_an_alert_has_a_cause_where_something_was_done_that_brings_it_about() -> None:
    causes_of: dict[str, dict[str, Any]] = {
        "poison-queue": {"poisoned": 1},
        "restore-lost": {"views": _lost(1, 2)},
        "sweep-faults": {"struck": 1},
        "outbox-late": {"waited": 7.0},
    }
    assert causes.planted(CALM, 120) == causes.certain(CALM) == frozenset()
    for name, change in causes_of.items():
        assert causes.planted(replace(CALM, **change), 120) == {name}
    assert causes.planted(replace(CALM, moved=1), 120) == {"poison-queue"}
    assert causes.certain(replace(CALM, moved=1)) == frozenset()
    stopped = causes.planted(replace(CALM, deeds={"kill": 1}), 120)
    assert stopped == {"sweep-faults", "queue-late", "no-sweep-finished"}
    assert causes.planted(replace(CALM, deeds={"copies": 9, "withdraw": 9}), 120) == frozenset()


@pytest.mark.parametrize(("since", "until", "seen"), [(9, 13, True), (11, 13, False), (9, 11, False), (20, 30, False)])
def test_a_restore_that_is_lost_during_a_whole_sweep_must_be_seen(since: int, until: int, seen: bool) -> None:
    assert causes.certain(replace(CALM, views=_lost(since, until))) == ({"restore-lost"} if seen else set())


def test_a_sweep_with_faults_is_none_that_came_to_every_row() -> None:
    rows = [
        {"timestamp": end.isoformat(), "message": f'desk.sweep {{"seconds":2.0,"faults":{faults},"unfinished":{left}}}'}
        for end, faults, left in [(MINUTE[12], 0, 0), (MINUTE[20], 1, 0), (MINUTE[30], 0, 1)]
    ]
    assert [*causes.sweeps(rows, sound=True)] == SWEEP
    assert len([*causes.sweeps([*rows, {"message": "desk.arm {}"}])]) == 3


def test_a_notice_is_as_late_as_its_last_arrival() -> None:
    at, early, late = (MINUTE[second].isoformat() for second in (0, 2, 9))
    assert causes.longest_wait([("dba", "a.1", at, early), ("dba", "a.1", at, late), ("dba", "a.2", late, late)]) == 9.0
    assert causes.longest_wait([]) == 0.0


@pytest.mark.slow
def test_a_small_chaos_loses_nothing_and_doubles_nothing() -> None:
    line = [
        sys.executable,
        "-m",
        "local",
        "chaos",
        "--restores",
        "12",
        "--kills",
        "3",
        "--seed",
        "7",
        "--goal",
        "0.1",
        "--json",
    ]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False, timeout=400)  # noqa: S603
    assert done.returncode == 0, done.stderr[-6000:]
    last = json.loads(done.stdout.splitlines()[-1])
    assert (last["ok"], last["violations"]) == (True, 0)
    assert last["did"]["kill"] >= 3  # a further round, where few were submitted, brings more
    assert set(last["alerts"]["fired"]) <= set(last["alerts"]["caused"])
