"""What a cold start imports, in milliseconds by `-X importtime` and in memory, beside what a team would import."""

import os
import statistics
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from local.environment import hermetic
from local.processes import ROOT

RUNS = 5
BASE = "azure.functions + httpx + pydantic"
TRIGGERS = "function_app (a worker's start)"
STATEMENTS: Mapping[str, str] = {
    BASE: "import azure.functions, httpx, pydantic",
    TRIGGERS: "import function_app",
    "and the first request over HTTP": (
        "import function_app, shared.composition, azure.data.tables, azure.storage.queue"
    ),
    "and the first sweep with an identity": (
        "import function_app, shared.composition, azure.data.tables, azure.storage.queue, azure.identity"
    ),
    "azure-mgmt-dataprotection + azure-identity": "import azure.mgmt.dataprotection, azure.identity",
    "azure.functions + these + queue and tables": (
        "import azure.functions, azure.mgmt.dataprotection, azure.identity, azure.data.tables, azure.storage.queue"
    ),
}


@dataclass(frozen=True)
class Import:
    """Medians of some fresh interpreters."""

    what: str
    milliseconds: float
    mib: float
    ratio: float


def measured(runs: int = RUNS) -> list[Import]:
    """Each statement in turn, so that a busy moment of the machine strikes all alike."""
    found: dict[str, list[tuple[float, float]]] = {what: [] for what in STATEMENTS}
    for _ in range(runs):
        for what, statement in STATEMENTS.items():
            found[what].append(_once(statement))
    times = {what: statistics.median(ms for ms, _ in each) for what, each in found.items()}
    sizes = {what: statistics.median(mib for _, mib in each) for what, each in found.items()}
    return [Import(what, times[what], sizes[what], times[what] / times[BASE]) for what in STATEMENTS]


def _once(statement: str) -> tuple[float, float]:
    tail = "\nimport resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    line = [sys.executable, "-X", "importtime", "-c", statement + tail]
    done = subprocess.run(line, cwd=ROOT, env=hermetic(os.environ), capture_output=True, text=True, check=True)
    peak = int(done.stdout.split()[-1]) / (2**20 if sys.platform == "darwin" else 2**10)
    return self_times(done.stderr) / 1000, peak


def self_times(text: str) -> float:
    """The sum of all modules' own microseconds since the interpreter's own start ended with `site`."""
    total = 0.0
    for line in text.splitlines():
        own, _, rest = line.removeprefix("import time:").partition("|")
        if line.startswith("import time:") and own.strip().isdigit():
            total = 0.0 if rest.endswith("| site") else total + int(own)
    return total
