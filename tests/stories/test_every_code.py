"""Each of Azure's documented errors at each stage: it ends as failed, with its next step, or passes by itself."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from local.emulator.server import Emulator
from local.emulator.wire.codes import CODES
from local.emulator.world.options import Options
from local.emulator.world.worlds import bench_seed
from local.stack.memory import MemoryQueue, MemoryStore
from shared.advice.next_steps import next_step
from shared.azure.data_protection import DataProtection
from shared.azure.retryable import PASSING_CODES, SETTLING_CODES
from shared.composition import App
from shared.config.settings import from_environment
from shared.domain.restore import Phase, Restore
from shared.workflow.intake import Caller

STAGES = {"http": "validateRestore", "validate": "validateRestore", "operation": "restore", "job": "restore"}
GROUP = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/benchRG/providers"
DESK = f"""
[allow]
instances = ["{GROUP}/Microsoft.DataProtection/backupVaults/*/backupInstances/*"]
containers = ["https://benchaccount.blob.core.windows.net/*"]

[instances.one]
id = "{GROUP}/Microsoft.DataProtection/backupVaults/benchVault0/backupInstances/of-no-story"

[http]
explicit = true
"""
pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Struck:
    """A restore of its own for each code and stage."""

    code: str
    stage: str
    id: str


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, str], Restore]]:
    """Every code struck once at every stage, all in one world; how each restore ended."""
    folder = tmp_path_factory.mktemp("codes")
    options = Options(state=folder / "emulator", speed=600, fractional_retry_after=True)
    with Emulator(options, bench_seed(len(STAGES), len(CODES))) as emulator:
        app = desk(folder, emulator.url)
        struck = [one for place, stage in enumerate(STAGES) for one in asked(app, emulator.url, place, stage)]
        end = time.monotonic() + 90
        while any(not found(app, one).closed for one in struck) and time.monotonic() < end:
            app.sweep.run()
            time.sleep(0.1)
        yield {(one.code, one.stage): found(app, one) for one in struck}
        assert isinstance(app.azure, DataProtection)
        app.http.close()


def desk(folder: Path, arm: str) -> App:
    (folder / "desk.toml").write_text(DESK)
    environ = {"AzureWebJobsStorage": "AccountName=x", "ARM_ENDPOINT": arm, "DESK_PACE": "600"}
    app = App(from_environment(environ, folder))
    # a busy machine takes seconds for a round of 160 restores: none of them may be out of time before it is asked again
    pace = replace(app.pace, rights_settle=90)
    app.__dict__ |= {"store": MemoryStore(), "send": MemoryQueue().send, "pace": pace}
    return app


def asked(app: App, arm: str, vault: int, stage: str) -> Iterator[Struck]:
    import httpx

    listed = httpx.get(
        f"{arm}{GROUP}/Microsoft.DataProtection/backupVaults/benchVault{vault}/backupInstances",
        params={"api-version": "2024-04-01"},
        headers={"Authorization": "Bearer x"},
    ).json()["value"]
    for number, (code, instance) in enumerate(zip(CODES, listed, strict=True)):
        match = {"verb": STAGES[stage], "instance": instance["name"], "times": 1}
        fault = {"kind": "error", "stage": stage, "code": code}
        httpx.post(f"{arm}/_emulator/faults", json={"match": match, "fault": fault}).raise_for_status()
        container = f"https://benchaccount.blob.core.windows.net/{stage}-{number}"
        request = {"instance": instance["id"], "target": {"kind": "files", "container": container}}
        yield Struck(code, stage, app.intake.take(request, Caller("http")).restore.id)


def found(app: App, one: Struck) -> Restore:
    restore = app.parts.ledger.load(one.id)
    assert restore is not None
    return restore


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("code", list(CODES))
def test_it_ends_as_failed_with_its_next_step_or_passes(
    ended: dict[tuple[str, str], Restore], code: str, stage: str
) -> None:
    restore, name = ended[code, stage], CODES[code].name
    known = {part.lower() for part in code.split("/")} & (PASSING_CODES | SETTLING_CODES)
    passes = bool(known) or (stage == "http" and CODES[code].status >= 429)
    if passes and stage in ("http", "validate"):
        assert restore.phase is Phase.SUCCEEDED, (restore.phase, restore.trouble)
        return
    assert restore.phase is Phase.FAILED, (restore.phase, restore.trouble)
    assert restore.error is not None
    assert restore.error.code == name
    assert f"/api/restores/{restore.id}/again" in (next_step(restore) or "")
