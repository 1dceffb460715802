"""One vault with thousands of running restores, some of which end each minute: how late each end is announced.

The clock jumps from sweep to sweep; in a process alone.
"""

import argparse
import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from local.bench.contender import cpu_seconds, peak_mib
from local.bench.sweep import ARM, MARK, PAGE, job_id, parts_over, restores, sweep_of, vaults
from local.stack.memory import MemoryStore
from shared.storage import row_keys
from shared.storage.ledger import Ledger
from shared.storage.store import Change

EVERY = timedelta(seconds=30)
LATE = 20  # rounds after the last end


class EndingJobs:
    """A vault's jobs, page by page, and by GET; the n-th ends so many minutes after `began`."""

    def __init__(self, vault: str, count: int, began: datetime, a_minute: float, ending: int) -> None:
        self.ids, self.now, self.calls = [job_id(vault, n) for n in range(count)], began, 0
        self._vault, self._began = vault, began
        # every tenth or so: the ends are spread over the list
        step = max(1, count // max(1, ending))
        self.ends = {n * step: began + timedelta(minutes=(k + 1) / a_minute) for k, n in enumerate(range(ending))}
        self._numbers = {identity: n for n, identity in enumerate(self.ids)}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        last = request.url.path.rsplit("/", 1)[-1]
        if last != "backupJobs":
            return httpx.Response(200, json=self._job(self._numbers[last]))
        start = int(request.url.params.get("$skipToken", "0"))
        shown = range(start, min(start + PAGE, len(self.ids)))
        page: dict[str, Any] = {"value": [self._job(number) for number in shown], "nextLink": None}
        if shown.stop < len(self.ids):
            page["nextLink"] = f"{ARM}{request.url.path}?api-version=2024-04-01&$skipToken={shown.stop}"
        return httpx.Response(200, json=page)

    def _job(self, number: int) -> dict[str, Any]:
        end = self.ends.get(number)
        done = end is not None and end <= self.now
        inner: dict[str, Any] = {"status": "Completed" if done else "InProgress", "etag": MARK}
        inner |= {"startTime": (self._began - timedelta(minutes=10)).isoformat(), "operationCategory": "Restore"}
        inner |= {"endTime": end.isoformat()} if done and end else {}
        inner["backupInstanceId"] = f"{self._vault}/backupInstances/pg-{number}"
        return {"name": self.ids[number], "properties": inner}


def run(count: int, a_minute: float, minutes: int) -> dict[str, Any]:
    """The lateness of each end, CPU seconds a restore and round, ARM calls a minute."""
    began, store, vault = datetime.now(UTC), MemoryStore(), vaults(1)[0]
    ending = min(int(a_minute * minutes), count // 2)
    jobs = EndingJobs(vault, count, began, a_minute, ending)
    ledger, ids = Ledger(store), dict[int, str]()
    for number, restore in enumerate(restores(vault, count, began)):
        ledger.accept(restore, [Change("insert", row_keys.turn(restore.instance), {"restore": restore.id})])
        if number in jobs.ends:
            ids[number] = restore.id
    parts = replace(parts_over(store, jobs), now=lambda: jobs.now)
    sweep, late, used, rounds = sweep_of(parts), dict[int, float](), cpu_seconds(), 0
    waiting = dict(ids)
    for _ in range(int(minutes * 60 / EVERY.total_seconds()) + LATE):
        jobs.now += EVERY
        sweep.run()
        rounds += 1
        for number in list(_ended(ledger, waiting, jobs)):
            late[number] = (jobs.now - jobs.ends[number]).total_seconds()
            del waiting[number]
        if not waiting:
            break
    delays = sorted(late.values())
    return {
        "restores": count,
        "ends": ending,
        "told": len(late),
        "p50": delays[len(delays) // 2] if delays else -1.0,
        "p95": delays[max(0, -(-len(delays) * 95 // 100) - 1)] if delays else -1.0,
        "cpuMs": (cpu_seconds() - used) * 1000 / rounds / count,
        "callsAMinute": jobs.calls / rounds * 60 / EVERY.total_seconds(),
        "peakMib": peak_mib(),
    }


def _ended(ledger: Ledger, waiting: dict[int, str], jobs: EndingJobs) -> Iterator[int]:
    for number, restore_id in waiting.items():
        if jobs.ends[number] <= jobs.now:
            found = ledger.load(restore_id)
            if found and found.closed:
                yield number


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("restores", type=int)
    parser.add_argument("a_minute", type=float)
    parser.add_argument("minutes", type=int)
    given = parser.parse_args()
    logging.getLogger("desk").setLevel(logging.CRITICAL)
    sys.stdout.write(json.dumps(run(given.restores, given.a_minute, given.minutes)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
