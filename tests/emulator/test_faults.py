"""Faults on order: each kind once, at each of its stages, and which calls a rule strikes."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local.emulator.wire.codes import CODES
from tests.emulator.fault_kit import POINTS, jobs, request, strikes
from tests.kits.emulator_kit import EMPDB, FLEX, PG, SINGLES, Azure, Json, as_files, instance_path, vault_path

RESTORE = f"{instance_path(FLEX, PG)}/restore"
VALIDATE = f"{instance_path(FLEX, PG)}/validateRestore"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    with Azure(tmp_path_factory.mktemp("faults"), fault_seed=7) as running:
        yield running


@pytest.fixture
def azure(shared: Azure) -> Azure:
    shared.reset()
    return shared


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_at_once(azure: Azure, code: str) -> None:
    azure.fault({"kind": "error", "stage": "http", "code": code}, verb="recoveryPoints", times=1)
    answer = azure.get(POINTS)
    assert (answer.status_code, answer.json()["error"]["code"]) == (CODES[code].status, CODES[code].name)
    assert azure.get(POINTS).status_code == 200


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_at_each_later_stage(azure: Azure, code: str) -> None:
    for stage in ("validate", "operation", "job"):
        azure.fault({"kind": "error", "stage": stage, "code": code}, times=1)
    body = request(azure)
    validation = azure.validate(FLEX, PG, body)
    assert (validation["status"], validation["error"]["code"]) == ("Failed", CODES[code].name)
    # The operation's fault and the job's share a slot: the first restore meets the one, the second the other.
    operation = azure.followed(azure.post(RESTORE, body), 3)
    assert (operation["status"], operation["error"]["message"]) == ("Failed", CODES[code].message)
    job = azure.restore(FLEX, PG, body)
    azure.clock.forward(120)
    properties = azure.job(FLEX, job)["properties"]
    assert (properties["status"], properties["errorDetails"][0]["code"]) == ("Failed", CODES[code].name)
    assert properties["errorDetails"][0]["isRetryable"] is False
    assert azure.http.get("/_emulator/files").json() == []


def test_words_that_are_not_azures_say_so(azure: Azure) -> None:
    azure.fault({"kind": "error", "stage": "http", "code": "UserErrorInvalidSecret"}, verb="recoveryPoints")
    info = azure.get(POINTS).json()["error"]["additionalInfo"][0]["info"]
    assert info["properties"]["Synthetic"] == "true"


@pytest.mark.parametrize(
    ("body", "kind", "size"),
    [
        ("json", "application/json", None),
        ("html", "text/html", None),
        ("empty", None, 0),
        ("mislabelled", "application/json", None),
    ],
)
def test_a_status_with_any_body(azure: Azure, body: str, kind: str | None, size: int | None) -> None:
    azure.fault({"kind": "status", "status": 503, "retryAfter": 2.5, "body": body}, verb="job")
    answer = azure.get(f"{vault_path(FLEX)}/backupJobs/any")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2.5")
    assert answer.headers.get("Content-Type", "").partition(";")[0] == (kind or "")
    assert size is None or len(answer.content) == size


def test_a_mislabelled_body_is_not_json(azure: Azure) -> None:
    azure.fault({"kind": "status", "status": 200, "body": "mislabelled"}, verb="jobs")
    with pytest.raises(ValueError, match="Expecting value"):
        azure.get(f"{vault_path(FLEX)}/backupJobs").json()


def test_a_truncated_body_breaks_off(azure: Azure) -> None:
    azure.fault({"kind": "status", "status": 200, "body": "truncated"}, verb="jobs", times=1)
    with pytest.raises(httpx.TransportError):
        azure.get(f"{vault_path(FLEX)}/backupJobs")
    assert azure.get(f"{vault_path(FLEX)}/backupJobs").status_code == 200


@pytest.mark.parametrize(("when", "started"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        ({"kind": "reset"}, 0),
        ({"kind": "hang", "seconds": 0.02}, 0),
        ({"kind": "status", "status": 500}, 500),
        ({"kind": "status", "status": 429, "retryAfter": "Fri, 31 Dec 2027 23:59:59 GMT"}, 429),
        ({"kind": "error", "stage": "http", "code": "CloudInternalError"}, 500),
    ],
)
def test_an_answer_can_be_lost_before_and_after_its_effect(
    azure: Azure, fault: Json, seen: int, when: str, started: int
) -> None:
    azure.fault({**fault, "when": when}, verb="restore", times=1)
    body = request(azure)
    if seen:
        assert azure.post(RESTORE, body).status_code == seen
    else:
        with pytest.raises(httpx.TransportError):
            azure.post(RESTORE, body, x_ms_client_request_id="lost")
    assert len(jobs(azure)) == started
    last = azure.calls()[-1]
    assert (last["verb"], last["status"], last["effect"]) == ("restore", seen, bool(started))


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_delayed_answer_comes_and_counts_even_when_nobody_waits(azure: Azure, when: str) -> None:
    azure.fault({"kind": "delay", "seconds": 0.2, "when": when}, verb="restore", times=2)
    body = request(azure)
    assert azure.post(RESTORE, body).status_code == 202
    with pytest.raises(httpx.ReadTimeout):
        azure.http.post(RESTORE, params={"api-version": "2024-04-01"}, json=body, timeout=0.05)
    while len(jobs(azure)) < 2:
        time.sleep(0.02)


@pytest.mark.parametrize("status", [404, 204])
def test_operations_expire(azure: Azure, status: int) -> None:
    accepted = azure.post(RESTORE, request(azure))
    azure.fault({"kind": "expire", "status": status}, verb="operationStatus", times=1)
    for header in ("Azure-AsyncOperation", "Location", "Azure-AsyncOperation"):
        assert azure.http.get(accepted.headers[header]).status_code == status
    assert len(jobs(azure)) == 1
    azure.fault({"kind": "expire", "status": status}, verb="validateRestore")
    stillborn = azure.post(VALIDATE, {"restoreRequestObject": request(azure)})
    assert azure.http.get(stillborn.headers["Location"]).status_code == status


def test_a_job_with_warnings(azure: Azure) -> None:
    azure.fault({"kind": "job", "outcome": "CompletedWithWarnings"})
    job = azure.restore(FLEX, PG, request(azure))
    azure.clock.forward(120)
    properties = azure.job(FLEX, job)["properties"]
    assert (properties["status"], properties["errorDetails"]) == ("CompletedWithWarnings", None)
    assert properties["extendedInfo"]["warningDetails"][0]["warning"]["message"]


def test_a_job_that_never_ends_and_calls_itself_something_new(azure: Azure) -> None:
    azure.fault({"kind": "job", "outcome": "never", "status": "Frobnicating"})
    job = azure.restore(FLEX, PG, request(azure))
    azure.clock.forward(30 * 86_400)
    properties = azure.job(FLEX, job)["properties"]
    assert (properties["status"], properties["endTime"]) == ("Frobnicating", None)


def test_a_cancelled_job(azure: Azure) -> None:
    azure.fault({"kind": "job", "outcome": "Cancelled", "status": "Cancelling"})
    job = azure.restore(FLEX, PG, request(azure))
    assert azure.job(FLEX, job)["properties"]["status"] == "Cancelling"
    azure.clock.forward(120)
    assert azure.job(FLEX, job)["properties"]["status"] == "Cancelled"


@pytest.mark.parametrize(
    ("match", "struck"),
    [
        ({"verb": "RECOVERYPOINTS"}, "XXXXXX"),
        ({}, "XXXXXX"),
        ({"verb": "jobs"}, "......"),
        ({"everyNth": 3}, "..X..X"),
        ({"times": 2}, "XX...."),
        ({"everyNth": 2, "times": 1}, ".X...."),
        ({"vault": "FLEXVAULT"}, "XXXXXX"),
        ({"vault": "testBkpVault"}, "......"),
        ({"instance": PG.name}, "XXXXXX"),
        ({"instance": instance_path(FLEX, PG)}, "XXXXXX"),
        ({"instance": EMPDB.name}, "......"),
        ({"probability": 0.0}, "......"),
    ],
)
def test_which_calls_a_rule_strikes(azure: Azure, match: Json, struck: str) -> None:
    azure.fault({"kind": "status", "status": 500}, **match)
    assert strikes(azure, 6) == struck


def test_polls_are_matched_by_the_instance_they_are_about(azure: Azure) -> None:
    body = {"restoreRequestObject": as_files(azure.newest(SINGLES, EMPDB))}
    other = azure.post(f"{instance_path(SINGLES, EMPDB)}/validateRestore", body)
    mine = azure.post(VALIDATE, {"restoreRequestObject": request(azure)})
    azure.fault({"kind": "status", "status": 500}, verb="operationStatus", instance=PG.name)
    assert azure.http.get(other.headers["Azure-AsyncOperation"]).status_code == 200
    assert azure.http.get(mine.headers["Azure-AsyncOperation"]).status_code == 500


def test_the_same_seed_strikes_the_same_calls(tmp_path: Path) -> None:
    seen = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        with Azure(tmp_path / name, fault_seed=seed) as azure:
            azure.fault({"kind": "status", "status": 500}, probability=0.5)
            seen.append(strikes(azure, 24))
    assert seen[0] == seen[1] != seen[2]
    assert 4 < seen[0].count("X") < 20


@pytest.mark.parametrize(
    "rule",
    [
        {"fault": {"kind": "error", "stage": "http", "code": "NoSuchCode"}},
        {"match": {"verb": "restoer"}, "fault": {"kind": "reset"}},
        {"match": {"verb": "restore"}, "fault": {"kind": "error", "stage": "validate", "code": "CloudInternalError"}},
        {"match": {"verb": "jobs"}, "fault": {"kind": "job", "outcome": "never"}},
        {"fault": {"kind": "rest"}},
        {"fault": {"kind": "reset", "wen": "after"}},
    ],
)
def test_a_rule_that_could_never_strike_is_refused(azure: Azure, rule: Json) -> None:
    assert azure.http.post("/_emulator/faults", json=rule).status_code == 400


def test_rules_can_be_seen_and_taken_back(azure: Azure) -> None:
    rules = [{"fault": {"kind": "reset"}, "match": {"verb": "jobs"}}, {"fault": {"kind": "status", "status": 500}}]
    first, second = azure.http.post("/_emulator/faults", json=rules).json()["ids"]
    assert strikes(azure, 2) == "XX"
    shown = azure.http.get("/_emulator/faults").json()
    assert [(each["id"], each["matched"], each["applied"]) for each in shown] == [(first, 0, 0), (second, 2, 2)]
    azure.http.delete("/_emulator/faults", params={"id": second})
    assert strikes(azure, 2) == ".."
    azure.http.delete("/_emulator/faults")
    assert azure.http.get("/_emulator/faults").json() == []
