"""The Data Protection REST API over HTTP: one method per call, no retries, only the configured host.

https://learn.microsoft.com/rest/api/dataprotection/
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

from shared import telemetry
from shared.azure import request_bodies
from shared.azure.arm_calls import ArmCalls, codes, has_code, raise_for, read_dict, rejected, retry_after, tracking
from shared.azure.containers import Containers
from shared.azure.lenient_json import Loose
from shared.azure.port import Doubt, Gone, JobPage, NotSent, Taken, VaultFacts
from shared.azure.recovery_points import read_datasource
from shared.azure.responses import JobRead, Operation, Stage, read_job, read_operation
from shared.azure.retryable import GONE_STATUS, THROTTLED, certainly_refused
from shared.domain.problems import Trouble
from shared.domain.restore import Datasource, Restore
from shared.wire.http import Answer

GUARDED = "Microsoft.DataProtection/backupVaults/backupInstances/restore/action"


class DataProtection(Containers):
    """The calls, by name."""

    def __init__(self, calls: ArmCalls, token: Callable[[], str]) -> None:
        self._calls, self._token = calls, token

    def ready(self) -> None:
        try:
            self._token()
        except Exception as error:
            raise Trouble(f"no token for Azure ({type(error).__name__})") from error

    def azure_time(self) -> datetime | None:
        return self._calls.azure_time()

    def vault(self, vault: str) -> VaultFacts:
        """https://learn.microsoft.com/rest/api/dataprotection/backup-vaults/get"""
        body = Loose(self._calls.get("GET", vault))
        inner = body.part("properties")
        features = inner.part("featureSettings")
        regions = inner["replicatedRegions"]
        return VaultFacts(
            location=(body.text("location") or "").replace(" ", "").lower(),
            secondary=str(regions[0]).lower() if isinstance(regions, list) and regions else None,
            cross_subscription=features.part("crossSubscriptionRestoreSettings").text("state"),
            cross_region=features.part("crossRegionRestoreSettings").text("state"),
        )

    def datasource(self, instance: str) -> Datasource:
        """https://learn.microsoft.com/rest/api/dataprotection/backup-instances/get"""
        found = read_datasource(self._calls.get("GET", instance))
        if found is None:
            raise Trouble("Azure's answer for the backup instance does not say what it protects")
        return found

    def instances(self, vault: str) -> Iterator[tuple[str, Datasource]]:
        """https://learn.microsoft.com/rest/api/dataprotection/backup-instances/list"""
        for item in self._calls.pages("GET", f"{vault}/backupInstances"):
            found, identity = read_datasource(item), Loose(item).text("id")
            if found and identity:
                yield identity, found

    def guard_requests(self, vault: str) -> tuple[str, ...]:
        """https://learn.microsoft.com/rest/api/dataprotection/dpp-resource-guard-proxy/get"""
        body = Loose(self._calls.get("GET", f"{vault}/backupResourceGuardProxies/DppResourceGuardProxy"))
        details = body.part("properties").parts("resourceGuardOperationDetails")
        found = (d.text("defaultResourceRequest") for d in details if d.says("vaultCriticalOperation", GUARDED.lower()))
        return tuple(request for request in found if request)

    def points(self, instance: str, odata: str) -> list[Any]:
        """https://learn.microsoft.com/rest/api/dataprotection/recovery-points/list"""
        params = {"$filter": odata} if odata else {}
        return list(self._calls.pages("GET", f"{instance}/recoveryPoints", params=params))

    def secondary_points(self, instance: str, facts: VaultFacts) -> list[Any]:
        """https://learn.microsoft.com/rest/api/dataprotection/fetch-secondary-recovery-points/list"""
        body = request_bodies.secondary_points_body(instance, facts.location)
        return list(
            self._calls.pages("POST", _secondary(instance, facts.secondary, "fetchSecondaryRecoveryPoints"), body)
        )

    def validate(self, restore: Restore, attempt: int) -> Taken:
        """https://learn.microsoft.com/rest/api/dataprotection/backup-instances/validate-for-restore"""
        if restore.cross_region:
            path = _secondary(restore.instance, _region(restore), "validateCrossRegionRestore")
            body = request_bodies.cross_region_body(restore, attempt)
        else:
            path, body = f"{restore.instance}/validateRestore", request_bodies.validate_body(restore, attempt)
        answer = self._calls.call("POST", path, body, {"x-ms-correlation-request-id": correlation(restore)})
        raise_for(answer, "validation")
        return self._taken(answer, "validation")

    def submit(self, restore: Restore, check: Callable[[], None]) -> Taken:
        """https://learn.microsoft.com/rest/api/dataprotection/backup-instances/trigger-restore"""
        attempt = restore.attempt
        if attempt is None:
            raise NotSent("no attempt is saved")
        if restore.cross_region:
            path = _secondary(restore.instance, _region(restore), "crossRegionRestore")
            body = request_bodies.cross_region_body(restore, attempt.number)
        else:
            path, body = f"{restore.instance}/restore", request_bodies.restore_body(restore, attempt.number)
        headers = {
            "x-ms-client-request-id": attempt.request_id,
            "x-ms-correlation-request-id": correlation(restore),
        }
        return self._taken_or_doubt(self._calls.post_once(path, body, headers, check))

    def _taken_or_doubt(self, answer: Answer) -> Taken:
        status = answer.status
        if status in (200, 202):
            try:
                return self._taken(answer, "operation")
            except Trouble as error:
                raise Doubt(f"the POST was answered {status}, but: {error}") from error
        if status == 401 or status in THROTTLED:
            raise NotSent(f"Azure answered {status} to the POST", retry_after(answer), status in THROTTLED)
        no = rejected(answer, "submission")
        if certainly_refused(status, codes(answer), has_code(answer)):
            raise no
        raise Doubt(f"Azure answered {status} ({no.error.code}) to the POST: it may have been taken")

    def _taken(self, answer: Answer, stage: Stage) -> Taken:
        track = tracking(answer)
        ended = answer.status == 200 and not track
        operation = read_operation({"status": "Succeeded", **read_dict(answer)}, stage) if ended else None
        return Taken(track, retry_after(answer), operation)

    def operation(self, url: str, stage: Stage) -> tuple[Operation, float | None]:
        """https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations: followed verbatim."""
        link = self._calls.link(url)
        if link is None:  # it can never be followed: the vault's jobs will tell
            raise Gone("its operation's URL points to another host than ARM_ENDPOINT's; it is not followed")
        answer = self._calls.call("GET", link, None, {})
        if answer.status in GONE_STATUS:
            raise Gone(f"its operation is no longer known to Azure ({answer.status})")
        raise_for(answer, stage)
        if answer.status == 202:
            return Operation("running", None, None, "Inprogress"), retry_after(answer)
        body = read_dict(answer)
        settled = body if "status" in {str(name).lower() for name in body} else {"status": "Succeeded", **body}
        return read_operation(settled, stage), retry_after(answer)

    def job(self, restore: Restore, job_id: str) -> JobRead:
        """https://learn.microsoft.com/rest/api/dataprotection/jobs/get and …/fetch-cross-region-restore-job/get"""
        if not job_id.strip("."):  # it would lead out of the jobs
            raise Trouble(f"the job's id {job_id!r} is none")
        if restore.cross_region:
            body = request_bodies.cross_region_job_body(restore.vault, restore.source_region or "", job_id)
            path = _secondary(restore.instance, _region(restore), "fetchCrossRegionRestoreJob")
            answer = self._calls.call("POST", path, body, {})
        else:
            answer = self._calls.call("GET", f"{restore.vault}/backupJobs/{quote(job_id, safe='')}", None, {})
        if answer.status in GONE_STATUS:
            raise Gone(f"job {job_id}: {answer.status}")
        raise_for(answer, "job")
        read = read_job(read_dict(answer))
        if read is None:
            raise Trouble("Azure's answer is no job")
        return read

    def jobs(self, vault: str, facts: VaultFacts | None) -> Iterator[JobRead]:
        for page in self.job_pages(vault, facts, ""):
            yield from page.jobs

    def job_pages(self, vault: str, facts: VaultFacts | None, link: str) -> Iterator[JobPage]:
        """https://learn.microsoft.com/rest/api/dataprotection/jobs/list: oldest first, the last 14 days, no filter."""
        calls = self._calls
        if facts is None:
            sheets = calls.sheets("GET", calls.own_link(link) if link else f"{vault}/backupJobs")
        else:
            path = _secondary(vault, facts.secondary, "fetchCrossRegionRestoreJobs")
            sheets = calls.sheets("POST", path, request_bodies.cross_region_jobs_body(vault, facts.location))
        for led, items, last in sheets:
            yield JobPage(led or link, tuple(read for read in map(read_job, items) if read), last)


def correlation(restore: Restore) -> str:
    """One id from ticket to ARM to notices: the restore's, as the GUID that ARM wants."""
    return telemetry.correlation(restore.id)


def _secondary(scope: str, region: str | None, verb: str) -> str:
    """Cross-region calls are scoped to the vault's resource group and the secondary region."""
    head = "/".join(scope.split("/")[:5])
    return f"{head}/providers/Microsoft.DataProtection/locations/{region}/{verb}"


def _region(restore: Restore) -> str | None:
    return restore.plan.location if restore.plan else None
