"""A ledger that release 0.1.0 wrote is read and finished by this one; what a newer release wrote is left alone."""

import base64
import json
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.emulator.server import Emulator
from local.emulator.world.options import Options
from local.stack.memory import MemoryQueue, MemoryStore
from shared.aftercare.cleanup import Cleanup
from shared.aftercare.rows import Rows
from shared.azure.data_protection import DataProtection
from shared.composition import App
from shared.config.settings import from_environment
from shared.domain.restore import Phase
from shared.domain.values import iso
from shared.storage import row_keys
from shared.storage.container_rows import ContainerRow
from shared.storage.store import Change, Field

SAMPLE = Path(__file__).parents[1] / "samples" / "ledger_0.1.0.json"
ROOT = Path(__file__).parents[2]
GROUP = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/targetrg"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/testossstorageaccount"
MOMENT = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
pytestmark = pytest.mark.slow


def column(value: Any) -> Field:
    return base64.b64decode(value["bytes"]) if isinstance(value, dict) else value


def written() -> MemoryStore:
    """The rows as they were: one restore accepted, one validated, one succeeded whose notices are still owed."""
    text = SAMPLE.read_text()
    age = datetime.now(UTC) - max(
        datetime.fromisoformat(found) for found in re.findall(r'"acceptedAt": "([^"]+)"', text)
    )

    def as_if_now(found: re.Match[str]) -> str:
        return iso(datetime.fromisoformat(found[0]) + age)

    store = MemoryStore()
    for partition, rows in json.loads(MOMENT.sub(as_if_now, text)).items():
        for key, fields in rows.items():
            store.commit(partition, [Change("put", key, {name: column(value) for name, value in fields.items()})])
    return store


def of_0_1_0(desk: str) -> str:
    """The file as it was for 0.1.0: its sources say nothing of targets."""
    head, _, tail = desk.partition("[http]")
    assert tail
    return f'{head}[http]\ninstances = ["*"]\n\n[channels.events]{tail.partition("[channels.events]")[2]}'


def test_an_old_ledger_is_finished_and_a_newer_row_left_alone(tmp_path: Path) -> None:
    store = written()
    ids = [key.removeprefix("restore-") for keys in store._keys.values() for key in keys if key.startswith("restore-")]
    newer = Change("put", "restore-sad54roc-zzzzzzzzzzzzzzzzzzzzzzzzzz", {"phase": "dreaming", "schemaVersion": 99})
    opened = Change("put", "live-open-abcdefghijkl-sad54roc-zzzzzzzzzzzzzzzzzzzzzzzzzz", {"phase": "dreaming"})
    store.commit("v-sad54roc", [newer, opened])
    left = [store.get("v-sad54roc", change.key) for change in (newer, opened)]
    with Emulator(Options(state=tmp_path, speed=600, fractional_retry_after=True)) as emulator:
        environ = {"AzureWebJobsStorage": "AccountName=x", "ARM_ENDPOINT": emulator.url, "DESK_PACE": "600"}
        (tmp_path / "desk.toml").write_text(of_0_1_0((ROOT / "samples" / "desk.toml").read_text()))
        app = App(from_environment(environ, tmp_path))
        app.__dict__ |= {"store": store, "send": MemoryQueue().send}
        end = time.monotonic() + 60
        while any(phase(app, one) is not Phase.SUCCEEDED for one in ids) and time.monotonic() < end:
            app.sweep.run()
            time.sleep(0.05)
        forge_rows(store, ids)
        parts = app.parts
        rows = Rows(parts.ledger)
        assert Cleanup(rows, parts.board, parts.azure, parts.read_desk, parts.now, parts.pace).run() == 0
        assert {row.state for row in map(rows.of, ids) if row} == {"cleanupFailed"}
        methods = {one["method"] for one in httpx.get(f"{emulator.url}/_emulator/calls", trust_env=False).json()}
        assert "DELETE" not in methods, "a container that 0.1.0 delivered into is not the desk's"
        assert isinstance(app.azure, DataProtection)
        app.http.close()
    assert [phase(app, one) for one in ids] == [Phase.SUCCEEDED] * 3
    assert {notice.event for one in ids for notice in app.parts.outbox.of_restore(one)} >= {"accepted", "succeeded"}
    assert [store.get("v-sad54roc", change.key) for change in (newer, opened)] == left


def forge_rows(store: MemoryStore, ids: list[str]) -> None:
    """Rows that say of each old restore's container that its time is over; 0.1.0 made no container."""
    past = datetime.now(UTC) - timedelta(days=30)
    for one in ids:
        assert store.get(row_keys.partition(one), row_keys.container(one)) is None
        row = ContainerRow(one, ACCOUNT, "drills-pg-prod-01", "kept", past, past)
        index = Change("put", str(row.index()), {"restore": one})
        store.commit(row_keys.partition(one), [Change("put", row_keys.container(one), row.fields()), index])


def phase(app: App, restore_id: str) -> Phase:
    restore = app.parts.ledger.load(restore_id)
    assert restore is not None
    return restore.phase
