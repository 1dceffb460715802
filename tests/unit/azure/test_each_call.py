"""Each call of Data Protection: the path, the method and the body that leave, in region and across regions."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from local.stack.answers import arm_over
from shared.azure.arm_calls import ArmCalls
from shared.azure.data_protection import DataProtection, correlation
from shared.azure.one_host import Link, link_on
from shared.azure.port import Gone, VaultFacts
from shared.azure.recovery_points import read_datasource
from shared.domain.problems import Trouble
from shared.domain.restore import Restore
from tests.kits.restores import GROUP, GUARD, INSTANCE, VAULT, a_restore

BASE = "https://management.azure.com"
REGION = f"{GROUP}/providers/Microsoft.DataProtection/locations/eastus"
FACTS = VaultFacts("westus", "eastus")
TRACKED = {"azure-asyncoperation": f"{BASE}/op", "retry-after": "7"}
JOB = {"name": "j-1", "properties": {"status": "InProgress"}}


def far(**changes: Any) -> Restore:
    """A cross-region restore."""
    one = a_restore(cross_region=True)
    assert one.plan
    return one.model_copy(update={"plan": one.plan.model_copy(update={"location": "eastus"}), **changes})


def asked(call: Callable[[DataProtection], Any], status: int, body: Any, **headers: str) -> tuple[Any, list[Any]]:
    """What a call gives, and what it sent: method, path with query, body."""
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent = json.loads(request.content) if request.content else None
        seen.append((request.method, request.url.raw_path.decode(), sent))
        return httpx.Response(status, json=body, headers=headers)

    return call(DataProtection(ArmCalls(arm_over(answer), "V", 60), lambda: "t")), seen


def test_the_instances_of_a_vault_are_those_that_say_what_they_protect() -> None:
    inner = {"dataSourceInfo": {"datasourceType": "t", "resourceID": "/s/db", "resourceLocation": "westus"}}
    body = {"value": [{"id": "/i/a", "properties": inner}, {"id": "/i/b"}, {"properties": inner}]}
    found, seen = asked(lambda azure: list(azure.instances(VAULT)), 200, body)
    assert [identity for identity, _ in found] == ["/i/a"]
    assert (found[0][1].type, found[0][1].id, found[0][1].name, found[0][1].location) == ("t", "/s/db", "db", "westus")
    assert seen == [("GET", f"{VAULT}/backupInstances?api-version=V", None)]


@pytest.mark.parametrize(
    ("info", "more", "kind", "name"),
    [
        ({"datasourceType": "a", "resourceType": "b"}, {}, "a", "db"),
        ({"resourceType": "b"}, {}, "b", "db"),
        ({"datasourceType": "a", "resourceName": "n"}, {}, "a", "n"),
        ({"datasourceType": "a", "resourceName": "n"}, {"friendlyName": "f"}, "a", "f"),
        ({}, {}, None, None),
    ],
)
def test_what_an_instance_protects(info: dict[str, str], more: dict[str, str], kind: Any, name: Any) -> None:
    said = {"properties": {"dataSourceInfo": {"resourceID": "/s/db", **info}, **more}}
    found = read_datasource(said)
    assert (found.type if found else None, found.name if found else None) == (kind, name)
    assert read_datasource({"properties": {"dataSourceInfo": {"datasourceType": "a"}}}) is None


def test_the_guards_requests_are_those_for_a_restore() -> None:
    operation = "Microsoft.DataProtection/backupVaults/backupInstances/restore/action"
    details = [
        {"vaultCriticalOperation": operation.upper(), "defaultResourceRequest": GUARD},
        {"vaultCriticalOperation": operation, "defaultResourceRequest": ""},
        {"vaultCriticalOperation": "other", "defaultResourceRequest": "/x"},
    ]
    body = {"properties": {"resourceGuardOperationDetails": details}}
    found, seen = asked(lambda azure: azure.guard_requests(VAULT), 200, body)
    assert found == (GUARD,)
    assert seen == [("GET", f"{VAULT}/backupResourceGuardProxies/DppResourceGuardProxy?api-version=V", None)]


def test_points_are_filtered_in_region_and_asked_of_the_other_region_by_the_vaults_own() -> None:
    for odata, query in (("", "?api-version=V"), ("a eq 'b'", "?api-version=V&%24filter=a%20eq%20%27b%27")):
        found, seen = asked(lambda azure, odata=odata: azure.points(INSTANCE, odata), 200, {"value": [1]})  # type: ignore[misc]
        assert (found, seen[0][1].replace("+", "%20")) == ([1], f"{INSTANCE}/recoveryPoints{query}")
    found, seen = asked(lambda azure: azure.secondary_points(INSTANCE, FACTS), 200, {"value": [1, 2]})
    said = {"sourceRegion": "westus", "sourceBackupInstanceId": INSTANCE}
    assert found == [1, 2]
    assert seen == [("POST", f"{REGION}/fetchSecondaryRecoveryPoints?api-version=V", said)]


@pytest.mark.parametrize("cross_region", [False, True])
def test_a_restore_is_validated_and_posted_where_it_belongs(cross_region: bool) -> None:
    one = far() if cross_region else a_restore()
    validate = f"{REGION}/validateCrossRegionRestore" if cross_region else f"{INSTANCE}/validateRestore"
    submit = f"{REGION}/crossRegionRestore" if cross_region else f"{INSTANCE}/restore"
    for call, path in ((lambda azure: azure.validate(one, 1), validate), (lambda azure: azure.submit(one, ok), submit)):
        taken, seen = asked(call, 202, None, **TRACKED)
        assert (taken.tracking, taken.retry_after, taken.operation) == (f"{BASE}/op", 7, None)
        (method, where, said) = seen[0]
        assert (method, where) == ("POST", f"{path}?api-version=V")
        details = {"sourceRegion": "westus", "sourceBackupInstanceId": INSTANCE}
        assert said.get("crossRegionRestoreDetails") == (details if cross_region else None)


def ok() -> None: ...


def test_a_post_that_is_answered_200_names_its_job_at_once() -> None:
    taken, _ = asked(lambda azure: azure.submit(a_restore(), ok), 200, {"jobId": f"{VAULT}/backupJobs/j-1"})
    assert (taken.tracking, taken.operation.job_id, taken.operation.ended) == (None, "j-1", "succeeded")
    tracked, _ = asked(lambda azure: azure.submit(a_restore(), ok), 200, {"jobId": "j"}, location=f"{BASE}/l")
    assert (tracked.tracking, tracked.operation) == (f"{BASE}/l", None)


@pytest.mark.parametrize(
    ("status", "body", "ended"),
    [
        (200, {"status": "Failed"}, "failed"),
        (200, {"Status": "Succeeded", "properties": {"jobId": "j"}}, "succeeded"),
        (200, {"properties": {"jobId": "j"}}, "succeeded"),
        (200, {"status": "Inprogress"}, "running"),
    ],
)
def test_an_operation_is_followed_as_azure_wrote_its_url(status: int, body: Any, ended: str) -> None:
    url = f"{BASE}/op?api-version=1&t=a%2Fb"
    (found, wait), seen = asked(lambda azure: azure.operation(url, "operation"), status, body)
    assert (found.ended, wait, seen) == (ended, None, [("GET", "/op?api-version=1&t=a%2Fb", None)])


@pytest.mark.parametrize("status", [204, 404, 410])
def test_what_is_no_longer_there_is_gone(status: int) -> None:
    with pytest.raises(Gone, match=rf"no longer known to Azure \({status}\)"):
        asked(lambda azure: azure.operation(f"{BASE}/op", "operation"), status, None)
    with pytest.raises(Gone, match=f"job j: {status}"):
        asked(lambda azure: azure.job(a_restore(), "j"), status, None)
    with pytest.raises(Gone, match="another host"):
        asked(lambda azure: azure.operation("https://evil.example/op", "operation"), 200, {})


def test_a_job_is_read_where_it_runs() -> None:
    found, seen = asked(lambda azure: azure.job(a_restore(), "j-1"), 200, JOB)
    assert (found.job.id, seen) == ("j-1", [("GET", f"{VAULT}/backupJobs/j-1?api-version=V", None)])
    for region in ("westus", None):
        found, seen = asked(lambda azure, region=region: azure.job(far(source_region=region), "j-1"), 200, JOB)  # type: ignore[misc]
        said = {"sourceRegion": region or "", "sourceBackupVaultId": VAULT, "jobId": "j-1"}
        assert seen == [("POST", f"{REGION}/fetchCrossRegionRestoreJob?api-version=V", said)]


def test_the_jobs_of_a_vault_are_read_page_by_page_from_a_link_on() -> None:
    body = {"value": [JOB, {"properties": {}}]}
    pages, seen = asked(lambda azure: list(azure.job_pages(VAULT, None, "")), 200, body)
    assert [(page.link, [job.job.id for job in page.jobs], page.last) for page in pages] == [("", ["j-1"], True)]
    assert seen == [("GET", f"{VAULT}/backupJobs?api-version=V", None)]
    pages, seen = asked(lambda azure: list(azure.job_pages(VAULT, None, f"{BASE}/jobs?page=2")), 200, body)
    assert (pages[0].link, seen) == (f"{BASE}/jobs?page=2", [("GET", "/jobs?page=2", None)])
    found, seen = asked(lambda azure: list(azure.jobs(VAULT, FACTS)), 200, body)
    said = {"sourceRegion": "westus", "sourceBackupVaultId": VAULT}
    assert [job.job.id for job in found] == ["j-1"]
    assert seen == [("POST", f"{REGION}/fetchCrossRegionRestoreJobs?api-version=V", said)]


def test_a_jobs_id_is_one_part_of_its_path() -> None:
    _, seen = asked(lambda azure: azure.job(a_restore(), "j?a#b/c"), 200, JOB)
    assert seen[0][1] == f"{VAULT}/backupJobs/j%3Fa%23b%2Fc?api-version=V"


@pytest.mark.parametrize("job_id", ["", ".", ".."])
def test_a_jobs_id_never_leads_out_of_the_jobs(job_id: str) -> None:
    with pytest.raises(Trouble, match="is none"):
        asked(lambda azure: azure.job(a_restore(), job_id), 200, JOB)


def test_a_restore_without_a_plan_has_no_region_of_its_own() -> None:
    _, seen = asked(lambda azure: azure.job(far(plan=None), "j-1"), 200, JOB)
    assert seen[0][1].startswith(f"{GROUP}/providers/Microsoft.DataProtection/locations/None/")
    assert correlation(a_restore(id="a")) != correlation(a_restore(id="b"))


# --- the host ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("/a?b=c", f"{BASE}/a?b=c"),
        (f"{BASE}:443/a", f"{BASE}/a"),
        ("https://MANAGEMENT.azure.com/a", f"{BASE}/a"),
        ("https://u@management.azure.com/a", None),
        ("https://management.azure.com:444/a", None),
        ("http://management.azure.com/a", None),
        ("https://evil.example/a", None),
        ("https://[::1", None),
        ("https://management.azure.com:x/a", None),
    ],
)
def test_a_link_is_on_the_one_host_or_none(link: str, found: str | None) -> None:
    assert link_on(BASE, link) == (Link(found) if found else None)


@pytest.mark.parametrize(
    ("endpoint", "link", "found"),
    [
        ("http://a:80", "http://a/y", "http://a:80/y"),
        ("https://a", "https://a:443", "https://a/"),
        ("https://a", "http://a:443/", None),
        ("https://a/", "x y/é?q=a b&r=%2F#part", "https://a/x%20y/%C3%A9?q=a%20b&r=%2F"),
        ("https://a", "/x\u00a0y", "https://a/x%C2%A0y"),
        ("https://a", "/x\ud800y", None),
        ("https://a", "https:x", None),
        ("https://a", "/x\ty", None),
        ("https://a", "/x\r\nAuthorization: y", None),
        ("https://a", "//@a/x", None),
        ("https://a", "https:\\\\b/x", None),
    ],
)
def test_a_link_is_built_anew_on_the_endpoints_own_address(endpoint: str, link: str, found: str | None) -> None:
    assert link_on(endpoint, link) == (Link(found) if found else None)


def test_the_token_goes_to_no_other_host_and_a_401_forgets_it() -> None:
    forgotten = []
    sent = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["authorization"])
        return httpx.Response(401 if request.url.path == "/no" else 200)

    client = arm_over(answer, forget=lambda: forgotten.append(1))
    client.call("GET", Link(f"{BASE}/x"), None, {}, 5, 100)
    assert forgotten == []
    client.call("GET", Link(f"{BASE}/no"), None, {}, 5, 100)
    assert (sent, forgotten) == (["Bearer token"] * 2, [1])
    with pytest.raises(Trouble, match="it was not sent"):
        client.call("GET", Link("https://evil.example/x"), None, {}, 5, 100)
    assert len(sent) == 2
