"""How earlier restores of an instance went: read from the ledger, kept for a minute."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.problems import Unreadable
from shared.domain.restore import Phase
from shared.domain.values import iso
from shared.pages.outlook import Past, past_of
from shared.storage import row_keys
from shared.storage.ledger import Ledger
from shared.workflow.points import vault_of

DAYS = 60  # how far back
MOST_ROWS = 5000  # done rows of a vault that are read
MOST = 20  # restores of an instance that are compared
KEPT = 60.0


@dataclass
class History:
    """Reads the earlier restores of an instance."""

    ledger: Ledger
    now: Callable[[], datetime]
    _kept: dict[str, tuple[datetime, tuple[Past, ...]]] = field(default_factory=dict)

    def of(self, instance: str) -> tuple[Past, ...]:
        """The latest that succeeded in the last 60 days, the oldest first."""
        now, key = self.now(), instance.lower()
        kept = self._kept.get(key)
        if kept and (now - kept[0]).total_seconds() < KEPT:
            return kept[1]
        found = self._read(instance, now)
        if len(self._kept) > 500:
            self._kept.clear()
        self._kept[key] = (now, found)
        return found

    def _read(self, instance: str, now: datetime) -> tuple[Past, ...]:
        start = f"done-{iso(now - timedelta(days=DAYS))}"
        place = row_keys.vault_partition(vault_of(instance))
        rows = self.ledger.store.scan(place, start, row_keys.until("done-"), MOST_ROWS)
        own = [row for row in rows if row.text("instance").lower() == instance.lower()]
        good = [row.text("restore") for row in own if row.text("phase") == Phase.SUCCEEDED][-MOST:]
        return tuple(past for past in map(self._past, good) if past)

    def _past(self, restore_id: str) -> Past | None:
        try:
            restore = self.ledger.load(restore_id)
        except Unreadable:
            return None
        return past_of(restore) if restore and restore.closed_at else None
