"""Throttling: the gateway's token buckets and the service's budgets, shown always and enforced on request."""

from pathlib import Path

from tests.kits.emulator_kit import FLEX, GEO, PG, Azure, as_files, instance_path, vault_path

POINTS = f"{instance_path(FLEX, PG)}/recoveryPoints"
VAULT = vault_path(FLEX)


def test_the_hundred_and_first_list_of_points_within_a_minute_is_too_much(tmp_path: Path) -> None:
    with Azure(tmp_path, buckets=True) as azure:
        first = azure.get(POINTS)
        assert first.headers["x-ms-ratelimit-remaining-subscription-resource-requests"] == "99"
        for _ in range(99):
            azure.clock.forward(0.1)
            assert azure.get(POINTS).status_code == 200
        refused = azure.get(POINTS)
        assert refused.status_code == 429
        assert refused.json()["error"]["code"] == "ResourceRequestsThrottled"
        azure.clock.forward(int(refused.headers["Retry-After"]) - 2)
        assert azure.get(POINTS).status_code == 429
        azure.clock.forward(2)
        assert azure.get(POINTS).status_code == 200


def test_two_hundred_writes_at_once_empty_the_bucket(tmp_path: Path) -> None:
    with Azure(tmp_path, buckets=True) as azure:
        body = {"restoreRequestObject": as_files(azure.newest(FLEX, PG))}
        path = f"{instance_path(FLEX, PG)}/validateRestore"
        seen = [azure.post(path, body).status_code for _ in range(201)]
        assert (seen[:200], seen[200]) == ([202] * 200, 429)
        azure.clock.forward(0.1)
        assert azure.post(path, body).status_code == 202
        refused = azure.post(path, body)
        assert (refused.json()["error"]["code"], refused.headers["Retry-After"]) == (
            "SubscriptionRequestsThrottled",
            "1",
        )
        assert azure.get(VAULT).status_code == 200


def test_each_caller_has_a_bucket_of_its_own_and_a_refused_call_no_effect(tmp_path: Path) -> None:
    with Azure(tmp_path, buckets=True) as azure:
        seen = [azure.get(VAULT).status_code for _ in range(251)]
        assert (seen[:250], seen[250]) == ([200] * 250, 429)
        last = azure.calls()[-1]
        assert (last["verb"], last["status"], last["effect"]) == ("vault", 429, False)
        other = {"Authorization": "Bearer another"}
        assert azure.http.get(VAULT, params={"api-version": "2024-04-01"}, headers=other).status_code == 200


def test_without_enforcement_the_headers_count_down_all_the_same(tmp_path: Path) -> None:
    name = "x-ms-ratelimit-remaining-subscription-resource-requests"
    with Azure(tmp_path) as azure:
        answers = [azure.get(POINTS) for _ in range(102)]
        assert [answers[n].headers[name] for n in (0, 1, 99, 101)] == ["99", "98", "0", "0"]
        assert {answer.status_code for answer in answers} == {200}
        jobs = azure.get(f"{VAULT}/backupJobs")
        assert jobs.headers[name] == "199"
        accepted = azure.post(f"{instance_path(FLEX, PG)}/restore", as_files(azure.newest(FLEX, PG)))
        assert azure.http.get(accepted.headers["Azure-AsyncOperation"]).headers[name] == "999"
        assert azure.http.get(accepted.headers["Location"]).headers[name] == "199"


def test_a_locations_operation_status_has_the_widest_budget(tmp_path: Path) -> None:
    with Azure(tmp_path) as azure:
        orders = GEO.instances[0]
        details = {"sourceRegion": "eastus2", "sourceBackupInstanceId": instance_path(GEO, orders)}
        body = {"restoreRequestObject": as_files(azure.newest(GEO, orders)), "crossRegionRestoreDetails": details}
        region = f"{vault_path(GEO).partition('/backupVaults')[0]}/locations/centralus"
        accepted = azure.post(f"{region}/validateCrossRegionRestore", body)
        polled = azure.http.get(accepted.headers["Azure-AsyncOperation"])
        assert polled.headers["x-ms-ratelimit-remaining-subscription-resource-requests"] == "14999"


def test_a_faster_world_throttles_at_its_own_pace(tmp_path: Path) -> None:
    with Azure(tmp_path, buckets=True, speed=60, fractional_retry_after=True) as azure:
        for _ in range(100):
            azure.get(POINTS)
        refused = azure.get(POINTS)
        assert (refused.status_code, float(refused.headers["Retry-After"])) == (429, 1.0)
        azure.clock.forward(1)
        assert azure.get(POINTS).status_code == 200
