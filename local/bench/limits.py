"""What the parts that run in a process alone are to show: each figure beside its limit. Pure."""

import math
from collections.abc import Mapping
from typing import Any

from local.bench.shows import Show

type Found = Mapping[str, Any]


def sweep(found: Found) -> list[Show]:
    """Of a sweep in which nothing changed."""
    vaults = found["vaults"]
    return [
        Show("a sweep of what did not change: faults", found["faults"], most=0),
        Show("restores looked at", found["seen"], least=found["restores"]),
        Show("ARM calls: at most one a vault", found["armCalls"], most=vaults),
        Show("writes: at most one a vault, and the pulse", found["writes"], most=vaults + 1),
    ]


def sweep_words(found: Found) -> str:
    """What it took."""
    return (
        f"A sweep of {found['restores']:,} unchanged open restores in {found['vaults']} vaults takes "
        f"{found['seconds']:.1f} s ({found['cpu']:.1f} s of CPU), {found['armCalls']} ARM calls, "
        f"{found['writes']} writes and at most {found['peakMib']:.0f} MiB, which include the in-memory ledger."
    )


def storage(found: Mapping[str, Found]) -> list[Show]:
    """Of calls to the table, and of what lies in it."""
    return [
        Show("a short restore, one channel: its own calls to the table", found["short"]["calls"], most=35),
        Show("an idle sweep of 200 vaults: storage calls", found["idle"]["calls"], most=8),
        Show("GET /api/instances, 109 instances: CPU ms", found["instances"]["ms"], most=200),
        Show("GET /api/instances, 109 instances: storage calls", found["instances"]["calls"], most=5),
        Show("a closed restore, five channels: KiB in the ledger", found["left"]["kib"], most=15),
    ]


def hot(few: Found, one: Found, many: Found) -> list[Show]:
    """Of a few restores in a vault, of thousands in one vault, and of as many in many vaults."""
    head = f"one vault, {one['restores']:,} running, 90 ends a minute"
    spread = f"{many['vaults']} vaults, {many['restores']:,} running, 90 ends a minute"
    return [
        Show(f"{head}: ends announced", one["told"], least=one["ends"]),
        Show("how late, 95 of 100 (s)", _late(one), most=240),
        Show("ARM calls a minute", one["callsAMinute"], most=200),
        Show(f"{spread}: ends announced", many["told"], least=many["ends"]),
        Show("how late, one vault : 200 vaults", ratio(_late(one), _late(many)), most=2),
        Show("CPU a restore and sweep, at 10,000 : at 100", ratio(one["cpuMs"], few["cpuMs"]), most=1.2),
    ]


def _late(found: Found) -> float:
    return math.inf if found["p95"] is None else float(found["p95"])


def ratio(ours: float, other: float | None) -> float:
    """Infinite, which no limit allows, if there is nothing to compare with."""
    return ours / other if other and math.isfinite(other) else math.inf
