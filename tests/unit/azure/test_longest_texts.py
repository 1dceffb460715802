"""How much of Azure's words a restore's row keeps: whole up to its limit, and cut from there on."""

from typing import Any

import pytest

from shared.azure.responses import read_error, read_job
from shared.domain.restore import Job


def job(**fields: Any) -> Job:
    found = read_job({"name": "j", "properties": {"status": "Completed", **fields}})
    assert found
    return found.job


@pytest.mark.parametrize(("field", "most"), [("code", 200), ("message", 4000)])
def test_a_code_and_a_message_are_cut(field: str, most: int) -> None:
    error = {"code": "c", "message": "m"}
    for length in (most, most + 1):
        found = read_error({"error": {**error, field: "x" * length}}, "job", "")
        assert getattr(found, field) == "x" * most


def test_a_detail_is_cut_and_of_the_advice_ten_texts_are_kept() -> None:
    info = {
        "message": "m",
        "recommendedAction": [f"{n}" + "x" * 999 for n in range(9)] + ["y" * 1001, "eleventh"],
        "innerError": {"code": "inner", "additionalInfo": {"DetailedNonLocalisedMessage": "d" * 4001}},
    }
    found = read_error(
        {"error": {"code": "c", "additionalInfo": [{"type": "UserFacingError", "info": info}]}}, "job", ""
    )
    assert found.detail == "d" * 4000
    assert found.inner_code == "inner"
    assert [len(text) for text in found.recommended_action] == [1000] * 10
    assert found.recommended_action[0] == "0" + "x" * 999
    assert found.recommended_action[9].startswith("y" * 990)


def test_the_innermost_of_ten_codes_counts() -> None:
    def nested(depth: int) -> dict[str, Any]:
        inner: dict[str, Any] = {"code": f"c{depth}"}
        for n in range(depth - 1, 0, -1):
            inner = {"code": f"c{n}", "embeddedInnerError": inner}
        return {"error": {"code": "c", "additionalInfo": [{"type": "UserFacingError", "info": {"innerError": inner}}]}}

    assert [read_error(nested(depth), "job", "").inner_code for depth in (1, 9, 10, 11)] == ["c1", "c9", "c10", "c10"]


def test_a_warning_and_a_sub_task_are_cut() -> None:
    def warned(length: int) -> str:
        warning = {"code": "W", "message": "m" * length}
        return job(extendedInfo={"warningDetails": [{"warning": warning}]}).warnings[0]

    assert warned(1997) == "W: " + "m" * 1997
    assert len(warned(1998)) == 2000
    assert warned(1998) != "W: " + "m" * 1997
    (task,) = job(extendedInfo={"subTasks": [{"taskName": "n" * 201, "taskStatus": "s" * 200}]}).tasks
    assert (len(task.name), task.status) == (200, "s" * 200)
