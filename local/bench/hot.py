"""Thousands of running restores, in one vault or in many; some end each minute: how late a channel hears of it.

The clock jumps from sweep to sweep; in a process alone. The vaults' lists hold nothing but these jobs.
"""

import argparse
import json
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from local.bench.contender import cpu_seconds, peak_mib
from local.bench.sweep import ARM, MARK, PAGE, job_id, parts_over, restores, sweep_of, vaults
from local.stack.memory import MemoryStore
from shared.notices.messages import Message
from shared.storage import row_keys
from shared.storage.ledger import Ledger
from shared.storage.store import Change

EVERY = timedelta(seconds=30)
LATE = 20  # rounds after the last end
SUCCEEDED = "restoredesk.restore.succeeded.v1"


class EndingJobs:
    """The jobs of some vaults, page by page, and by GET; the n-th ends so many minutes after `began`."""

    def __init__(self, of: Sequence[str], each: int, began: datetime, a_minute: float, ending: int) -> None:
        self.ids = {vault: [job_id(vault, n) for n in range(each)] for vault in of}
        self.now, self.calls, self._began = began, 0, began
        # every tenth or so: the ends are spread over the vaults, and over each list
        step = max(1, each // max(1, -(-ending // len(of))))
        self.ends = {
            self.ids[of[k % len(of)]][k // len(of) * step]: began + timedelta(minutes=(k + 1) / a_minute)
            for k in range(ending)
        }
        self._numbers = {identity: n for ids in self.ids.values() for n, identity in enumerate(ids)}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        vault, _, rest = request.url.path.partition("/backupJobs")
        if rest:
            return httpx.Response(200, json=self._job(vault, self._numbers[rest.removeprefix("/")]))
        start, ids = int(request.url.params.get("$skipToken", "0")), self.ids[vault]
        shown = range(start, min(start + PAGE, len(ids)))
        page: dict[str, Any] = {"value": [self._job(vault, number) for number in shown], "nextLink": None}
        if shown.stop < len(ids):
            page["nextLink"] = f"{ARM}{request.url.path}?api-version=2024-04-01&$skipToken={shown.stop}"
        return httpx.Response(200, json=page)

    def _job(self, vault: str, number: int) -> dict[str, Any]:
        identity = self.ids[vault][number]
        end = self.ends.get(identity)
        done = end is not None and end <= self.now
        inner: dict[str, Any] = {"status": "Completed" if done else "InProgress", "etag": MARK}
        inner |= {"startTime": (self._began - timedelta(minutes=10)).isoformat(), "operationCategory": "Restore"}
        inner |= {"endTime": end.isoformat()} if done and end else {}
        inner["backupInstanceId"] = f"{vault}/backupInstances/pg-{number}"
        return {"name": identity, "properties": inner}


class Channel:
    """The channel's other end: when it first took the news of each restore's success, by the restore's id."""

    def __init__(self, now: Callable[[], datetime], answer: int) -> None:
        self._now, self._answer = now, answer
        self.took = dict[str, datetime]()

    def __call__(self, message: Message) -> tuple[int, bytes, Mapping[str, str]]:
        if self._answer == 200 and json.loads(message.body)["type"] == SUCCEEDED:
            self.took.setdefault(message.headers["webhook-id"].rpartition(".")[0], self._now())
        return self._answer, b"", {}


def run(count: int, over: int, a_minute: float, minutes: int, answer: int = 200) -> dict[str, Any]:
    """How late each end is announced, CPU ms a restore and sweep, ARM calls a minute. `over`: so many vaults;
    `answer`: the channel's, to every message."""
    began, store, of = datetime.now(UTC), MemoryStore(), vaults(over)
    ending = min(int(a_minute * minutes), count // 2)
    jobs = EndingJobs(of, count // over, began, a_minute, ending)
    ledger, ends = Ledger(store), dict[str, datetime]()
    for restore in (one for vault in of for one in restores(vault, count // over, began)):
        ledger.accept(restore, [Change("insert", row_keys.turn(restore.instance), {"restore": restore.id})])
        if restore.job and restore.job.id in jobs.ends:
            ends[restore.id] = jobs.ends[restore.job.id]
    parts = replace(parts_over(store, jobs), now=lambda: jobs.now)
    channel = Channel(parts.now, answer)
    sweep, used, rounds = sweep_of(parts, channel), 0.0, 0
    while len(channel.took) < ending and rounds < minutes * 60 / EVERY.total_seconds() + LATE:
        jobs.now += EVERY
        before = cpu_seconds()
        sweep.run()
        used, rounds = used + cpu_seconds() - before, rounds + 1
    late = sorted((at - ends[restore]).total_seconds() for restore, at in channel.took.items())
    return {
        "restores": count,
        "vaults": over,
        "ends": ending,
        "told": len(late),
        "p50": late[len(late) // 2] if late else None,
        "p95": late[max(0, -(-len(late) * 95 // 100) - 1)] if late else None,
        "cpuMs": used * 1000 / rounds / count,
        "callsAMinute": jobs.calls / rounds * 60 / EVERY.total_seconds(),
        "peakMib": peak_mib(),
    }


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("restores", type=int)
    parser.add_argument("vaults", type=int)
    parser.add_argument("a_minute", type=float)
    parser.add_argument("minutes", type=int)
    parser.add_argument("--times", type=int, default=1, help="the run whose CPU is the median counts")
    given = parser.parse_args()
    logging.getLogger("desk").setLevel(logging.CRITICAL)
    run(100, 1, 10, 1)  # what the first sweeps of a process import and build is not what a restore takes
    found = [run(given.restores, given.vaults, given.a_minute, given.minutes) for _ in range(given.times)]
    sys.stdout.write(json.dumps(sorted(found, key=lambda one: one["cpuMs"])[given.times // 2]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
