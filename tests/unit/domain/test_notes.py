"""The line that each event leaves in a restore's timeline: its word and its note, whole."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain import events as e
from shared.domain import outcomes as o
from shared.domain.durations import phase_seconds, total_seconds
from shared.domain.restore import Attempt, Entry, Job, OwnContainer, Phase, Plan, Point, Readings
from shared.domain.state_machine import LONGEST, bounded, step
from shared.domain.text import clean, dumped, plain, untagged
from shared.domain.values import deeper, iso, utc
from tests.kits.restores import FILES, FLEXIBLE, NOW, a_restore, an_error

LATER = NOW + timedelta(hours=1)
OWN = OwnContainer(name="rd-x-1", attempt=1)
JOB = Job(id="j-1", status="InProgress", warnings=("w",))
ERROR = an_error("UserErrorX")
POINT = Point(id="p-1", time=NOW, tier="VaultStore")
LINES: list[tuple[e.Event, str | None, str | None]] = [
    (e.TurnTaken(), "turn taken", None),
    (e.Waiting("other", NOW), "waiting", "for other, which has the turn on this instance"),
    (e.Postponed("503", NOW), "postponed", "503"),
    (e.ContainerBegun(OWN, FILES, NOW), None, None),
    (e.ContainerMade(OWN), "container made", "rd-x-1"),
    (e.NameTaken(OWN), "container name taken", "rd-x-1"),
    (e.ValidationStarted(POINT, FLEXIBLE, FILES, (), "westus", "t", NOW), None,
     "recovery point p-1 of 2026-10-02 12:00 UTC"),
    (e.StillRunning(NOW), None, None),
    (e.ValidationGone("404", NOW), "validation lost", "404"),
    (e.Validated(NOW), None, None),
    (e.Revalidated(), None, "an attempt was made since its validation: it is validated anew"),
    (e.Checked(), None, None),
    (e.Claimed("r-1", NOW), None, "request id r-1"),
    (e.Refused(ERROR), None, "UserErrorX happened"),
    (e.Withdrawn("ada", "no"), None, "by ada: no"),
    (o.SubmissionTaken("t", NOW), None, None),
    (o.NotSubmitted("late", NOW), None, "late"),
    (o.InDoubt("reset", NOW), "in doubt", "reset"),
    (o.NeverArrived(NOW, LATER), None,
     "two readings of the vault's jobs, at 2026-10-02 12:00 and 13:00 UTC, show none that can be this attempt's"),
    (o.Looked("none", NOW, None), "looked", "none"),
    (o.JobStarted(JOB, NOW), None, "job j-1"),
    (o.Adopted(JOB, "found", NOW), None, "job j-1, found"),
    (o.Adopted(JOB, "found", NOW, ("j-2", "j-3")), None, "job j-1, found; these carry its tokens too: j-2, j-3"),
    (o.TrackGone("410", NOW), "track gone", "410"),
    (o.TrackLost("gone", NOW), None, "gone"),
    (o.JobProgress(JOB, "m", NOW), None, None),
    (o.NotFound("404", NOW), "postponed", "404"),
    (o.BecameOverdue(NOW), "overdue", None),
    (o.Completed(JOB), None, None),
    (o.Failed(ERROR, None), None, "UserErrorX: UserErrorX happened"),
    (o.Resubmit("ada", "none"), None, "by ada: none"),
    (o.Resubmit("ada", "none", ("j-2", "j-3")), None, "by ada: none Jobs that may be its own: j-2, j-3."),
    (o.GivenUp("ada", "no"), None, "by ada: no"),
]  # fmt: skip


@pytest.mark.parametrize(("event", "word", "note"), LINES, ids=lambda one: type(one).__name__)
def test_the_line_of_an_event(event: e.Event, word: str | None, note: str | None) -> None:
    assert event.note() == note
    assert event.entry(LATER, None) == (Entry(at=LATER, what=word, note=note) if word else None)
    assert event.entry(LATER, "lost") == Entry(at=LATER, what="lost", note=note)


DATABASE = Plan(kind="database", server="/s", database="d")


@pytest.mark.parametrize(
    ("event", "phase", "changes", "after"),
    [
        (e.TurnTaken(), Phase.ACCEPTED, {"waiting_for": "x"}, {"turn_at": LATER, "waiting_for": None}),
        (e.ValidationGone("w", NOW), Phase.VALIDATING, {"tracking": "t", "lost_validations": 2},
         {"tracking": None, "lost_validations": 3, "due": NOW, "trouble": "w", "troubles": 0}),
        (e.Validated(NOW), Phase.VALIDATING, {"tracking": "t"},
         {"tracking": None, "validated_at": LATER, "due": LATER, "azure_at": NOW}),
        (e.Checked(), Phase.VALIDATING, {"tracking": "t"},
         {"tracking": None, "validated_at": LATER, "closed_at": LATER, "due": LATER}),
        (e.Revalidated(), Phase.VALIDATED, {"due": NOW}, {"due": LATER, "phase": Phase.ACCEPTED}),
        (e.ContainerMade(OWN), Phase.ACCEPTED, {"due": NOW}, {"due": LATER, "own_container": OWN}),
        (e.Refused(ERROR), Phase.VALIDATED, {"tracking": "t", "waiting_for": "x"},
         {"tracking": None, "waiting_for": None, "error": ERROR, "closed_at": LATER}),
        (o.SubmissionTaken("t", NOW), Phase.SUBMITTING, {}, {"submitted_at": LATER, "tracking": "t", "due": NOW}),
        (o.NotSubmitted("w", NOW), Phase.SUBMITTING, {"troubles": 2}, {"troubles": 3, "trouble": "w"}),
        (o.JobStarted(JOB, NOW, "m"), Phase.SUBMITTED, {"tracking": "t"},
         {"tracking": None, "job": JOB, "job_mark": "m"}),
        (o.Adopted(JOB, "w", NOW), Phase.LOST, {"submitted_at": None, "overdue_at": NOW, "job_mark": "m"},
         {"submitted_at": LATER, "overdue_at": None, "job_mark": "", "duplicate_at": None, "duplicates": ()}),
        (o.Adopted(JOB, "w", NOW, ("j-2",)), Phase.LOST, {"submitted_at": NOW},
         {"submitted_at": NOW, "duplicate_at": LATER, "duplicates": ("j-2",)}),
        (o.NotFound("w", NOW), Phase.RESTORING, {"not_found": 2, "troubles": 1}, {"not_found": 3, "troubles": 2}),
        (o.JobProgress(JOB, "m", NOW), Phase.RESTORING, {"not_found": 2, "troubles": 3},
         {"not_found": 0, "troubles": 0, "job_mark": "m"}),
        (o.BecameOverdue(NOW), Phase.RESTORING, {}, {"overdue_at": LATER, "due": NOW}),
        (o.Completed(JOB), Phase.RESTORING, {}, {"outcome": "filesDelivered", "warnings": ("w",), "job": JOB}),
        (o.Completed(JOB), Phase.RESTORING, {"plan": DATABASE}, {"outcome": "databaseCreated"}),
        (o.Completed(JOB), Phase.RESTORING, {"plan": None}, {"outcome": "filesDelivered"}),
        (o.GivenUp("ada", "no"), Phase.LOST, {}, {"closed_at": LATER}),
        (o.Resubmit("ada", "no"), Phase.LOST, {"job": JOB, "job_mark": "m", "validated_at": NOW, "overdue_at": NOW,
                                               "readings": Readings(first=NOW), "turn_at": NOW},
         {"job": None, "job_mark": "", "validated_at": None, "overdue_at": None, "readings": None, "turn_at": LATER}),
        (o.Looked("w", NOW, Readings(first=NOW)), Phase.LOST, {"troubles": 1},
         {"readings": Readings(first=NOW), "trouble": "w", "troubles": 0}),
    ],
)  # fmt: skip
def test_what_an_event_sets(event: e.Event, phase: Phase, changes: dict[str, Any], after: dict[str, Any]) -> None:
    found = step(a_restore(phase, **changes), event, LATER)
    assert {name: getattr(found, name) for name in after} == after


def test_a_claim_keeps_its_troubles_and_begins_an_attempt() -> None:
    before = a_restore(Phase.VALIDATED, troubles=3, azure_at=NOW, readings=Readings(first=NOW), overdue_at=NOW)
    found = step(before, e.Claimed("r-2", LATER), LATER)
    assert found.attempts[1:] == (Attempt(number=2, request_id="r-2", at=LATER, since=NOW),)
    assert (found.troubles, found.readings, found.overdue_at, found.duplicate_at) == (3, None, None, None)


@pytest.mark.parametrize(
    ("before", "event", "after"),
    [
        (None, o.InDoubt("w", NOW), "in doubt"),
        ("in doubt", e.Postponed("w", NOW), "in doubt"),
        ("in doubt", o.Looked("w", NOW, None), "in doubt"),
        (None, o.BecameOverdue(NOW), None),
        ("in doubt", o.Adopted(JOB, "w", NOW), "adopted"),
        ("taken", o.Adopted(JOB, "w", NOW), "taken"),
        ("in doubt", o.Failed(ERROR, None), "answered"),
        ("adopted", o.Failed(ERROR, None), "adopted"),
    ],
)
def test_an_attempt_ends_once(before: str | None, event: e.Event, after: str | None) -> None:
    attempts = (Attempt(number=1, request_id="a", at=NOW), Attempt(number=2, request_id="b", at=NOW, ended=before))
    found = step(a_restore(Phase.SUBMITTING, attempts=attempts), event, LATER)
    assert [attempt.ended for attempt in found.attempts] == [None, after]
    assert step(a_restore(Phase.SUBMITTING, attempts=()), event, LATER).attempts == ()


def test_a_line_that_says_the_same_again_is_written_once() -> None:
    one = step(a_restore(timeline=()), e.Postponed("w", NOW), NOW)
    assert step(one, e.Postponed("w", NOW), LATER).timeline == one.timeline
    assert len(step(one, e.Postponed("v", NOW), LATER).timeline) == 2


def test_a_long_timeline_keeps_its_beginning_and_its_end() -> None:
    lines = tuple(Entry(at=NOW, what=str(n), note="x" * (500 + n % 2)) for n in range(LONGEST + 5))
    kept = bounded(lines)
    assert [line.what for line in kept] == [str(n) for n in (*range(30), *range(35, LONGEST + 5))]
    assert {len(line.note or "") for line in kept} == {500}
    assert bounded(lines[:LONGEST]) == tuple(line.model_copy(update={"note": "x" * 500}) for line in lines[:LONGEST])


# --- durations --------------------------------------------------------------------------------------------------------
def test_seconds_in_each_phase() -> None:
    def at(minutes: float, what: str) -> Entry:
        return Entry(at=NOW + timedelta(minutes=minutes), what=what)

    lines = (at(0, "accepted"), at(1, "validating"), at(1.5, "postponed"), at(3, "accepted"), at(4, "failed"))
    one = a_restore(Phase.FAILED, timeline=lines, closed_at=NOW + timedelta(minutes=4))
    assert phase_seconds(one, LATER) == {"accepted": 120.0, "validating": 120.0}
    assert total_seconds(one, LATER) == 240
    still = a_restore(timeline=lines[:2])
    assert phase_seconds(still, LATER) == {"accepted": 60.0, "validating": 3540.0}
    assert total_seconds(still, LATER) == 3600
    assert total_seconds(still, NOW - timedelta(hours=1)) == 0
    assert phase_seconds(still, NOW) == {"accepted": 60.0, "validating": 0.0}


# --- text and values --------------------------------------------------------------------------------------------------
def test_json_for_the_wire_is_utf_8_and_has_no_nan() -> None:
    assert dumped({"a": "ü", "b": [1, None]}) == '{"a":"ü","b":[1,null]}'.encode()
    with pytest.raises(ValueError, match="JSON"):
        dumped(float("nan"))


def test_a_text_loses_what_nobody_sees() -> None:
    assert plain(" a\u200b\n b\U000e0041 ") == "a b"
    assert clean("a\r\nb\u200b\n\u202ec") == "a\nb \n c"
    assert untagged({"a\U000e0041": ["b\U0010ffff"]}) == {"a": ["b"]}
    same = {"a": "\u200b"}
    assert untagged(same) is same


def test_moments_are_utc() -> None:
    assert iso(utc("2026-10-01T02:00:00.1234567+02:00")) == "2026-10-01T00:00:00.123456Z"
    assert utc("2026-10-01T00:00:00") == utc("2026-10-01T00:00:00Z")
    assert utc(NOW) is not None
    assert iso(NOW.replace(microsecond=0)) == "2026-10-02T12:00:00.000000Z"


@pytest.mark.parametrize(("value", "levels", "is_deeper"), [
    (5, 0, True), ([], 1, False), ([], 0, True), ([[]], 1, True), ([[]], 2, False),
    ({"a": {"b": []}}, 2, True), ({"a": {"b": []}}, 3, False),
])  # fmt: skip
def test_how_deep_json_goes(value: Any, levels: int, is_deeper: bool) -> None:
    assert deeper(value, levels) is is_deeper
