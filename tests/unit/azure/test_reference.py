"""Real traffic read as a reader would say it, our bodies under Azure's own Swagger: where `../shared` is at hand."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.azure import request_bodies
from shared.azure.recovery_points import choose, read_point
from shared.azure.responses import read_error, read_job, read_operation
from shared.domain.restore import Point
from shared.domain.values import utc
from tests.kits.restores import DATABASE, FILES, INSTANCE, VAULT
from tests.kits.swagger_check import faults
from tests.unit.azure.test_request_bodies import CELLS, ours

REFERENCE = Path(__file__).parents[4] / "shared" / "reference"
__test__ = REFERENCE.is_dir()  # without it nothing here is collected; tests/samples covers the same shapes
Json = dict[str, Any]


def exchange(name: str) -> Json:
    return json.loads((REFERENCE / "recordings" / f"{name}.json").read_text())  # type: ignore[no-any-return]


def answer(name: str) -> Any:
    return exchange(name)["response"]["body"]


def definitions() -> dict[str, Json]:
    swagger = json.loads((REFERENCE / "swagger" / "dataprotection-2024-04-01.json").read_text())
    return swagger["definitions"]  # type: ignore[no-any-return]


OPERATIONS = [
    ("flex_validate_opStatus_inprogress", "running", None),
    ("flex_validate_opStatus_succeeded", "succeeded", None),
    ("flex_restore_opStatus_inprogress", "running", None),
    ("flex_restore_opStatus_succeeded", "succeeded", "cab20de7-2f2a-420b-9f0d-236a5d2da889"),
    ("single_validate_opStatus_inprogress", "running", None),
    ("single_validate_opStatus_succeeded", "succeeded", None),
    ("single_restore_opStatus_inprogress", "running", None),
    ("single_restore_opStatus_succeeded", "succeeded", "97383d04-728c-4656-afe4-02d673374382"),
    ("crr_opStatus_succeeded", "succeeded", "12e7fdbd-7127-49cd-bf00-a696167b55cf"),
]


@pytest.mark.parametrize(("name", "ended", "job"), OPERATIONS)
def test_an_operation(name: str, ended: str, job: str | None) -> None:
    operation = read_operation(answer(name), "operation")
    assert (operation.ended, operation.job_id, operation.error) == (ended, job, None)


@pytest.mark.parametrize("name", ["flex_restore_opResult", "single_restore_opResult", "crr_opResult"])
def test_an_operations_result_names_the_job_of_its_status(name: str) -> None:
    jobs = {job for _, _, job in OPERATIONS if job}
    assert read_operation({"status": "Succeeded", **answer(name)}, "operation").job_id in jobs


def test_a_validations_result_names_none() -> None:
    assert read_operation({"status": "Succeeded", **answer("single_validate_opResult")}, "validation").job_id is None


JOBS: list[tuple[str, str, str, str | None, float | None, int | None]] = [
    ("flex_job_inprogress", "running", "restore", "targetpgflex", None, None),
    ("flex_job_completed", "succeeded", "restore", "targetpgflex", 123.5638367, 71152),
    ("single_job_inprogress", "running", "restore", None, None, None),
    ("single_job_completed", "succeeded", "restore", None, 106.1333816, None),
    ("crr_job", "running", "crossregionrestore", None, None, None),
]


@pytest.mark.parametrize(("name", "ended", "category", "prefix", "seconds", "moved"), JOBS)
def test_a_job(
    name: str, ended: str, category: str, prefix: str | None, seconds: float | None, moved: int | None
) -> None:
    read = read_job(answer(name))
    assert read
    assert (read.ended, read.category, read.prefix, read.job.bytes) == (ended, category, prefix, moved)
    assert read.job.seconds == (pytest.approx(seconds) if seconds else None)
    assert read.job.started
    assert (read.job.ended is None) == (ended == "running")
    assert read.activity_id
    assert read.job.destination
    assert [task.name for task in read.job.tasks] == ["Trigger Restore"]


def test_a_job_of_files_says_where_to_and_under_which_prefix() -> None:
    read = read_job(answer("single_job_asFiles_completed"))
    asked = exchange("single_restore_asFiles")["request"]["body"]["restoreTargetInfo"]["targetDetails"]
    assert read
    assert (read.prefix, read.job.destination) == (asked["filePrefix"], asked["url"])


def test_lists_of_jobs_have_no_details_and_every_one_is_read() -> None:
    items = answer("jobs_list")["value"]
    read = [job for job in map(read_job, items) if job]
    assert len(read) == len(items) > 20
    assert all(job.job.started for job in read)
    assert [job.category for job in read if job.ended == "running"] == ["restore", "restore"]
    assert all((job.job.seconds is None) == (job.ended == "running") for job in read)
    rows = answer("arg_jobs_query")["data"]
    assert all(map(read_job, rows))
    assert all(job.category == "crossregionrestore" for job in map(read_job, answer("crr_jobs_list")["value"]) if job)


@pytest.mark.parametrize("name", ["flex_recoveryPoints_list", "single_recoveryPoints_list"])
def test_a_list_of_points_gives_the_point_that_the_recording_restores(name: str) -> None:
    chosen = choose([p for p in map(read_point, answer(name)["value"]) if p], {}, utc("2024-06-26T09:00:00Z"), False)
    restored = exchange(name.split("_")[0] + "_restore_asFiles")["request"]["body"]["recoveryPointId"]
    assert (chosen.id, chosen.tier) == (restored, "VaultStore")


def test_points_of_the_second_region_and_an_empty_range() -> None:
    listed = answer("crr_fetchSecondaryRecoveryPoints")["value"]
    read = [point for point in map(read_point, listed) if point]
    assert len(read) == len(listed) > 0
    restored = exchange("crr_trigger")["request"]["body"]["restoreRequestObject"]["recoveryPointId"]
    assert restored in {point.id for point in read}
    assert answer("recoveryPoints_list_reversed_range_empty")["value"] == []


def test_real_errors_have_their_code_and_their_words() -> None:
    for code, recorded in exchange("errors_real").items():
        response = recorded["response"]
        error = read_error(response["body"], "request", "nothing was said", response["status"]["code"])
        assert error.code in code
        assert error.message not in ("", "nothing was said")


def loose(value: Any) -> Any:
    """As the service compares: names in any casing, a null as if it were not there, an extra wrapper type tolerated."""
    if isinstance(value, dict):
        return {name.lower(): loose(part) for name, part in value.items() if part is not None}
    return value


def recorded_restore(body: Json) -> Any:
    """Our restore that asks for what a recording asks for."""
    target = body["restoreTargetInfo"]
    location = target["restoreLocation"]
    if "targetDetails" in target:
        plan = FILES.model_copy(
            update={"container": target["targetDetails"]["url"], "container_id": None, "location": location}
        )
    else:
        found, secret = target["datasourceInfo"], target["datasourceAuthCredentials"]["secretStoreResource"]["uri"]
        server = found["resourceId"].split("/databases/")[0]
        names = {"server": server, "database": found["resourceName"], "secret": secret, "location": location}
        plan = DATABASE.model_copy(update=names)
    point = Point(id=body["recoveryPointId"], time=utc("2024-06-26T08:00:00Z"), tier="VaultStore")
    base = ours("files", "VaultStore", "flexible", "vault", "plain")
    return base.model_copy(update={"plan": plan, "point": point, "guard_requests": ()})


@pytest.mark.parametrize("name", ["flex_restore_asFiles", "single_restore_asFiles", "single_restore_asDatabase"])
def test_we_send_what_was_accepted(name: str) -> None:
    recorded = exchange(name)["request"]["body"]
    sent, theirs = loose(request_bodies.restore_body(recorded_restore(recorded), 1)), loose(recorded)
    for body in (sent, theirs):
        body["restoretargetinfo"].get("targetdetails", {}).pop("fileprefix", None)  # ours ends in restore and attempt
    assert sent == theirs


def test_across_regions_too() -> None:
    recorded = exchange("crr_trigger")["request"]["body"]
    details = recorded["crossRegionRestoreDetails"]
    restore = recorded_restore(recorded["restoreRequestObject"]).model_copy(
        update={"instance": details["sourceBackupInstanceId"], "source_region": details["sourceRegion"]}
    )
    theirs = loose(recorded)
    theirs.pop("objecttype", None)
    assert loose(request_bodies.cross_region_body(restore, 1)) == theirs


@pytest.mark.parametrize("cell", CELLS, ids=" | ".join)
def test_each_body_fits_azures_own_definition(cell: tuple[str, str, str, str, str]) -> None:
    restore, known = ours(*cell), definitions()
    bodies = [
        ("AzureBackupRestoreRequest", request_bodies.restore_body(restore, 1)),
        ("ValidateRestoreRequestObject", request_bodies.validate_body(restore, 1)),
        ("CrossRegionRestoreRequestObject", request_bodies.cross_region_body(restore, 1)),
        ("ValidateCrossRegionRestoreRequestObject", request_bodies.cross_region_body(restore, 1)),
    ]
    for name, body in bodies:
        assert faults(body, {"$ref": f"#/definitions/{name}"}, known) == []


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("FetchSecondaryRPsRequestParameters", request_bodies.secondary_points_body(INSTANCE, "westus")),
        ("CrossRegionRestoreJobRequest", request_bodies.cross_region_job_body(VAULT, "westus", "j-1")),
        ("CrossRegionRestoreJobsRequest", request_bodies.cross_region_jobs_body(VAULT, "westus")),
    ],
)
def test_the_small_bodies_too(name: str, body: Json) -> None:
    assert faults(body, {"$ref": f"#/definitions/{name}"}, definitions()) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"recoveryPointId": None}, "$.recoveryPointId is missing"),
        ({"rehydration_priority": "High"}, "$.rehydration_priority is not in the definition"),
        ({"sourceDataStoreType": "Tape"}, "$.sourceDataStoreType is 'Tape'"),
        (
            {"restoreTargetInfo": {"objectType": "RestoreFilesTargetInfo"}},
            "$.restoreTargetInfo.targetDetails is missing",
        ),
    ],
)
def test_the_checker_sees_the_mistakes_that_the_article_makes(change: Json, fault: str) -> None:
    body = {**request_bodies.restore_body(ours("files", "VaultStore", "flexible", "vault", "plain"), 1), **change}
    found = faults(body, {"$ref": "#/definitions/AzureBackupRestoreRequest"}, definitions())
    assert any(line.startswith(fault) for line in found)
