"""Each place where Azure may write a thing of a job: one row for each, with all others empty."""

from typing import Any

import pytest

from shared.azure.responses import MOST_WARNINGS, read_error, read_job, read_operation
from tests.kits.restores import VAULT

JOB = f"{VAULT}/backupJobs/j-1"


def job(**properties: Any) -> Any:
    found = read_job({"name": "j-1", "properties": properties})
    assert found
    return found


@pytest.mark.parametrize(
    ("item", "found"),
    [
        ({"name": "j-1"}, "j-1"),
        ({"id": JOB}, "j-1"),
        ({"name": "j-2", "id": JOB}, "j-2"),
        ({"properties": {}}, None),
        (5, None),
    ],
)
def test_the_id_of_a_job(item: Any, found: str | None) -> None:
    read = read_job(item)
    assert (read.job.id if read else None) == found


@pytest.mark.parametrize(
    ("properties", "category", "mark", "status"),
    [
        ({}, "", "Unknown/None/None", "Unknown"),
        ({"operationCategory": "Restore", "operation": "x"}, "restore", "Unknown/None/None", "Unknown"),
        ({"operation": "CrossRegionRestore"}, "crossregionrestore", "Unknown/None/None", "Unknown"),
        ({"etag": "e-1", "status": "InProgress"}, "", "e-1", "InProgress"),
        ({"status": "Completed", "endTime": "t", "duration": "d"}, "", "Completed/t/d", "Completed"),
    ],
)
def test_what_a_job_says_of_itself(properties: Any, category: str, mark: str, status: str) -> None:
    found = job(**properties)
    assert (found.category, found.mark, found.job.status) == (category, mark, status)


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        *[
            (word, "succeeded")
            for word in ("Completed", "CompletedWithWarnings", "Success", "Succeeded", "SuccessWithWarning")
        ],
        *[(word, "failed") for word in ("Failed", "Cancelled", "canceled")],
        *[(word, "running") for word in ("InProgress", "Cancelling", "", "Ny")],
    ],
)
def test_how_a_job_ended(status: str, ended: str) -> None:
    assert job(status=status).ended == ended
    assert (job(status=status).error is not None) is (ended == "failed")


@pytest.mark.parametrize(
    ("details", "code", "message"),
    [
        ([{"code": "A", "message": "a"}, {"code": "B"}], "A", "a"),
        ({"code": "A", "message": "a"}, "A", "a"),
        ([None, {"code": "B"}], "B", "the job gave no reason"),
        ([{"message": "m"}], "Unknown", "m"),
        (None, "Failed", "the job ended Failed and gave no reason"),
        (["x"], "Failed", "the job ended Failed and gave no reason"),
    ],
)
def test_why_a_job_failed(details: Any, code: str, message: str) -> None:
    found = job(status="Failed", errorDetails=details).error
    assert (found.code, found.message, found.stage) == (code, message, "job")


@pytest.mark.parametrize(
    ("more", "size"),
    [
        ({}, None),
        ({"dataTransferredInBytes": "5"}, 5),
        ({"dataTransferredInBytes": 0}, None),
        (
            {
                "subTasks": [
                    {"additionalDetails": {"DataTransferredInBytes": "3"}},
                    {},
                    {"additionalDetails": {"DataTransferredInBytes": 4}},
                ]
            },
            7,
        ),
        ({"dataTransferredInBytes": 9, "subTasks": [{"additionalDetails": {"DataTransferredInBytes": "3"}}]}, 9),
    ],
)
def test_how_much_a_job_moved(more: Any, size: int | None) -> None:
    assert job(extendedInfo=more).job.bytes == size


@pytest.mark.parametrize(
    ("status", "details", "warnings"),
    [
        ("Completed", [], ()),
        ("CompletedWithWarnings", [], ("the job ended CompletedWithWarnings and gave no details",)),
        ("Completed", [{}], ("Warning: no words",)),
        ("Completed", [{"warning": {"code": "C", "message": "m"}, "resourceName": "r"}], ("C: m (r)",)),
        ("Completed", [{"warning": {"code": "C", "recommendedAction": [" do ", "", 5, "it"]}}], ("C: no words do it",)),
    ],
)
def test_what_a_job_warns_of(status: str, details: Any, warnings: tuple[str, ...]) -> None:
    assert job(status=status, extendedInfo={"warningDetails": details}).job.warnings == warnings


def test_so_many_warnings_and_steps_of_a_job_are_kept() -> None:
    many = [{"warning": {"code": str(n)}} for n in range(MOST_WARNINGS + 2)]
    steps = [{"taskName": "n" * 300, "taskStatus": "s", "taskProgress": "50"} for _ in range(MOST_WARNINGS + 2)]
    found = job(extendedInfo={"warningDetails": many, "subTasks": steps}).job
    assert (len(found.warnings), found.warnings[-1]) == (51, "… 2 more warnings stand in the job")
    assert (len(found.tasks), len(found.tasks[0].name), found.tasks[0].progress) == (50, 200, 50)
    exact = job(extendedInfo={"warningDetails": many[:MOST_WARNINGS]}).job.warnings
    assert len(exact) == MOST_WARNINGS == 50


@pytest.mark.parametrize(
    ("body", "status", "code", "message"),
    [
        ({"error": {"code": "A", "message": "a"}}, None, "A", "a"),
        ({"code": "A", "message": "a"}, None, "A", "a"),
        ({"error": {"message": "a"}}, None, "Unknown", "a"),
        ({"error": {"message": "a"}}, 403, "Http403", "a"),
        ({"error": {"code": "A"}}, 403, "A", "fallback"),
        ({"error": {"details": [{}, {"code": "D", "message": "d"}]}}, None, "Unknown", "fallback"),
        ({"error": {"code": "A", "details": [{"code": "D", "message": "d"}]}}, None, "D", "d"),
        ({"error": {"code": "A", "details": [{"message": "d"}]}}, None, "A", "d"),
        ({"error": {"code": "A", "message": "a", "details": [{"code": "D", "message": "d"}]}}, None, "A", "a"),
        (
            {"error": {"code": "A", "additionalInfo": [{"type": "other"}], "details": [{"code": "D"}]}},
            None,
            "A",
            "fallback",
        ),
        (
            {
                "error": {
                    "code": "A",
                    "message": "a",
                    "additionalInfo": [{"type": "UserFacingError", "info": {"code": "U", "message": "u"}}],
                }
            },
            None,
            "A",
            "u",
        ),
        (
            {"error": {"message": "a", "additionalInfo": [{"type": "UserFacingError", "info": {"code": "U"}}]}},
            None,
            "U",
            "a",
        ),
        ([], 502, "Http502", "fallback"),
    ],
)
def test_azures_three_ways_to_say_no(body: Any, status: int | None, code: str, message: str) -> None:
    found = read_error(body, "request", "fallback", status)
    assert (found.code, found.message, found.stage) == (code, message, "request")


@pytest.mark.parametrize(
    ("inner", "code", "detail"),
    [
        ({}, None, None),
        ({"code": "I"}, "I", "I"),
        ({"code": "I", "embeddedInnerError": {"code": "E"}}, "E", "E"),
        ({"code": "I", "embeddedInnerError": {"code": "InnerErrorCodeUnavailable"}}, "I", "I"),
        ({"code": "I", "additionalInfo": {"DetailedNonLocalisedMessage": "d"}}, "I", "d"),
    ],
)
def test_the_innermost_code_that_says_something(inner: Any, code: str | None, detail: str | None) -> None:
    info = {"innerError": inner, "properties": {"ActivityId": "a"}, "recommendedAction": "do"}
    body = {"error": {"code": "A", "additionalInfo": [{"type": "UserFacingError", "info": info}]}}
    found = read_error(body, "job", "f")
    assert (found.inner_code, found.detail, found.activity_id, found.recommended_action) == (code, detail, "a", ("do",))


@pytest.mark.parametrize(
    ("body", "job_id"),
    [
        ({"status": "Succeeded", "properties": {"jobId": JOB}}, "j-1"),
        ({"status": "Succeeded", "jobId": f"{JOB}/"}, "j-1"),
        ({"status": "Succeeded", "properties": {"jobId": "a"}, "jobId": "b"}, "a"),
        ({"status": "Succeeded"}, None),
    ],
)
def test_the_job_that_an_operation_names(body: Any, job_id: str | None) -> None:
    assert read_operation(body, "operation").job_id == job_id
