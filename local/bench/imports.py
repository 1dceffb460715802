"""What a cold start imports: by `-X importtime`, in CPU time and in memory, beside what a team would import."""

import os
import statistics
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from local.setup.environment import hermetic
from local.stack.processes import ROOT

RUNS = 5
MARK = "-- all of it is read --"
TAIL = f"""
import sys; print({MARK!r}, file=sys.stderr)
from local.bench.contender import peak_mib; print(used, peak_mib())
"""
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
    milliseconds: float  # by -X importtime, on the clock
    cpu_ms: float
    mib: float
    ratio: float  # of CPU time: other work on the machine does not move it


def measured(runs: int = RUNS) -> list[Import]:
    """Each statement in turn, so that a busy moment of the machine strikes all alike."""
    found: dict[str, list[tuple[float, float, float]]] = {what: [] for what in STATEMENTS}
    for _ in range(runs):
        for what, statement in STATEMENTS.items():
            found[what].append(_once(statement))
    medians = {what: [statistics.median(column) for column in zip(*each, strict=True)] for what, each in found.items()}
    base = medians[BASE][1]
    return [Import(what, clock, cpu, mib, cpu / base) for what, (clock, cpu, mib) in medians.items()]


def _once(statement: str) -> tuple[float, float, float]:
    """Milliseconds by -X importtime, of CPU, and MiB, of one fresh interpreter."""
    script = f"import time\nbegan = time.process_time()\n{statement}\nused = time.process_time() - began\n{TAIL}"
    line = [sys.executable, "-X", "importtime", "-c", script]
    done = subprocess.run(line, cwd=ROOT, env=hermetic(os.environ), capture_output=True, text=True, check=True)
    cpu, mib = done.stdout.split()[-2:]
    return self_times(done.stderr.partition(MARK)[0]) / 1000, float(cpu) * 1000, float(mib)


def self_times(text: str) -> float:
    """The sum of all modules' own microseconds since the interpreter's own start ended with `site`."""
    total = 0.0
    for line in text.splitlines():
        own, _, rest = line.removeprefix("import time:").partition("|")
        if line.startswith("import time:") and own.strip().isdigit():
            total = 0.0 if rest.endswith("| site") else total + int(own)
    return total
