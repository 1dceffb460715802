"""What can be set when an emulator starts: its pace, its strictness, its folder."""

import math
from dataclasses import dataclass, field
from pathlib import Path

from local.emulator.world.ticks import SECOND


@dataclass(frozen=True, kw_only=True)
class Options:
    """Durations are the service's seconds; `speed` divides them all: work, Retry-After, throttling windows, delays."""

    state: Path
    speed: float = 1.0
    page_size: int = 100
    listing_delay: float = 0.0  # a job shows in lists only so long after its start
    etag_every: float = 0.0  # a running job's etag changes so often; 0: only when the job does
    ends_at_first_poll: bool = False  # off: the first poll of an operation always finds it running
    fractional_retry_after: bool = False
    buckets: bool = False  # refuse what goes over the budgets; off, they are only counted
    tls: bool = False
    token: str | None = None  # the one bearer token to take; None takes any
    fault_seed: int = 0
    max_concurrent_restores: int = 0  # per instance; 0 is no limit
    flex_daily_limit: bool = False  # the second restore of a flexible server within 24 h fails
    validate_seconds: float = 45.0
    operation_seconds: float = 3.0
    job_seconds: float = 120.0
    rehydrate_seconds: float = 3600.0
    dumps: Path | None = None  # a folder a variant ("custom", …) of real dumps; None: files have names only
    blobs: str | None = None  # where Azurite's blob service is; None: containers are rows of the emulator
    blobs_key: str = field(default="", repr=False)

    def span(self, seconds: float) -> int:
        """So many of the service's seconds in ticks of ours."""
        return max(1, int(seconds * SECOND / self.speed))

    def retry_after(self, seconds: float) -> str:
        """A Retry-After header; fractions are not HTTP's, but let a fast local run keep its pace."""
        wait = seconds / self.speed
        return f"{wait:.3f}" if self.fractional_retry_after else str(max(1, math.ceil(wait)))
