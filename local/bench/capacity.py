"""What one deployment carries per subscription, and what limits it: Azure's buckets divided by measured calls. Pure."""

from dataclasses import dataclass

from local.bench.result import OTHER, Result
from shared.sweep.call_budget import READS, STARTS
from shared.workflow.workflow import STARTS as BY_MESSAGE

# https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling, refilled a minute;
# the two of the service are its own headers', per window, which is taken to be a minute
ARM_WRITES, ARM_READS = 10 * 60, 25 * 60
POINTS, JOBS = 100, 200


@dataclass(frozen=True)
class Limit:
    """One budget: what a restore takes of it, and how many restores a minute that carries."""

    budget: str
    a_minute: int
    of_it_ours: int
    per_restore: float

    @property
    def restores_a_minute(self) -> float:
        return self.of_it_ours / self.per_restore


def capacity(ours: Result) -> list[Limit]:
    """The scarcest first."""
    kinds = ours.by_kind
    jobs = kinds["job by GET"] + kinds["jobs by list"]
    writes = kinds["validate"] + kinds["restore"]
    reads = kinds["points"] + kinds["operations"] + jobs + kinds[OTHER]
    limits = [
        Limit("lists of recovery points", POINTS, STARTS + BY_MESSAGE, kinds["points"]),
        Limit("readings of jobs", JOBS, READS, jobs),
        Limit("ARM writes (validate, restore)", ARM_WRITES, ARM_WRITES, writes),
        Limit("ARM reads", ARM_READS, ARM_READS, reads),
    ]
    return sorted((limit for limit in limits if limit.per_restore), key=lambda limit: limit.restores_a_minute)


def table(limits: list[Limit]) -> str:
    """As Markdown."""
    head = "| budget, per subscription | Azure allows | we take at most | a restore takes | restores a minute |\n"
    rows = [
        f"| {one.budget} | {one.a_minute:,}/min | {one.of_it_ours:,}/min | {one.per_restore:.2f} "
        f"| {one.restores_a_minute:,.0f} |"
        for one in limits
    ]
    return head + "|---|---|---|---|---|\n" + "\n".join(rows)
