"""The limits of what an operator says: exactly the limit is taken, one more is not; only what was said is changed."""

from typing import Any

import pytest
from pydantic import ValidationError

from shared.domain.restore import Phase
from shared.workflow.operator_acts import AGAIN, Act, Again, Resolution, impossible, not_found, resolvable
from tests.kits.restores import NOW, a_restore

WHO = {"by": "dba", "reason": "why"}
JOB = "b54a1f2c-0000-4000-8000-000000000001"
LIMITS: list[tuple[Any, dict[str, Any], dict[str, Any]]] = [
    (Act, {"by": "x" * 500}, {"by": "x" * 501}),
    (Act, {"reason": "x" * 500}, {"reason": "x" * 501}),
    (Act, {"by": "x"}, {"by": ""}),
    (Act, {"by": "x"}, {"by": "   "}),
    (Act, {"reason": " x "}, {"reason": "\u200b"}),
    (Act, {"by": "x\x20y"}, {"by": "x\x1fy"}),
    (Act, {"by": "x"}, {"by": "x (Authenticated_As y)"}),
    (Act, {"by": "x"}, {"by": "ａuthenticatedAs"}),
    (Act, {"reason": "the ticket is closed"}, {"colour": "red"}),
    (Resolution, {"resolution": "close"}, {"resolution": "drop"}),
    (Resolution, {"resolution": "adopt", "jobId": JOB}, {"resolution": "adopt", "jobId": JOB + "0"}),
    (Resolution, {"resolution": "adopt", "jobId": JOB}, {"resolution": "adopt", "jobId": "x" * 36}),
    (Again, {"idempotencyKey": "x" * 255}, {"idempotencyKey": "x" * 256}),
    (Again, {"idempotencyKey": "x"}, {"idempotencyKey": ""}),
    (Again, {"maxAgeHours": 1}, {"maxAgeHours": 0}),
    (Again, {"maxAgeHours": 100_000}, {"maxAgeHours": 100_001}),
    (Again, {"maxAgeHours": 48}, {"maxAgeHours": "48"}),
    (Again, {"location": "x" * 40}, {"location": "x" * 41}),
    (Again, {"location": "x" * 3}, {"location": "xx"}),
    (Again, {"crossRegion": True}, {"crossRegion": 1}),
]


@pytest.mark.parametrize(("model", "most", "more"), LIMITS)
def test_the_limit_itself_is_taken_and_one_more_is_not(model: Any, most: dict[str, Any], more: dict[str, Any]) -> None:
    model.model_validate(WHO | most)
    with pytest.raises(ValidationError):
        model.model_validate(WHO | more)


def test_an_act_keeps_what_can_be_seen_of_its_words() -> None:
    act = Act(by="  ada\u200b  l ", reason="see https://x.example/a?sig=abc")
    assert (act.by, act.reason) == ("ada l", "see https://x.example/a?…")


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"recoveryPoint": "latest"},
        {"recoveryPoint": {"id": "p"}},
        {"target": "other", "database": "emp2"},
        {"maxAgeHours": 5, "location": "westus", "crossRegion": False},
        {"rehydration": {"priority": "High"}},
        {"resourceGuardRequests": ["/subscriptions/x"]},
    ],
)
def test_again_changes_what_was_said_and_nothing_else(said: dict[str, Any]) -> None:
    assert Again.model_validate({**WHO, **said, "idempotencyKey": "k"}).changes() == said


@pytest.mark.parametrize("phase", list(Phase))
def test_what_became_of_a_restore_is_said_where_it_is_lost_or_overdue_at_azure(phase: Phase) -> None:
    overdue = {Phase.LOST, Phase.SUBMITTING, Phase.SUBMITTED, Phase.RESTORING}
    assert resolvable(a_restore(phase)) == ({phase} if phase is Phase.LOST else set())
    assert resolvable(a_restore(phase, overdue_at=NOW)) == ({phase} if phase in overdue else set())


@pytest.mark.parametrize(
    ("phase", "changes", "possible"),
    [
        (Phase.ACCEPTED, {}, ["withdraw"]),
        (Phase.SUBMITTED, {}, []),
        (Phase.SUBMITTED, {"overdue_at": NOW}, ["resolve"]),
        (Phase.LOST, {}, ["resolve"]),
        (Phase.FAILED, {}, ["again"]),
        (Phase.REFUSED, {}, ["again"]),
        (Phase.REFUSED, {"vault": ""}, []),
        (Phase.WITHDRAWN, {}, ["again"]),
        (Phase.SUCCEEDED, {}, []),
        (Phase.CHECKED, {}, []),
    ],
)
def test_what_is_not_possible_is_answered_with_what_is(
    phase: Phase, changes: dict[str, Any], possible: list[str]
) -> None:
    problem = impossible(a_restore(phase, **changes), "moved", frozenset({Phase.VALIDATING}))
    assert (problem.status, problem.title) == (409, "This restore cannot be moved")
    assert problem.more == {"phase": phase.value, "possible": possible}
    assert problem.detail == f"it is {phase}; only a restore that is validating can be moved"


def test_a_request_that_was_never_taken_is_sent_anew_and_not_repeated() -> None:
    problem = impossible(a_restore(Phase.REFUSED, vault=""), "asked for again", AGAIN)
    assert problem.detail == "its request was never taken, so there is nothing to repeat: send the corrected request"


def test_a_restore_that_is_not_there_is_a_404_with_a_cut_id() -> None:
    problem = not_found("x" * 100)
    assert problem.status == 404
    assert problem.detail == f"there is no restore {'x' * 60!r}; GET /api/restores lists them"
