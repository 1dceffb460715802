"""The state machine: every phase with every event, what is told of it, and the README's drawing of it."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from shared.domain import events as e
from shared.domain import outcomes as o
from shared.domain.restore import BEFORE_SUBMISSION, CLOSED, Attempt, Job, OwnContainer, Phase, Point, Readings
from shared.domain.state_machine import LONGEST, STEPS, IllegalStep, step
from shared.workflow.announce import announcement
from tests.kits.restores import FILES, FLEXIBLE, NOW, POINT, a_restore, an_error

README = Path(__file__).parents[3] / "README.md"
P = Phase
OPEN = [phase for phase in Phase if phase not in CLOSED]
VALUES: dict[str, Any] = {
    "due": NOW.replace(hour=13),
    "throttled": True,
    "why": "Azure answered 503",
    "waiting_for": "01JC00000000000000000000OTHER",
    "point": Point(id=POINT, time=NOW, tier="VaultStore"),
    "datasource": FLEXIBLE,
    "plan": FILES,
    "guard_requests": (),
    "source_region": "westus",
    "tracking": "https://management.azure.com/x",
    "request_id": "8f7c1b5a-0000-4000-8000-000000000002",
    "error": an_error("UserErrorX"),
    "by": "ada@contoso.com",
    "reason_given": "looked",
    "job": Job(id="j-1", status="InProgress"),
    "job_mark": "etag-1",
    "azure_at": NOW,
    "first": NOW,
    "second": NOW.replace(hour=14),
    "readings": Readings(first=NOW),
    "duplicates": (),
    "jobs": ("j-3",),
    "own_container": OwnContainer(name="rd-x-1", attempt=1),
}


def kinds(base: type[e.Event] = e.Event) -> Iterator[type[e.Event]]:
    for kind in base.__subclasses__():
        if kind is not e.ByPerson:
            yield kind
        yield from kinds(kind)


def an_event(kind: type[e.Event]) -> e.Event:
    return kind(**{field.name: VALUES[field.name] for field in fields(kind)})


EVENTS = sorted(kinds(), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_every_phase_with_every_event(phase: Phase, kind: type[e.Event]) -> None:
    before = a_restore(phase)
    expected = STEPS.get((phase, kind))
    if expected is None:
        with pytest.raises(IllegalStep, match=f"{kind.__name__} cannot follow"):
            step(before, an_event(kind), NOW)
        return
    after = step(before, an_event(kind), NOW)
    assert after.phase is expected
    assert (after.closed_at is not None) == (expected in CLOSED)
    assert len(after.timeline) <= len(before.timeline) + 1
    assert not (after.phase is not phase) or after.timeline[-1].what == expected.value


def test_the_table_has_events_and_phases_that_there_are() -> None:
    assert {kind for _, kind in STEPS} == set(EVENTS)
    assert {phase for phase, _ in STEPS} == set(OPEN)


def test_what_is_closed_stays_so() -> None:
    assert not [phase for phase, _ in STEPS if phase in CLOSED]


def test_every_phase_is_reached_and_every_open_one_can_end() -> None:
    ways = {phase: {to for (at, _), to in STEPS.items() if at is phase} for phase in Phase}
    assert reached(P.ACCEPTED, ways) == set(Phase)
    for phase in OPEN:
        assert reached(phase, ways) & CLOSED


def reached(start: Phase, ways: dict[Phase, set[Phase]]) -> set[Phase]:
    found, edge = {start}, [start]
    while edge:
        new = ways[edge.pop()] - found
        found |= new
        edge.extend(new)
    return found


def test_submitting_is_entered_by_the_claim_alone_and_from_validated_alone() -> None:
    entries = {key for key, to in STEPS.items() if to is P.SUBMITTING and key[0] is not P.SUBMITTING}
    assert entries == {(P.VALIDATED, e.Claimed)}


def test_nobody_withdraws_or_refuses_what_may_have_reached_azure() -> None:
    early = {phase for phase, kind in STEPS if kind in (e.Withdrawn, e.Refused)}
    assert early == BEFORE_SUBMISSION


def test_lost_is_left_by_a_person_or_by_its_own_job() -> None:
    assert {kind for (phase, kind), to in STEPS.items() if phase is P.LOST and to is not P.LOST} == {
        o.Adopted, o.Resubmit, o.GivenUp,
    }  # fmt: skip


def test_a_new_attempt_follows_only_where_the_last_one_surely_had_no_effect_or_a_person_said_so() -> None:
    back = {kind for (at, kind), to in STEPS.items() if to is P.VALIDATED and at is not P.VALIDATED}
    assert back == {e.Validated, o.NotSubmitted, o.NeverArrived, o.Resubmit}


def test_each_claim_is_an_attempt_of_its_own() -> None:
    claimed = step(a_restore(P.VALIDATED), an_event(e.Claimed), NOW)
    assert [attempt.number for attempt in claimed.attempts] == [1, 2]
    assert claimed.attempt == Attempt(number=2, request_id=VALUES["request_id"], at=NOW)
    assert claimed.attempt.since == claimed.azure_at
    gone = step(claimed, an_event(o.NeverArrived), NOW)
    assert gone.validated_at is None, "a second attempt is validated anew"
    assert (gone.attempt and gone.attempt.ended, gone.phase) == ("never arrived", P.VALIDATED)


def test_troubles_in_a_row_are_counted_and_end_with_an_answer() -> None:
    found = a_restore(P.RESTORING)
    for _ in range(3):
        found = step(found, an_event(e.Postponed), NOW)
    assert (found.troubles, found.trouble, len(found.timeline)) == (3, "Azure answered 503", 1)
    found = step(found, an_event(o.JobProgress), NOW)
    assert (found.troubles, found.trouble) == (0, None)


def test_the_timeline_does_not_grow_without_end() -> None:
    found = a_restore(P.ACCEPTED)
    for number in range(2 * LONGEST):
        found = step(found, e.Postponed(f"trouble {number}", NOW), NOW)
    assert len(found.timeline) == LONGEST
    assert (found.timeline[0].note, found.timeline[-1].note) == ("trouble 0", f"trouble {2 * LONGEST - 1}")


def test_what_azure_made_of_it_is_the_outcome() -> None:
    files = step(a_restore(P.RESTORING), an_event(o.Completed), NOW)
    database = a_restore(P.RESTORING, plan=FILES.model_copy(update={"kind": "database"}))
    assert (files.outcome, step(database, an_event(o.Completed), NOW).outcome) == ("filesDelivered", "databaseCreated")
    warned = o.Completed(Job(id="j-1", status="CompletedWithWarnings", warnings=("A: b",)))
    assert step(a_restore(P.RESTORING), warned, NOW).warnings == ("A: b",)


@pytest.mark.parametrize(
    ("phase", "kind", "told"),
    [
        (None, None, "accepted"),
        (P.ACCEPTED, e.Waiting, None),
        (P.ACCEPTED, e.ValidationStarted, None),
        (P.ACCEPTED, e.Refused, "refused"),
        (P.VALIDATING, e.Validated, None),
        (P.VALIDATING, e.Checked, "checked"),
        (P.VALIDATED, e.Claimed, None),
        (P.VALIDATED, e.Withdrawn, "withdrawn"),
        (P.SUBMITTING, o.SubmissionTaken, "submitted"),
        (P.SUBMITTING, o.Adopted, "submitted"),
        (P.SUBMITTING, o.TrackLost, "lost"),
        (P.SUBMITTED, o.JobStarted, None),
        (P.SUBMITTED, o.BecameOverdue, "overdue"),
        (P.RESTORING, o.JobProgress, None),
        (P.RESTORING, o.BecameOverdue, "overdue"),
        (P.RESTORING, o.Completed, "succeeded"),
        (P.RESTORING, o.Failed, "failed"),
        (P.LOST, o.GivenUp, "failed"),
        (P.LOST, o.Adopted, "submitted"),
        (P.ACCEPTED, o.Adopted, "submitted"),
        (P.RESTORING, o.Adopted, None),
        (P.LOST, o.Looked, None),
        (P.SUBMITTING, o.BecameOverdue, "overdue"),
    ],
)
def test_what_people_are_told(phase: Phase | None, kind: type[e.Event] | None, told: str | None) -> None:
    if phase is None or kind is None:
        assert announcement(None, a_restore(P.ACCEPTED)) == told
        return
    before = a_restore(phase)
    assert announcement(before, step(before, an_event(kind), NOW)) == told


def test_overdue_is_told_once() -> None:
    overdue = step(a_restore(P.RESTORING), an_event(o.BecameOverdue), NOW)
    assert announcement(overdue, step(overdue, an_event(o.JobProgress), NOW)) is None


def diagram() -> str:
    """The README's drawing of STEPS: one arrow between two phases, with every event that takes it."""
    arrows: dict[tuple[Phase, Phase], list[str]] = {}
    for (at, kind), to in STEPS.items():
        arrows.setdefault((at, to), []).append(kind.__name__)
    drawn = [f"    {at} --> {to}: {', '.join(names)}" for (at, to), names in arrows.items()]
    ends = [f"    {phase} --> [*]" for phase in Phase if phase in CLOSED]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> accepted", *drawn, *ends, "```"])


def drawn(text: str) -> dict[tuple[str, str], str]:
    """The steps that a drawing shows."""
    block = re.search(r"```mermaid\s+stateDiagram-v2(.*?)```", text, re.DOTALL)
    arrows = re.findall(r"^\s*(\w+) --> (\w+)\s*:\s*(.+)$", block[1] if block else "", re.MULTILINE)
    return {(at, name.strip()): to for at, to, names in arrows for name in names.split(",")}


def test_the_readme_draws_this_table() -> None:
    table = {(at.value, kind.__name__): to.value for (at, kind), to in STEPS.items()}
    assert drawn(diagram()) == table
    assert drawn(README.read_text()) == table, f"README.md must hold this:\n{diagram()}"
