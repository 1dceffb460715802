"""What several tests of the storage use: a store with a rival, restores, a verification, an SDK's error."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from local.stack.memory import MemoryStore
from shared.domain.restore import Phase, Restore
from shared.domain.verification import Verification, Wanted
from shared.storage import row_keys
from shared.storage.ledger import Ledger
from shared.storage.store import Change, Conflict, Store
from tests.kits.fakes import START, VAULT
from tests.kits.restores import CONTAINER

HOUR = timedelta(hours=1)
INSTANCE = f"{VAULT}/backupInstances/pg-a"
ACCOUNT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/drillstore"


@dataclass
class Contested(MemoryStore):
    """A store in which another worker does `before` whatever is committed, once for each entry."""

    before: list[Callable[[Store], object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def commit(self, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        if self.before:
            act = self.before.pop(0)
            act(self)
        return super().commit(partition, changes)


def refuses(store: Store) -> None:
    raise Conflict("somebody was here first")


VERIFICATION = Verification(
    restore="r", instance="i", level="loaded", container=CONTAINER, wanted=Wanted(level="loaded"), queued_at=START
)


def http(status: int, code: str = "") -> HttpResponseError:
    error = (ResourceNotFoundError if status == 404 else HttpResponseError)("https://account/secret")
    error.status_code, error.reason = status, f"reason-{status}"
    error.error_code = code  # type: ignore[attr-defined]
    return error


NUMBERS = itertools.count(1)


def restore(number: int | None = None, **more: Any) -> Restore:
    n = next(NUMBERS) if number is None else number
    values: dict[str, Any] = {
        "id": row_keys.new_id(VAULT, START + timedelta(seconds=n), n.to_bytes(10, "big")),
        "phase": Phase.ACCEPTED,
        "vault": VAULT,
        "instance": INSTANCE,
        "source": "http",
        "asked": {},
        "accepted_at": START,
        "due": START,
    }
    return Restore(**(values | more))


def on_books(store: Store, **more: Any) -> Restore:
    made = Ledger(store).accept(restore(**more))
    assert made is not None
    return made


def loaded(store: Store, restore_id: str) -> Restore:
    found = Ledger(store).load(restore_id)
    assert found is not None
    return found
