"""Removes closed restores older than RETENTION_DAYS from the ledger; keys and open restores never."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from shared.domain.restore import Restore
from shared.domain.values import iso
from shared.domain.verification import OPEN
from shared.notices.outbox import Outbox
from shared.storage import row_keys
from shared.storage.ledger import Ledger, Unreadable
from shared.storage.store import Change, Conflict, Row

MOST = 1000  # restores removed in one go: the rest goes an hour later


class Retention:
    """Removes closed restores after `days`; 0 keeps all."""

    def __init__(self, ledger: Ledger, outbox: Outbox, days: int) -> None:
        self._ledger, self._outbox, self._days = ledger, outbox, days

    def remove_old(self, now: datetime) -> int:
        """How many restores were removed."""
        if self._days <= 0:
            return 0
        before, removed = now - timedelta(days=self._days), 0
        for vault in self._ledger.vaults():
            for row in self._old(vault, before, MOST - removed):
                removed += self._remove(row, now)
        return removed

    def _old(self, vault: str, before: datetime, limit: int) -> list[Row]:
        place = row_keys.vault_partition(vault)
        return list(self._ledger.store.scan(place, "done-", f"done-{iso(before)}", limit)) if limit > 0 else []

    def _remove(self, done: Row, now: datetime) -> bool:
        restore_id = done.text("restore")
        try:
            restore = self._ledger.load(restore_id)
            if restore and (not restore.closed or self._owed(restore_id)):
                return False
            if self._has_container(restore_id):
                return False  # its row is what lets the clean-up delete it
            if self._being_verified(restore_id):
                return False
            if restore:
                self._mark_key(restore, now)
            self._clear(restore_id, restore, done)
        except (Conflict, Unreadable):
            return False  # somebody is at it, or a newer release's row: left alone
        return True

    def _has_container(self, restore_id: str) -> bool:
        row = self._ledger.store.get(row_keys.partition(restore_id), row_keys.container(restore_id))
        return row is not None and row.text("state") != "gone"

    def _being_verified(self, restore_id: str) -> bool:
        row = self._ledger.store.get(row_keys.partition(restore_id), row_keys.verification(restore_id))
        return row is not None and row.text("state") in OPEN

    def _owed(self, restore_id: str) -> bool:
        return any(notice.state == "owed" for notice in self._outbox.of_restore(restore_id))

    def _mark_key(self, restore: Restore, now: datetime) -> None:
        """The key outlives its restore and says so: asked again under it, nothing is restored a second time."""
        if not restore.key:
            return
        place = row_keys.key_partition(restore.source, restore.key)
        who = restore.authenticated_as
        for name in {row_keys.key(), row_keys.key(who)}:
            row = self._ledger.store.get(place, name)
            if row and row.text("restore") == restore.id:
                fields = {"removedAt": iso(now), **({"principal": who} if who else {})}
                self._ledger.store.commit(place, [Change("update", name, fields, row.etag)])

    def _clear(self, restore_id: str, restore: Restore | None, done: Row) -> None:
        """Removes the sent notices first, then the rest with the `done` row, so that a stopped run can go on."""
        store, place = self._ledger.store, row_keys.partition(restore_id)
        told = list(self._told(restore_id))
        said = {row_keys.said(restore_id, int(row.text("sequence") or 0)) for row in told}
        gone = [*(row.text("dead") for row in told if row.text("dead")), *sorted(said), *(row.key for row in told)]
        if restore:
            gone.append(row_keys.dead(restore.accepted_at, restore_id, "request"))
            gone += [row_keys.container(restore_id), row_keys.verification(restore_id)]
            gone += [row_keys.job(restore.job.id)] if restore.job else []
        for key in gone:
            self._delete(place, key, restore_id)
        last = [Change("delete", done.key, etag=done.etag)]
        if restore:
            last.append(Change("delete", row_keys.restore(restore_id), etag=restore.etag))
        store.commit(place, last)

    def _delete(self, place: str, key: str, restore_id: str) -> None:
        """A row, if it is there and this restore's: a job may be another's by now."""
        row = self._ledger.store.get(place, key)
        if row and row.text("restore") == restore_id:
            self._ledger.store.commit(place, [Change("delete", key, etag=row.etag)])

    def _told(self, restore_id: str) -> Iterator[Row]:
        prefix = row_keys.notices(restore_id)
        return self._ledger.store.scan(row_keys.partition(restore_id), prefix, row_keys.until(prefix))
