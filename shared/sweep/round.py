"""What one round of the sweep counts, and what its vaults share."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from shared.domain.restore import CLOSED, Phase
from shared.domain.values import utc
from shared.notices.notifier import DeliveryRound
from shared.storage.store import Row
from shared.storage.vault_directory import Entry


@dataclass
class Round:
    """One sweep's count, and what its vaults share: the end of its time, the budgets, the quiet channels."""

    ends: float
    rows: ThreadPoolExecutor  # moves restores of one vault side by side
    entries: Mapping[str, Entry]  # the vaults of this round, as the directory has them
    told: DeliveryRound = field(default_factory=DeliveryRound)
    lock: Lock = field(default_factory=Lock)
    seen: int = 0
    moved: int = 0
    owed: int = 0
    lost: int = 0  # restores that are lost, and those that are overdue, now
    overdue: int = 0
    oldest_lost: datetime | None = None
    faults: int = 0
    unfinished: int = 0
    oldest_owed: datetime | None = None

    def count(self, opens: Sequence[Row]) -> None:
        """What a vault's open rows add to the figures."""
        self.seen += len(opens)
        lost = [row for row in opens if row.text("phase") == Phase.LOST]
        self.lost += len(lost)
        self.overdue += sum(bool(row.fields.get("overdue")) and row.text("phase") not in CLOSED for row in opens)
        since = [utc(row.text("acceptedAt")) for row in lost if row.text("acceptedAt")]
        self.oldest_lost = min([*since, *([self.oldest_lost] if self.oldest_lost else [])], default=None)

    def over(self) -> bool:
        """Whether the sweep must end, so that its function's time-out does not end it."""
        return time.monotonic() > self.ends
