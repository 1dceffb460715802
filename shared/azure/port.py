"""The Data Protection API as the desk uses it: one method a call, and how a call can fail."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from shared.azure.responses import JobRead, Operation, Stage
from shared.domain.restore import AzureError, Datasource, Restore
from shared.frozen import frozen


@dataclass
class Rejected(Exception):
    """Azure's final no to a call, with its words."""

    error: AzureError
    status: int

    def __str__(self) -> str:
        return f"{self.error.code}: {self.error.message}"


class Gone(Exception):
    """404, 410 or 204 where something was: an operation's URL that expired, a job not (yet) there."""


@dataclass
class NotSent(Exception):
    """The POST of `restore` surely had no effect."""

    why: str
    retry_after: float | None = None
    throttled: bool = False


class Doubt(Exception):
    """Nobody knows whether the POST of `restore` had its effect."""


@frozen
class JobPage:
    """A page of a vault's jobs, the oldest first; `link` leads to it, and is empty for the first one."""

    link: str
    jobs: tuple[JobRead, ...]
    last: bool


@frozen
class Taken:
    """Azure accepted a POST: the operation to follow, or (200) its result."""

    tracking: str | None
    retry_after: float | None
    operation: Operation | None = None


@frozen
class VaultFacts:
    """What a vault says of itself."""

    location: str
    secondary: str | None = None
    cross_subscription: str | None = None
    cross_region: str | None = None


@frozen
class BlobContainer:
    """A blob container as ARM shows it."""

    name: str
    metadata: Mapping[str, str]


class Azure(Protocol):
    """The Data Protection API, one method a call. Reads raise Trouble, Rejected or Gone."""

    def ready(self) -> None:
        """Has a token at hand, so that none is fetched between a save and its POST."""
        ...

    def azure_time(self) -> datetime | None:
        """Azure's own time: the `Date` header of the answer that this thread read last; None if it has none."""
        ...

    def vault(self, vault: str) -> VaultFacts: ...

    def datasource(self, instance: str) -> Datasource: ...

    def instances(self, vault: str) -> Iterator[tuple[str, Datasource]]:
        """Every backup instance of the vault, with what it protects."""
        ...

    def guard_requests(self, vault: str) -> tuple[str, ...]: ...

    def points(self, instance: str, odata: str) -> list[Any]: ...

    def secondary_points(self, instance: str, facts: VaultFacts) -> list[Any]: ...

    def container(self, account: str, name: str) -> BlobContainer | None:
        """A container of an account (its ARM id), or None."""
        ...

    def make_container(self, account: str, name: str, metadata: Mapping[str, str]) -> bool:
        """Makes a private container; False if Azure says that it existed before."""
        ...

    def delete_container(self, account: str, name: str) -> None:
        """Deletes a container; one that is not there is no fault."""
        ...

    def containers(self, account: str) -> Iterator[BlobContainer]:
        """Every container of an account."""
        ...

    def soft_delete_days(self, account: str) -> int:
        """For how many days a deleted container can be brought back; 0 where it cannot."""
        ...

    def validate(self, restore: Restore, attempt: int) -> Taken: ...

    def submit(self, restore: Restore, check: Callable[[], None]) -> Taken:
        """POSTs `restore` once; `check` is called right before the bytes leave and may raise NotSent.
        Raises NotSent, Rejected or Doubt, nothing else."""
        ...

    def operation(self, url: str, stage: Stage) -> tuple[Operation, float | None]: ...

    def job(self, restore: Restore, job_id: str) -> JobRead: ...

    def jobs(self, vault: str, facts: VaultFacts | None) -> Iterator[JobRead]:
        """Every job of the vault, to the last page; with `facts` its cross-region jobs."""
        ...

    def job_pages(self, vault: str, facts: VaultFacts | None, link: str) -> Iterator[JobPage]:
        """The same page by page; with a `link` from there on (in-region jobs only): Rejected where Azure takes it no
        longer."""
        ...
