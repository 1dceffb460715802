"""What Azure answers: operations, jobs and its three ways to say no, each read into one shape."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shared.azure.lenient_json import Loose, number, read_duration
from shared.azure.responses import Ended, last_segment, read_error, read_job, read_operation

SAMPLES = Path(__file__).parents[2] / "samples"
JOB = "cab20de7-2f2a-420b-9f0d-236a5d2d0001"


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text())


@pytest.mark.parametrize(
    ("name", "ended", "job"),
    [
        ("article_operation_running", "running", None),
        ("article_operation_validated", "succeeded", None),
        ("article_operation_restored", "succeeded", "cccc2c2c-dd3d-ee4e-ff5f-aaaaaa6a6a6a"),
        ("article_operation_failed", "failed", None),
        ("operation_restored_other_casing", "succeeded", JOB),
        ("operation_restored_cross_region", "succeeded", JOB),
    ],
)
def test_an_operation(name: str, ended: Ended, job: str | None) -> None:
    operation = read_operation(sample(name), "operation")
    assert (operation.ended, operation.job_id) == (ended, job)
    assert (operation.error is not None) == (ended == "failed")


@pytest.mark.parametrize(("name", "job"), [("operation_result_restored", JOB), ("operation_result_validated", None)])
def test_an_operations_result_has_no_status_of_its_own(name: str, job: str | None) -> None:
    assert read_operation({"status": "Succeeded", **sample(name)}, "operation").job_id == job


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        *[(word, "running") for word in ("Inprogress", "InProgress", "Accepted", "Cancelling", "Paused", "Ny", "")],
        *[(word, "succeeded") for word in ("Succeeded", "SUCCEEDED", "succeeded")],
        *[(word, "failed") for word in ("Failed", "Canceled", "Cancelled", "canceled")],
    ],
)
def test_an_unknown_status_of_an_operation_is_running(status: str, ended: Ended) -> None:
    assert read_operation({"status": status}, "validation").ended == ended


def test_the_articles_error_in_one_shape() -> None:
    error = read_operation(sample("article_operation_failed"), "validation").error
    assert error
    assert (error.stage, error.code) == ("validation", "UserErrorRestoreToLowerVersion")
    assert error.message == "Restoring backups of a higher PostgreSQL version to a lower version is not supported."
    assert error.recommended_action == (
        "Restore to the same or a higher PostgreSQL version from which the backup was taken.",
    )
    assert error.detail
    assert "from version:10 of PostgreSQL to 9.5" in error.detail
    assert error.activity_id == "2a23524f-0217-4bc1-bbe8-1546d2e6204d-Ibz"
    assert error.inner_code is None  # InnerErrorCodeUnavailable says nothing


@pytest.mark.parametrize(
    ("name", "code", "inner", "activity"),
    [
        ("error_synchronous", "DppPluginInvalidInputParameters", None, "718247ce"),
        ("error_bare", "UserErrorGenericResourceNotFound", None, None),
        ("error_gateway", "AuthorizationFailed", None, None),
        ("error_inner", "PostgreSQLFlexOperationFailedUserError", "ServerNotReadyForLongTermBackup", "a1b2-Ibz"),
    ],
)
def test_the_other_ways_to_say_no(name: str, code: str, inner: str | None, activity: str | None) -> None:
    error = read_error(sample(name), "request", "nothing was said", 400)
    assert (error.code, error.inner_code, error.activity_id) == (code, inner, activity)
    assert error.message != "nothing was said"


@pytest.mark.parametrize("body", [None, [], "no", {}, {"error": None}, {"error": {"code": None}}, {"error": "x"}])
def test_an_error_without_words_keeps_the_status(body: Any) -> None:
    error = read_error(body, "request", "nothing was said", 418)
    assert (error.code, error.message) == ("Http418", "nothing was said")


def test_a_job_that_delivered_files() -> None:
    read = read_job(sample("job_files_completed"))
    assert read
    assert (read.ended, read.error, read.category) == ("succeeded", None, "restore")
    assert read.activity_id == "7b9cb42b-3393-41ef-a81c-60a5e2430001"
    assert read.prefix == "pg-prod-01-01JC-1"
    assert read.instance == read.instance.lower()
    job = read.job
    assert (job.id, job.status, job.bytes) == (JOB, "Completed", 71152)
    assert job.seconds == pytest.approx(123.5638383)
    assert job.started == datetime(2026, 9, 26, 8, 10, 0, 33251, tzinfo=UTC)
    assert job.destination == "https://drillaccount.blob.core.windows.net/drills"
    assert [(task.name, task.status) for task in job.tasks] == [("Trigger Restore", "Completed")]


def test_a_job_that_created_a_database() -> None:
    read = read_job(sample("job_database_completed"))
    assert read
    assert (read.prefix, read.job.bytes) == (None, None)
    assert read.job.destination
    assert read.job.destination.endswith("/servers/ossserver/databases/restored")


def test_a_running_job_has_neither_end_nor_duration() -> None:
    read = read_job(sample("job_running"))
    assert read
    assert (read.ended, read.job.ended, read.job.seconds) == ("running", None, None)
    assert read.job.tasks[0].progress == 40


def test_a_listed_job_has_no_details_and_its_duration_is_a_time_span() -> None:
    backup, restore = (read_job(item) for item in sample("jobs_listed")["value"])
    assert backup
    assert restore
    assert (backup.category, restore.category) == ("backup", "restore")
    assert backup.job.seconds == pytest.approx(192.7189058)
    assert (restore.prefix, restore.job.destination, restore.job.tasks) == (None, None, ())


def test_a_cross_region_job_leaves_out_what_is_null() -> None:
    read = read_job(sample("job_cross_region"))
    assert read
    assert (read.ended, read.category, read.job.ended) == ("running", "crossregionrestore", None)


def test_a_failed_job_says_why() -> None:
    read = read_job(sample("job_failed"))
    assert read
    assert read.error
    assert (read.ended, read.error.stage, read.error.code) == ("failed", "job", "UserErrorContainerNotAccessible")
    assert read.error.recommended_action == ("Assign Storage Blob Data Contributor.",)
    assert (read.error.detail, read.error.activity_id) == ("403 from the blob service", "a1b2-Ibz")


def test_a_job_with_warnings_succeeded_and_keeps_them() -> None:
    read = read_job(sample("job_warnings"))
    assert read
    assert read.ended == "succeeded"
    assert read.job.warnings == (
        "UserWarningDatabaseSkipped: A database was left out. (legacydb) Assign Storage Blob Data Contributor.",
    )
    bare = read_job({"name": JOB, "properties": {"status": "CompletedWithWarnings"}})
    assert bare
    assert bare.job.warnings == ("the job ended CompletedWithWarnings and gave no details",)


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        *[(word, "running") for word in ("InProgress", "Cancelling", "Paused", "Started", "Queued2027", "")],
        *[(word, "succeeded") for word in ("Completed", "CompletedWithWarnings", "Success", "Succeeded")],
        *[(word, "succeeded") for word in ("SuccessWithWarning", "completed")],
        *[(word, "failed") for word in ("Failed", "Cancelled", "Canceled")],
    ],
)
def test_the_words_for_a_jobs_state(status: str, ended: Ended) -> None:
    read = read_job({"name": JOB, "properties": {"status": status}})
    assert read
    assert read.ended == ended
    assert (read.error is not None) == (ended == "failed")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT1M46.1333816S", 106.1333816),
        ("10675199.02:48:05", None),
        ("00:03:12.7189058", 192.7189058),
        ("1.02:03:04", 93784.0),
        ("P1DT2H", 93600.0),
        ("PT0S", None),
        ("00:00:00", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_both_forms_of_a_duration(text: str | None, seconds: float | None) -> None:
    assert read_duration(text) == (pytest.approx(seconds) if seconds else None)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-06-26T08:10:00.0332511Z", datetime(2026, 6, 26, 8, 10, 0, 33251, UTC)),
        ("2024-02-20T12:12:39.037907Z", datetime(2024, 2, 20, 12, 12, 39, 37907, UTC)),
        ("2024-02-20T12:12:28Z", datetime(2024, 2, 20, 12, 12, 28, 0, UTC)),
        ("2024-02-20T14:12:28+02:00", datetime(2024, 2, 20, 12, 12, 28, 0, UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("today", None),
        (None, None),
    ],
)
def test_times_with_seven_digits_and_the_one_that_means_not_set(text: str | None, moment: datetime | None) -> None:
    assert Loose({"endTime": text}).moment("EndTime") == moment


@pytest.mark.parametrize("value", [True, "nan", "inf", float("nan"), float("-inf"), "1e999", "x", None, [], 10**400])
def test_what_is_no_number(value: object) -> None:
    assert number(value) is None


@pytest.mark.parametrize("text", [JOB, f"/a/b/backupJobs/{JOB}", f"/a/BackupVaults/v/backupjobs/{JOB}/"])
def test_a_jobs_id_in_each_of_its_forms(text: str) -> None:
    assert last_segment(text) == JOB


@pytest.mark.parametrize("detail", [{"code": "C"}, {"message": "m"}])
def test_of_an_error_without_a_message_the_first_detail_that_says_anything_counts(detail: dict[str, str]) -> None:
    body = {"error": {"code": "Outer", "details": [{"target": "x"}, detail]}}
    error = read_error(body, "request", "nothing was said", 400)
    assert {"code": error.code, "message": error.message}.items() >= detail.items()
    assert error.code == detail.get("code", "Outer")
