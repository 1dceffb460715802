"""An Azure that keeps jobs and answers as it is told, as strict as the real one."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from shared.azure.port import BlobContainer, Gone, JobPage, Taken, VaultFacts
from shared.azure.responses import JobRead, Operation, Stage
from shared.domain.restore import AzureError, Datasource, Job, Restore
from shared.domain.values import iso
from tests.kits.fakes import FLEXIBLE, GROUP, POINT, START, VAULT, Clock

LISTED_DAYS = timedelta(days=14)  # how far back a vault's list of jobs goes
TRACKING = "https://management.azure.com/subscriptions/x/operations/"


@dataclass
class FakeJob:
    """A job of the vault: what a restore POST that had its effect leaves behind."""

    id: str
    restore: str
    request_id: str
    prefix: str
    instance: str
    destination: str
    started: datetime
    listed_from: datetime
    ends: datetime
    end_status: str = "Completed"
    hidden: bool = False
    cross_region: bool = False  # it stands in the list of the other region, and only there


@dataclass
class FakeAzure:
    """The Data Protection API of one world; it remembers every call and refuses what nobody set up."""

    clock: Clock
    calls: list[tuple[str, str]] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    jobs_by_id: dict[str, FakeJob] = field(default_factory=dict)
    operations: dict[str, str] = field(default_factory=dict)  # url → job id, or "" for a validation
    posted: list[tuple[str, str]] = field(default_factory=list)  # restore and request id of every POST with an effect
    bodies: list[Restore] = field(default_factory=list)
    script: dict[str, list[BaseException | Callable[[], Any]]] = field(default_factory=dict)
    listed_instances: tuple[str, ...] = ("pg-a", "pg-b", "pg-far")
    echoes: bool = True
    echoes_prefix: bool = False
    listed_after: float = 0.0
    job_seconds: float = 100.0
    end_status: str = "Completed"
    operation_gone: bool = False
    blobs: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)  # (account, name) → metadata
    deleted: list[str] = field(default_factory=list)
    soft_delete: int = 7  # days
    azure_ahead: float = 3600.0  # seconds by which Azure's clock is ahead of ours
    dated: bool = True  # its answers have the header `Date`
    _lock: Lock = field(default_factory=Lock)

    def _called(self, name: str, about: str) -> None:
        with self._lock:
            self.calls.append((name, about))
            planned = self.script.get(name)
            act = planned.pop(0) if planned else None
        if isinstance(act, BaseException):
            raise act
        if act:
            act()

    def __getattr__(self, name: str) -> Any:
        """A call that nobody set up is a violation, even where a broad except swallows its error."""
        if not name.startswith("_"):
            self.unexpected.append(name)
        raise AttributeError(name)

    def count(self, name: str) -> int:
        return sum(1 for called, _ in self.calls if called == name)

    def ready(self) -> None:
        self._called("ready", "")

    def azure_time(self) -> datetime | None:
        """What the last answer said."""
        return self.own_time() if self.dated else None

    def own_time(self) -> datetime:
        """Azure's clock is not ours: a decision that mixes the two is seen."""
        return self.clock.now() + timedelta(seconds=self.azure_ahead)

    def vault(self, vault: str) -> VaultFacts:
        self._called("vault", vault)
        return VaultFacts("westeurope", "northeurope", "Enabled", "Enabled")

    def datasource(self, instance: str) -> Datasource:
        self._called("datasource", instance)
        return self._datasource(instance)

    def _datasource(self, instance: str) -> Datasource:
        name = instance.rsplit("/", 1)[-1]
        server = f"{GROUP}/flexibleServers/{name}"
        return Datasource(type=FLEXIBLE, id=server, name=name)

    def instances(self, vault: str) -> Iterator[tuple[str, Datasource]]:
        self._called("instances", vault)
        for name in self.listed_instances:
            identity = f"{vault}/backupInstances/{name}"
            yield identity, self._datasource(identity)

    def guard_requests(self, vault: str) -> tuple[str, ...]:
        self._called("guard_requests", vault)
        return ()

    def points(self, instance: str, odata: str) -> list[Any]:
        self._called("points", instance)
        inner = {"recoveryPointTime": iso(START - timedelta(hours=1)), "recoveryPointDataStoresDetails": []}
        store = {
            "type": "VaultStore",
            "state": "COMMITTED",
            "visible": True,
            "expiryTime": iso(START.replace(year=2030)),
        }
        return [{"name": POINT, "properties": {**inner, "recoveryPointDataStoresDetails": [store]}}]

    def secondary_points(self, instance: str, facts: VaultFacts) -> list[Any]:
        return self.points(instance, "")

    def container(self, account: str, name: str) -> BlobContainer | None:
        self._called("container", name)
        found = self.blobs.get((account, name))
        return None if found is None else BlobContainer(name, dict(found))

    def make_container(self, account: str, name: str, metadata: Mapping[str, str]) -> bool:
        self._called("make_container", name)
        if not all(key.isidentifier() for key in metadata):
            raise AssertionError("Azure refuses such a name of metadata")
        new = (account, name) not in self.blobs
        self.blobs[(account, name)] = dict(metadata)  # as Azure does: what was there is replaced
        return new

    def delete_container(self, account: str, name: str) -> None:
        self._called("delete_container", name)
        if self.blobs.pop((account, name), None) is not None:
            self.deleted.append(name)

    def containers(self, account: str) -> Iterator[BlobContainer]:
        self._called("containers", account)
        yield from [BlobContainer(name, dict(said)) for (place, name), said in self.blobs.items() if place == account]

    def soft_delete_days(self, account: str) -> int:
        self._called("soft_delete_days", account)
        return self.soft_delete

    def validate(self, restore: Restore, attempt: int) -> Taken:
        self._called("validate", restore.id)
        url = f"{TRACKING}validate-{restore.id}-{len(self.calls)}"
        self.operations[url] = ""
        return Taken(url, 5.0)

    def submit(self, restore: Restore, check: Callable[[], None]) -> Taken:
        self._called("submit", restore.id)
        check()
        attempt = restore.attempt
        assert attempt is not None
        with self._lock:
            number = len(self.jobs_by_id) + 1
            job = f"00000000-0000-0000-0000-{number:012d}"
            now = self.clock.now()
            self.posted.append((restore.id, attempt.request_id))
            self.bodies.append(restore)
            self.jobs_by_id[job] = FakeJob(
                id=job,
                restore=restore.id,
                request_id=attempt.request_id if self.echoes else "",
                prefix=restore.file_prefix(attempt.number) if self.echoes_prefix else "",
                instance=restore.instance,
                destination=restore.plan.destination if restore.plan else "",
                started=self.own_time(),
                listed_from=now + timedelta(seconds=self.listed_after),
                ends=now + timedelta(seconds=self.job_seconds),
                end_status=self.end_status,
                cross_region=restore.cross_region,
            )
        url = f"{TRACKING}restore-{job}"
        self.operations[url] = job
        self._called("answer", restore.id)
        return Taken(url, 5.0)

    def job_of_nobody(self, instance: str, started_after: float = 0.0, vault: str = VAULT) -> str:
        """A restore job of an instance that somebody else began, without any token of ours; its id."""
        job = f"99999999-0000-0000-0000-{len(self.jobs_by_id):012d}"
        began = self.own_time() + timedelta(seconds=started_after)
        listed = self.clock.now() + timedelta(seconds=started_after)
        place = f"{vault}/backupInstances/{instance}"
        self.jobs_by_id[job] = FakeJob(job, "", "", "", place, "", began, listed, listed + timedelta(hours=1))
        return job

    def operation(self, url: str, stage: Stage) -> tuple[Operation, float | None]:
        self._called("operation", url)
        if url not in self.operations:
            self.unexpected.append(f"operation {url}")
            raise Gone("unknown")
        if self.operation_gone and stage == "operation":
            raise Gone("its operation is no longer known to Azure (404)")
        return Operation("succeeded", self.operations[url] or None, None, "Succeeded"), None

    def _read(self, job: FakeJob, whole: bool) -> JobRead:
        ended = self.clock.now() >= job.ends
        status = job.end_status if ended else "InProgress"
        end = ("succeeded" if status.startswith("Completed") else "failed") if ended else "running"
        error = AzureError(stage="job", code="UserErrorX", message="it failed") if end == "failed" else None
        where, warned = job.destination if whole else None, ("it warns",) if status == "CompletedWithWarnings" else ()
        shown = Job(id=job.id, status=status, started=job.started, destination=where, warnings=warned)
        prefix = job.prefix if whole and job.prefix else None
        request_id = job.request_id or None
        category = "crossregionrestore" if job.cross_region else "restore"
        return JobRead(shown, end, error, job.instance.lower(), category, request_id, prefix, f"{status}-{job.id}")  # type: ignore[arg-type]

    def job(self, restore: Restore, job_id: str) -> JobRead:
        self._called("job", job_id)
        found = self.jobs_by_id.get(job_id)
        if found is None or found.hidden:
            raise Gone(f"job {job_id}: 404")
        return self._read(found, True)

    def jobs(self, vault: str, facts: VaultFacts | None) -> Iterator[JobRead]:
        self._called("jobs", vault)
        now = self.clock.now()
        oldest = self.own_time() - LISTED_DAYS
        for job in list(self.jobs_by_id.values()):
            shown = job.listed_from <= now and job.started >= oldest and job.cross_region is (facts is not None)
            if shown and job.instance.lower().startswith(vault.lower()):
                yield self._read(job, False)

    def job_pages(self, vault: str, facts: VaultFacts | None, link: str) -> Iterator[JobPage]:
        """All on one page."""
        yield JobPage(link, tuple(self.jobs(vault, facts)), True)
