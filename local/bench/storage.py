"""What the desk asks of its table: a short restore, an idle sweep, the list of instances; in a process alone.

Counted at the store's own methods, one for each call to Azure: what is billed as a transaction.
"""

import json
import logging
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from local.bench.contender import cpu_seconds, until_done
from local.bench.ours import HEAD, LIMIT, Bench
from local.bench.sweep import parts_over, vaults
from local.bench.world import Case, world
from local.soak.size import bytes_of
from local.stack.answers import arm_over
from local.stack.memory import MemoryStore
from local.stack.processes import ROOT
from shared.aftercare.strangers import accounts_of
from shared.api.http import Call
from shared.api.instances import InstancesApi
from shared.azure.arm_calls import ArmCalls
from shared.azure.data_protection import DataProtection
from shared.composition import App
from shared.config.desk_file import parse_desk
from shared.config.settings import from_environment
from shared.domain.values import iso
from shared.storage import row_keys, vault_directory
from shared.storage.account_looks import AccountLook
from shared.storage.ledger import Ledger
from shared.storage.store import Change, Row, Store
from shared.storage.wake_queue import QueueState

INSTANCES, POINTS, VAULTS, CHANNELS = 109, 14, 200, 5
QUEUE_CALLS = 2  # of an idle sweep: how many messages lie in either queue (shared/storage/wake_queue.py)
TARGET, _, _ = HEAD.partition("[channels.bench]")
CHANNEL = """
[channels.bench{}]
kind = "webhook"
url = "http://127.0.0.1:9/bench"
secret = {{ env = "BENCH_SECRET" }}
on = ["accepted", "submitted", "succeeded"]
default = true
"""
SHORT = Case(restores=2, vaults=1, speed=20.0, job_seconds=120.0, days=1, held=2)


class Counted:
    """A store that counts its calls; those that a sweep's round makes for all restores of a vault are apart."""

    def __init__(self, store: Store) -> None:
        self.inner, self.calls, self.rounds = store, 0, 0

    def _count(self, partition: str, key: str) -> None:
        own = partition == row_keys.DIRECTORY or key == "live-"
        own = own or (partition == row_keys.DESK and key.startswith("pulse-"))
        self.rounds += own
        self.calls += not own

    def get(self, partition: str, key: str) -> Row | None:
        self._count(partition, key)
        return self.inner.get(partition, key)

    def scan(self, partition: str, start: str, stop: str, limit: int | None = None) -> Iterator[Row]:
        self._count(partition, start)
        return self.inner.scan(partition, start, stop, limit)

    def commit(self, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        if any(change.verb == "put" for change in changes) and partition == row_keys.DIRECTORY:
            self.calls += 1  # a request enters its vault
        else:
            self._count(partition, changes[0].key)
        return self.inner.commit(partition, changes)


def short_restore(channels: int) -> dict[str, float]:
    """The second restore of an instance (Azure's facts are known), from its POST until all is told: calls of its own,
    of the rounds in that time, KiB that it leaves. Each channel hears of its acceptance, submission and end."""
    with world(SHORT) as made:
        counted, head = Counted(MemoryStore()), TARGET + "".join(CHANNEL.format(n) for n in range(channels))
        bench = Bench(SHORT, made, store=counted, head=head)
        name = SHORT.instances()[0][2]
        with bench.queue:
            for done in (1, 2):
                counted.calls = counted.rounds = 0
                bench.ask(name, f"{name}-{done}")
                bench.score.restores = done
                until_done(bench.score, LIMIT / SHORT.speed, bench.sweep)
                bench.sweep()
        if bench.score.failed or bench.score.done < 2:
            raise RuntimeError(f"the short restores did not end well: {bench.score.failed}")
        last = max(row.key for row in _rows(counted.inner, "restore-"))
        left = [
            row for row in _rows(counted.inner, "") if last.removeprefix("restore-") in (row.key + row.text("restore"))
        ]
        kept = {row.key: row for row in left if not row.key.startswith("live-")}
    place = row_keys.partition(last.removeprefix("restore-"))
    size = sum(bytes_of(place, row.key, row.fields) for row in kept.values()) + _key_row(counted.inner, last)
    return {"calls": counted.calls, "rounds": counted.rounds, "kib": size / 1024}


def _key_row(store: Store, row_key: str) -> int:
    """Bytes of the row of a restore's idempotency key."""
    restore = Ledger(store).load(row_key.removeprefix("restore-"))
    place = row_keys.key_partition(restore.source, restore.key or "") if restore else ""
    row = store.get(place, row_keys.key())
    assert row, "a restore has a key"
    return bytes_of(place, row.key, row.fields)


def _rows(store: Store, prefix: str) -> list[Row]:
    place = row_keys.vault_partition(SHORT.instances()[0][0])
    return list(store.scan(place, prefix or "a", row_keys.until(prefix) if prefix else "~"))


def idle_sweep() -> dict[str, float]:
    """One round of everything that the timer does, in a worker that is warm, with nothing unfinished in any of the
    vaults. The app puts its own timer together; in place of storage and Azure is what counts here."""
    counted, asked, now = Counted(MemoryStore()), list[str](), datetime.now(UTC)
    with tempfile.TemporaryDirectory() as home:
        app = _app(counted, asked, Path(home))
        _idle(app, now)
        app.upkeep.cold = False
        counted.calls = counted.rounds = 0
        began = cpu_seconds()
        with warnings_said() as said:
            app.upkeep.run()
    if asked or said:
        raise RuntimeError(f"an idle sweep called {asked} of Azure and complained: {said}")
    return {"calls": counted.calls + counted.rounds + QUEUE_CALLS, "ms": (cpu_seconds() - began) * 1000}


@contextmanager
def warnings_said() -> Iterator[list[str]]:
    """What the desk's log says meanwhile, from warnings on: the timer goes on after a step that failed."""
    log, said = logging.getLogger("desk"), list[str]()
    handler, level = logging.Handler(logging.WARNING), log.level
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    log.addHandler(handler)
    log.setLevel(logging.WARNING)
    try:
        yield said
    finally:
        log.removeHandler(handler)
        log.setLevel(level)


def _app(store: Store, asked: list[str], home: Path) -> App:
    def azure(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(404)

    environ = {"AzureWebJobsStorage": "UseDevelopmentStorage=true", "DESK_CONFIG": str(ROOT / "samples" / "desk.toml")}
    app = App(from_environment(environ, home))
    app.store, app.queues = store, QueueState
    app.azure = DataProtection(ArmCalls(arm_over(azure), "2024-04-01", 60), lambda: "token")
    return app


def _idle(app: App, now: datetime) -> None:
    """Vaults that were found empty an hour ago, and all daily looks done just now."""
    for vault in vaults(VAULTS):
        vault_directory.enter(app.store, vault)
    for entry in vault_directory.entries(app.store):
        vault_directory.note(app.store, replace(entry, empty_since=now - timedelta(hours=1)), now, empty=True)
    for name in ("retention", "care"):
        app.board.beat(name, now)
    app.board.beat("sweep", now, fullAt=iso(now))
    desk = app.parts.read_desk()
    for account in accounts_of(desk):
        app.board.keep_look(AccountLook(account, now))
    for instance in desk.instances.values():
        app.store.commit(row_keys.DESK, [Change("put", row_keys.looked(instance.id), {"at": iso(now)})])


def instances() -> dict[str, float]:
    """`GET /api/instances`, each with its points remembered."""
    vault, now, counted = vaults(1)[0], datetime.now(UTC), Counted(MemoryStore())
    point = {
        "recoveryPointTime": iso(now),
        "recoveryPointDataStoresDetails": [{"type": "VaultStore", "state": "COMMITTED"}],
    }
    text = HEAD + "".join(
        f'[instances.pg-{n}]\nid = "{vault}/backupInstances/pg-{n}"\ntargets = ["drills"]\n' for n in range(INSTANCES)
    )
    desk = parse_desk(text)
    parts = replace(
        parts_over(counted, lambda request: (_ for _ in ()).throw(AssertionError())), read_desk=lambda: desk
    )
    for n in range(INSTANCES):
        listed = [{"name": f"{n}-{day}", "properties": point} for day in range(POINTS)]
        parts.board.remember(vault, f"points-pg-{n}", {"value": listed}, now)
    api = InstancesApi(parts)
    api.list(Call())
    counted.calls = counted.rounds = 0
    began = cpu_seconds()
    answer = api.list(Call())
    shown = json.loads(answer.body)["value"]
    assert len(shown) == INSTANCES, len(shown)
    assert all(row["lastPoint"] for row in shown), shown[:2]
    return {"calls": counted.calls, "ms": (cpu_seconds() - began) * 1000}


def main() -> int:
    logging.getLogger("desk").setLevel(logging.CRITICAL)
    found: dict[str, Any] = {
        "short": short_restore(1),
        "left": short_restore(CHANNELS),
        "idle": idle_sweep(),
        "instances": instances(),
    }
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
