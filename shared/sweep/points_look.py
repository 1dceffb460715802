"""Once a day, and soon for an instance never looked at: its recovery points, so that lists and alerts are not cold."""

import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from shared.domain.problems import Ours, Trouble
from shared.domain.resource_ids import subscription
from shared.domain.values import iso, utc
from shared.frozen import frozen
from shared.storage import row_keys
from shared.storage.store import Change, Conflict
from shared.sweep.point_age import judge
from shared.workflow.points import read_points
from shared.workflow.ports import Parts

log = logging.getLogger("desk")
LOOKS_A_ROUND = 2  # lists of points are scarce: people and restores come first
HEAD = "looked-"
NEVER = datetime(2000, 1, 1, tzinfo=UTC)


@frozen
class PointsLook:
    """Reads the points of a few instances a round; one range of tiny rows says whose turn it is."""

    parts: Parts

    def run(self) -> int:
        """How many instances were looked at."""
        try:
            entries = {e.id: (name, e.stale_after_days) for name, e in self.parts.read_desk().instances.items()}
        except Ours:
            return 0
        due = self._due(list(entries))[:LOOKS_A_ROUND]
        for instance in due:
            self._look(instance, *entries[instance])
        return len(due)

    def _due(self, instances: list[str]) -> list[str]:
        """Those never looked at, then those whose last look is a day old, the oldest first."""
        rows = self.parts.ledger.store.scan(row_keys.DESK, HEAD, row_keys.until(HEAD))
        looked = {row.key: utc(row.text("at")) for row in rows}
        last = {one: looked.get(row_keys.looked(one), NEVER) for one in instances}
        limit = self.parts.now() - timedelta(seconds=self.parts.pace.points_look)
        old = [one for one in instances if last[one] < limit]
        quiet = {sub: self._quiet(sub) for sub in {subscription(one) for one in old}}
        return sorted((one for one in old if not quiet[subscription(one)]), key=lambda one: last[one])

    def _quiet(self, subscription_id: str) -> bool:
        until = self.parts.board.quiet_until(subscription_id)
        return until is not None and until > self.parts.now()

    def _look(self, instance: str, name: str, stale_after_days: float | None) -> None:
        """One instance; whatever goes wrong with it is tried again soon, and holds up no other."""
        try:
            self._looked(instance, self.parts.now())
            judge(self.parts, instance, name, stale_after_days, read_points(self.parts, instance))
        except Exception as error:
            soon = self.parts.pace.points_look - self.parts.pace.back_off_most
            with suppress(Trouble, Conflict):
                self._looked(instance, self.parts.now() - timedelta(seconds=soon))
            passing = isinstance(error, (Trouble, Conflict, Ours))
            log.warning("the points of %s could not be looked at: %s", name, error, exc_info=not passing)

    def _looked(self, instance: str, at: datetime) -> None:
        self.parts.ledger.store.commit(row_keys.DESK, [Change("put", row_keys.looked(instance), {"at": iso(at)})])
