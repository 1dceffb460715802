"""A contender's result: what it cost per restore and how late it noticed, by its score and Azure's books. Pure."""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.bench.world import Case

GROUPS = {
    "recoveryPoints": "points", "validateRestore": "validate", "restore": "restore", "operationStatus": "operations",
    "operationResults": "operations", "job": "job by GET", "jobs": "jobs by list", "putContainer": "containers",
    "getContainer": "containers", "deleteContainer": "containers", "containers": "containers",
    "blobService": "containers",
}  # fmt: skip
OTHER = "vault and instance facts"
KINDS = (*dict.fromkeys(GROUPS.values()), OTHER)


@dataclass(frozen=True)
class Result:
    """Of one contender in one case; `delay` is in Azure's seconds, from a job's end until it was announced."""

    contender: str
    restores: int
    vaults: int
    limits: bool
    plain: bool  # jobs of ten minutes whose etag stands, a pool without bound, the ledger in memory
    words: str  # what is not plain
    succeeded: int
    calls: float
    by_kind: dict[str, float]
    throttled: int
    azure_minutes: float
    per_second: float
    cpu_ms: float
    memory_kib: float
    peak_mib: float
    delay_median: float | None
    delay_p95: float | None
    accept_ms: float | None
    failures: tuple[str, ...] = ()


def result(
    contender: str,
    case: Case,
    score: Mapping[str, Any],
    calls: Sequence[Mapping[str, Any]],
    jobs: Sequence[Mapping[str, Any]],
) -> Result:
    """`calls` and `jobs` are the emulator's; every call counts, refused ones too."""
    n = case.restores
    kinds = Counter(GROUPS.get(str(call["verb"]), OTHER) for call in calls)
    delays = sorted(_delays(score["noticed"], jobs, case.speed))
    accepts = score.get("acceptMs") or []
    return Result(
        contender=contender,
        restores=n,
        vaults=case.vaults,
        limits=case.limits,
        plain=not case.words,
        words=case.words,
        succeeded=len(score["noticed"]),
        calls=len(calls) / n,
        by_kind={kind: kinds[kind] / n for kind in KINDS},
        throttled=sum(call["status"] == 429 for call in calls),
        azure_minutes=score["seconds"] * case.speed / 60,
        per_second=len(score["noticed"]) / score["seconds"],
        cpu_ms=score["cpu"] / n * 1000,
        memory_kib=score["memory"] / n * 1024,
        peak_mib=score["peak"],
        delay_median=statistics.median(delays) if delays else None,
        delay_p95=delays[max(0, -(-len(delays) * 95 // 100) - 1)] if delays else None,
        accept_ms=statistics.median(accepts) if accepts else None,
        failures=tuple(score["failed"][:3]),
    )


def _delays(noticed: Mapping[str, float], jobs: Sequence[Mapping[str, Any]], speed: float) -> list[float]:
    ends = {job["id"]: datetime.fromisoformat(str(job["ends"])).timestamp() for job in jobs if job["ends"]}
    return [(at - ends[job]) * speed for job, at in noticed.items() if job in ends]
