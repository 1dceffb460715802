"""Advice is true or absent: where the same request must fail again, the step is the changed request, whole."""

import json
import re
import shlex
from typing import Any

import pytest

from shared.advice.next_steps import next_step
from shared.advice.repeats import FILES, in_our_names
from shared.domain.restore import Phase, refusal
from shared.workflow.operator_acts import Again
from tests.kits.restores import a_restore, an_error

GUARD = "Send the guard's dppTriggerRestoreRequests/default in resourceGuardOperationRequests."
NEAR = (
    "no recovery point at or before 2026-09-01 00:00:00 UTC can be restored (none is listed); there are: oldest "
    "2026-09-02 00:00 UTC (id aa11), newest 2026-09-09 00:00 UTC (id cc33), "
    "nearest to it 2026-09-02 00:00 UTC (id aa11)"
)
OLD = "the fitting recovery point, of 2026-09-09 00:00 UTC (id cc33), is 200 hours old; maxAgeHours is 24"
OTHER = "The target server is in northeurope, the request says westeurope."
EARLY = {"recoveryPoint": {"atOrBefore": "2026-09-01T00:00:00Z"}}


def sent(step: str) -> dict[str, Any]:
    """The body of the `again` that the last step gives, as the shell hands it on."""
    command = next(line for line in reversed(step.splitlines()) if "/again" in line and "curl" in line)
    words = shlex.split(command)
    body: dict[str, Any] = json.loads(words[words.index("-d") + 1])
    return {name: value for name, value in body.items() if name not in ("by", "reason")}


@pytest.mark.parametrize(
    ("phase", "code", "message", "asked", "changed"),
    [
        ("failed", "UserErrorResourceGuardApprovalRequired", "", {}, {"resourceGuardRequests": "auto"}),
        ("failed", "SomethingNew", GUARD, {}, {"resourceGuardRequests": "auto"}),
        ("failed", "UserErrorRestoreTargetNotSupported", "", {}, {"target": FILES}),
        ("refused", "FlexibleServerTakesFilesOnly", "", {}, {"target": FILES}),
        ("failed", "UserErrorRestorePointNotFound", "", {"recoveryPoint": {"id": "x"}}, {"recoveryPoint": "latest"}),
        ("refused", "NoRecoveryPoint", NEAR, EARLY, {"recoveryPoint": {"id": "aa11"}}),
        ("refused", "NoRecoveryPoint", OLD, {"maxAgeHours": 24}, {"maxAgeHours": 201}),
        ("refused", "NoRecoveryPoint", "its id is cc33: ask", {}, {"recoveryPoint": {"id": "cc33"}}),
        ("refused", "CrossRegionRestoreNotEnabled", "", {"crossRegion": True}, {"crossRegion": False}),
        ("refused", "TargetIsTheSource", "", {}, {"database": "<a new name>"}),
    ],
)
def test_the_changed_request_is_given_whole(
    phase: str, code: str, message: str, asked: dict[str, Any], changed: dict[str, Any]
) -> None:
    error = an_error(code, message=message or f"{code} happened")
    step = next_step(a_restore(Phase(phase), error=error, asked={"instance": "i", "target": "t", **asked})) or ""
    assert sent(step) == changed
    assert "The same request would fail again" in step
    assert "for the same recovery point" not in step
    body = {"by": "me", "reason": "x", **changed}
    if "<" not in json.dumps(changed):
        assert Again.model_validate(body).changes() == changed


@pytest.mark.parametrize(("action", "changed"), [
    ('Ask with "crossRegion": true.', {"crossRegion": True}),
    ('Ask with "location": "northeurope".', {"location": "northeurope"}),
    ("Leave location out, or say northeurope; the target must be there.", {"location": "northeurope"}),
])  # fmt: skip
def test_the_region_to_ask_for_is_the_one_that_is_named(action: str, changed: dict[str, Any]) -> None:
    step = next_step(a_restore(Phase.REFUSED, error=refusal("OtherRegion", OTHER, action))) or ""
    assert sent(step) == changed


@pytest.mark.parametrize("code", ["UserErrorContainerNotAccessible", "CloudInternalError", "TooLate", "CoolingDown"])
def test_what_may_pass_is_asked_again_unchanged(code: str) -> None:
    step = next_step(a_restore(Phase.FAILED, error=an_error(code))) or ""
    assert sent(step) == {}
    assert "The same request would meet" not in step


def test_the_guard_that_was_asked_already_is_no_change() -> None:
    asked = {"instance": "i", "target": "t", "resourceGuardRequests": "auto"}
    error = an_error("UserErrorResourceGuardApprovalRequired", message=GUARD)
    assert sent(next_step(a_restore(Phase.FAILED, error=error, asked=asked)) or "") == {}


def test_azures_field_names_are_translated() -> None:
    error = an_error("New", recommended_action=(GUARD, "Set rehydrationPriority."))
    step = next_step(a_restore(Phase.FAILED, error=error)) or ""
    assert "resourceGuardOperationRequests" not in step
    assert not re.search("rehydrationPriority", step)
    assert in_our_names("resourceGuardOperationRequests") == '"resourceGuardRequests": "auto"'
