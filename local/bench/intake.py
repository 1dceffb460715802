"""How many requests a second a worker takes over Azurite, beside the worker of release 0.1.0, turn by turn."""

import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from azure.storage.queue import QueueServiceClient

from local.bench.shows import Show
from local.setup.environment import hermetic
from local.stack.azurite import Azurite
from local.stack.processes import ROOT

BASE = "539dcd990f29a6d34135b27d34cee2339d021069"  # release 0.1.0
SAMPLES = {"0.1.0": "desk.toml", "this": "samples/desk.toml"}
CALLERS, POSTS, RUNS, QUICK = 8, 400, 5, 1
LEAST = 1.25
QUEUES = ("restore-requests", "restore-requests-poison")


@dataclass(frozen=True)
class Intake:
    """Medians of some runs: requests a second, and the worker's CPU ms a request."""

    per_second: float
    cpu_ms: float


class NoHistory(RuntimeError):
    """This checkout has no commit of release 0.1.0."""


def base(folder: Path) -> Path:
    """The files of release 0.1.0, out of this checkout's history."""
    line = ["git", "archive", "--format=tar", BASE]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        raise NoHistory(f"the history lacks release 0.1.0 ({BASE[:7]}): `git fetch --unshallow` brings it")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder


def measured(runs: int = RUNS, posts: int = POSTS) -> dict[str, Intake]:
    """By release."""
    found: dict[str, list[Mapping[str, Any]]] = {name: [] for name in SAMPLES}
    with tempfile.TemporaryDirectory(prefix="restore-desk-intake-") as home:
        trees = {"0.1.0": base(Path(home) / "base"), "this": ROOT}
        for _ in range(runs):
            for name, tree in trees.items():
                found[name].append(once(tree, SAMPLES[name], Path(home), posts))
    return {
        name: Intake(median(one["perSecond"] for one in all_), median(one["cpuMs"] for one in all_))
        for name, all_ in found.items()
    }


def storage(folder: Path) -> Azurite:
    """Its rows lie in the order of their keys, as in Azure: else Azurite's own search for a row would count."""
    return Azurite(folder, in_memory=True, keyed=True)


def once(tree: Path, sample: str, home: Path, posts: int) -> dict[str, Any]:
    """One worker of a release, with an Azurite of its own."""
    with tempfile.TemporaryDirectory(dir=home) as own, storage(Path(own)) as azurite:
        with QueueServiceClient.from_connection_string(azurite.connection_string) as queues:
            for name in QUEUES:
                queues.create_queue(name)
        environ = {
            **{name: value for name, value in hermetic(os.environ).items() if name != "PYTHONDONTWRITEBYTECODE"},
            "PYTHONPYCACHEPREFIX": str(home / "bytecode"),
            "AzureWebJobsStorage": azurite.connection_string,
            "DESK_CONFIG": str(tree / sample),
            "ARM_ENDPOINT": "http://127.0.0.1:9",  # a POST calls nothing there
        }
        line = [sys.executable, "-P", str(Path(__file__).with_name("intake_posts.py")), str(tree)]
        done = subprocess.run(
            [*line, str(CALLERS), str(posts)], cwd=tree, env=environ, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{tree}: {done.stdout[-500:]}{done.stderr[-2000:]}")
        value: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return value


def shows(found: Mapping[str, Intake]) -> list[Show]:
    """What holds of them."""
    this, before = found["this"], found["0.1.0"]
    return [
        Show("requests a second, this release : 0.1.0", this.per_second / before.per_second, least=LEAST),
        Show("CPU a request, this release : 0.1.0", this.cpu_ms / before.cpu_ms, most=1),
    ]


def words(found: Mapping[str, Intake]) -> str:
    """What the ratios are made of."""
    said = (f"{name}: {one.per_second:.0f} a second, {one.cpu_ms:.1f} CPU ms each" for name, one in found.items())
    head = f"One worker, {CALLERS} callers at once, the table and the queue in Azurite, rows in the order of their keys"
    return f"{head}. {'; '.join(said)}."
