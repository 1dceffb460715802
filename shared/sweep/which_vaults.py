"""Which vaults a round looks at: those that may have unfinished work, and now and then all."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from shared.domain.pace import Pace
from shared.domain.values import utc
from shared.frozen import frozen
from shared.storage.store import Row
from shared.storage.vault_directory import Entry


@frozen
class Chosen:
    """The vaults of a round in their order, and when all of them were looked at last."""

    entries: Mapping[str, Entry]
    full_at: datetime

    @property
    def vaults(self) -> list[str]:
        return list(self.entries)


def choose(entries: Sequence[Entry], pulse: Row | None, now: datetime, pace: Pace) -> Chosen:
    """An idle vault is looked at in a full round only. `pulse` is the row that the last sweep left."""
    last = pulse.text("stoppedAt") if pulse else ""
    full_at = utc(pulse.text("fullAt")) if pulse and pulse.text("fullAt") else None
    full = full_at is None or not 0 <= (now - full_at).total_seconds() < pace.full_round
    found = sorted((one for one in entries if full or not one.idle), key=lambda one: (one.vault < last, one.vault))
    return Chosen({one.vault: one for one in found}, now if full or full_at is None else full_at)
