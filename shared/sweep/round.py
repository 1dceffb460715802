"""What one round of the sweep counts, and what its vaults share."""

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from shared.domain.restore import CLOSED, Phase
from shared.domain.values import iso, utc
from shared.notices.delivery_round import DeliveryRound
from shared.notices.outbox import Notice
from shared.storage.store import Field, Row
from shared.storage.vault_directory import Entry

SHOWN = 20  # channels named in the pulse


@dataclass
class Round:
    """One sweep's count, and what its vaults share: the end of its time, the budgets, the quiet channels."""

    ends: float
    rows: ThreadPoolExecutor  # moves restores of one vault side by side
    entries: Mapping[str, Entry]  # the vaults of this round, as the directory has them
    glance: Mapping[str, Row] = field(default_factory=dict)  # what the desk had noted when the round began
    told: DeliveryRound = field(default_factory=DeliveryRound)
    lock: Lock = field(default_factory=Lock)
    seen: int = 0
    moved: int = 0
    lost: int = 0  # restores that are lost, and those that are overdue, now
    overdue: int = 0
    oldest_lost: datetime | None = None
    faults: int = 0
    unfinished: int = 0
    waiting: dict[str, tuple[int, datetime]] = field(default_factory=dict)  # by channel: notices, the oldest's time

    @property
    def owed(self) -> int:
        """Notices that wait, those that are to be sent in this round with them."""
        return sum(count for count, _ in self.waiting.values())

    @property
    def oldest_owed(self) -> datetime | None:
        return min((oldest for _, oldest in self.waiting.values()), default=None)

    def wait(self, notices: Sequence[Notice]) -> None:
        """Counts a vault's waiting notices by channel, and notes the time of the oldest."""
        with self.lock:
            for one in notices:
                count, oldest = self.waiting.get(one.channel, (0, one.owed_since))
                self.waiting[one.channel] = (count + 1, min(oldest, one.owed_since))

    def pulse(self, stopped: Sequence[str], full_at: datetime) -> dict[str, Field]:
        """The data of this round that the next round and health read, with the channels that wait longest."""
        longest = sorted(self.waiting.items(), key=lambda item: item[1][1])[:SHOWN]
        return {
            "stoppedAt": stopped[0] if stopped else "",
            "open": self.seen,
            "owed": self.owed,
            "oldestOwed": self.oldest_owed.isoformat() if self.oldest_owed else "",
            "waiting": json.dumps({name: [count, iso(oldest)] for name, (count, oldest) in longest}),
            "faults": self.faults,
            "fullAt": iso(full_at),
        }

    def count(self, opens: Sequence[Row]) -> None:
        """What a vault's open rows add to the figures."""
        lost = [row for row in opens if row.text("phase") == Phase.LOST]
        since = [utc(row.text("acceptedAt")) for row in lost if row.text("acceptedAt")]
        with self.lock:
            self.seen += len(opens)
            self.lost += len(lost)
            self.overdue += sum(bool(row.fields.get("overdue")) and row.text("phase") not in CLOSED for row in opens)
            self.oldest_lost = min([*since, *([self.oldest_lost] if self.oldest_lost else [])], default=None)

    def over(self) -> bool:
        """Whether the sweep must end, so that its function's time-out does not end it."""
        return time.monotonic() > self.ends


def says_the_same(last: Row | None, pulse: Mapping[str, Field], now: datetime, seconds: float) -> bool:
    """Whether nothing is unfinished and a pulse no older than so many seconds says it: then none is written, and
    storage is at rest."""
    if (
        last is None
        or pulse["open"]
        or pulse["owed"]
        or not 0 <= (now - utc(last.text("at"))).total_seconds() < seconds
    ):
        return False
    return all(last.fields.get(name) == value for name, value in pulse.items())
