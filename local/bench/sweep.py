"""A sweep of many unchanged open restores, in a process of its own: time, memory, ARM calls and writes."""

import argparse
import json
import logging
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from local.bench.channel import CHANNEL, ENVIRON
from local.bench.contender import cpu_seconds, peak_mib
from local.stack.answers import arm_over
from local.stack.memory import MemoryStore
from shared.azure.arm_calls import ArmCalls
from shared.azure.data_protection import DataProtection
from shared.config.desk_file import parse_desk
from shared.config.plans import Ground
from shared.domain.clouds import PUBLIC
from shared.domain.restore import Job, Phase, Restore
from shared.notices.messages import Message
from shared.notices.notifier import Notifier, Post
from shared.notices.outbox import Outbox
from shared.storage import row_keys
from shared.storage.ledger import Ledger
from shared.storage.shared_state import Board
from shared.storage.store import Store
from shared.sweep.sweep import Sweep
from shared.workflow.ports import Parts
from shared.workflow.workflow import Workflow

ARM = "https://management.azure.com"
SUBSCRIPTIONS = 10
PAGE = 100
MARK = 'W/"unchanged"'
PROVIDER = "providers/Microsoft.DataProtection/backupVaults"


def vaults(count: int) -> list[str]:
    """Ids of vaults, spread over a few subscriptions."""
    subs = [str(uuid.UUID(int=n + 1)) for n in range(SUBSCRIPTIONS)]
    return [f"/subscriptions/{subs[n % SUBSCRIPTIONS]}/resourceGroups/rg/{PROVIDER}/vault{n}" for n in range(count)]


def job_id(vault: str, number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{vault}/{number}"))


class Jobs:
    """ARM as far as a sweep needs it: each vault's jobs, all still running, page by page."""

    def __init__(self, each: int, started: datetime) -> None:
        self._each, self._started, self.calls = each, started.isoformat(), 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        vault, start = request.url.path.removesuffix("/backupJobs"), int(request.url.params.get("$skipToken", "0"))
        shown = range(start, min(start + PAGE, self._each))
        page: dict[str, Any] = {"value": [self._job(vault, number) for number in shown], "nextLink": None}
        if shown.stop < self._each:
            page["nextLink"] = f"{ARM}{request.url.path}?api-version=2024-04-01&$skipToken={shown.stop}"
        return httpx.Response(200, json=page)

    def _job(self, vault: str, number: int) -> dict[str, Any]:
        inner = {"status": "InProgress", "etag": MARK, "startTime": self._started, "operationCategory": "Restore"}
        inner["backupInstanceId"] = f"{vault}/backupInstances/pg-{number}"
        return {"name": job_id(vault, number), "properties": inner}


def restores(vault: str, each: int, now: datetime) -> Iterator[Restore]:
    """Restores whose jobs have run for ten minutes."""
    began = now - timedelta(minutes=10)
    for number in range(each):
        yield Restore(
            id=row_keys.new_id(vault, began, uuid.uuid4().bytes),
            phase=Phase.RESTORING,
            vault=vault,
            instance=f"{vault}/backupInstances/pg-{number}",
            source="http",
            asked={"instance": f"pg-{number}", "target": "drills", "requestedBy": "bench@contoso.com"},
            accepted_at=began,
            due=began,
            turn_at=began,
            submitted_at=began,
            job=Job(id=job_id(vault, number), status="InProgress", started=began),
            job_mark=MARK,
        )


def parts_over(store: Store, jobs: Callable[[httpx.Request], httpx.Response]) -> Parts:
    """The app's own parts over a store, what answers in ARM's place, and a desk with one open channel."""
    azure = DataProtection(ArmCalls(arm_over(jobs), "2024-04-01", 60), lambda: "token")
    ground, desk = Ground(PUBLIC, None), parse_desk(CHANNEL)
    return Parts(Ledger(store), Board(store), Outbox(store), azure, lambda: desk, lambda text, delay: None, ground)


def taken(message: Message) -> tuple[int, bytes, Mapping[str, str]]:
    """A channel's other end that takes every message."""
    return 200, b"", {}


def sweep_of(parts: Parts, post: Post = taken) -> Sweep:
    """A sweep whose channel has its secret; `post` answers for the channel."""
    notifier = Notifier(parts.outbox, parts.read_desk, ENVIRON, post, parts.now, parts.jitter, parts.pace, local=True)
    return Sweep(parts, Workflow(parts), notifier)


def sweep_once(count: int, each: int) -> dict[str, Any]:
    """Fills a ledger and sweeps it once."""
    now, store = datetime.now(UTC), MemoryStore()
    jobs, ledger = Jobs(each, now - timedelta(minutes=10)), Ledger(store)
    for vault in vaults(count):
        for restore in restores(vault, each, now):
            ledger.accept(restore)
    parts = parts_over(store, jobs)
    sweep, before = sweep_of(parts), (store.writes, cpu_seconds(), peak_mib(), time.monotonic())
    this = sweep.run()
    return {
        "restores": count * each,
        "vaults": count,
        "seen": this.seen,
        "seconds": time.monotonic() - before[3],
        "cpu": cpu_seconds() - before[1],
        "peakMib": peak_mib(),
        "grownMib": peak_mib() - before[2],
        "armCalls": jobs.calls,
        "writes": store.writes - before[0],
        "faults": this.faults,
    }


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("vaults", type=int)
    parser.add_argument("each", type=int)
    given = parser.parse_args()
    logging.getLogger("desk").setLevel(logging.ERROR)
    sys.stdout.write(json.dumps(sweep_once(given.vaults, given.each)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
