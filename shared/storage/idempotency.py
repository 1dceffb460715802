"""Idempotency keys: the restore that a key stands for, and when another request may have the key."""

import json
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime

from shared.domain.problems import Problem, Trouble
from shared.domain.restore import Phase, Restore
from shared.domain.values import iso, utc
from shared.frozen import frozen
from shared.storage import row_keys
from shared.storage.ledger import Ledger
from shared.storage.store import Change, Conflict, Field, Row, Store

MOST_EARLIER = 50  # requests that a key remembers
REFUSED = "refused"  # in place of a hash: what could not be taken was never a request
TRIES = 5  # of a claim that others may come before


@frozen
class Key:
    """An idempotency key's row: the restore it names, and the hash of the request that came with it."""

    restore: str
    hash: str
    mine: bool
    removed: bool = False  # the retention took its restore; the key stays
    earlier: Mapping[str, str] = field(default_factory=dict)  # hash → restore, of requests that were refused before
    at: str = ""  # when it was claimed or taken over
    etag: str = ""
    row: str = "key"
    principal: str | None = None  # of the first caller of whom one was known


@frozen
class KeyRows:
    """The rows of keys in the table."""

    store: Store

    def claim(
        self, source: str, key: str, restore_id: str, request_hash: str, now: datetime, principal: str | None = None,
        row: str = "key",
    ) -> Key:  # fmt: skip
        """Inserts the key's row, which is never removed. The first claim wins; a later one gets the first one's row."""
        place = row_keys.key_partition(source, key)
        fields: dict[str, Field] = {"restore": restore_id, "hash": request_hash, "at": iso(now), "source": source}
        fields |= {"principal": principal} if principal else {}
        try:
            self.store.commit(place, [Change("insert", row, fields)])
            return Key(restore_id, request_hash, True, at=iso(now), row=row, principal=principal)
        except Conflict:
            found = self.find(source, key, row)
            if found is None:
                raise
            return found

    def find(self, source: str, key: str, row: str = "key") -> Key | None:
        """What a key names in one of its rows, or None."""
        found = self.store.get(row_keys.key_partition(source, key), row)
        return _key(found) if found else None

    def all(self, source: str, key: str) -> list[Key]:
        """What a key names, for each of its callers."""
        rows = self.store.scan(row_keys.key_partition(source, key), row_keys.key(), row_keys.until(row_keys.key()))
        return [_key(row) for row in rows]

    def take_over(
        self, source: str, key: str, held: Key, restore_id: str, request_hash: str, now: datetime, *, kept: bool = True,
        principal: str | None = None,
    ) -> Key:  # fmt: skip
        """Gives a key to another request, if nobody took it since `held` was read. Returns the latest
        key row. `kept`: its restore is in the ledger, and the earlier request still finds it."""
        place = row_keys.key_partition(source, key)
        before = [(held.hash, held.restore)] if kept else []
        earlier = dict([*held.earlier.items(), *before][-MOST_EARLIER:])
        fields: dict[str, Field] = {"restore": restore_id, "hash": request_hash, "takenOverAt": iso(now)}
        fields |= {"earlier": json.dumps(earlier), **({"principal": principal} if principal else {})}
        try:
            self.store.commit(place, [Change("update", held.row, fields, held.etag)])
            return Key(restore_id, request_hash, True, earlier=earlier, at=iso(now), row=held.row, principal=principal)
        except Conflict:
            return self.find(source, key, held.row) or held


def _key(row: Row) -> Key:
    earlier, at = json.loads(row.text("earlier") or "{}"), row.text("takenOverAt") or row.text("at")
    removed, principal = bool(row.text("removedAt")), row.text("principal") or None
    return Key(row.text("restore"), row.text("hash"), False, removed, earlier, at, row.etag, row.key, principal)


def same_key_problem(key: Key) -> Problem:
    """One key, two requests: the second is not taken. A restore is named only while it is in the ledger."""
    title = "The idempotency key was used for another request"
    if key.removed:
        words = "this key came before with another request, whose restore is closed and past RETENTION_DAYS"
        return Problem(422, title, f"{words}; use a new key for a new request", "idempotencyKey")
    words = f"this key came before with another request, which is restore {key.restore}"
    more = {"restore": key.restore}
    return Problem(422, title, f"{words}; use a new key for a new request", "idempotencyKey", more)


def removed_problem(restore_id: str) -> Problem:
    """The key's restore was done so long ago that the ledger no longer has it; it is not done again."""
    words = f"restore {restore_id} of this key is closed and past RETENTION_DAYS; use a new key for a new restore"
    title = "The restore of this key was removed"
    return Problem(410, title, words, "idempotencyKey", {"restore": restore_id})


def others(one: str | None, other: str | None) -> bool:
    """Whether two callers are surely not the same."""
    return one is not None and other is not None and one.casefold() != other.casefold()


@frozen
class Keys:
    """The keys of a ledger. A key is claimed before its restore is saved, so that a process that ends between the two
    leaves a key without a restore. Such a key binds nobody: the same request fills it at once, another request may
    have it `grace` seconds after the claim. The claimed id is voided first: a process that is late then fails to
    save under it and looks at the key again.

    The first row of a key is its first caller's. A principal to whom it is foreign has a row of its own. Who is not
    known, on either side, is foreign to nobody: such a request finds the restore that an earlier release saved."""

    ledger: Ledger
    now: Callable[[], datetime]
    grace: float

    @property
    def rows(self) -> KeyRows:
        return KeyRows(self.ledger.store)

    def known(self, source: str, name: str, said: str, who: str | None = None) -> Restore | None:
        """The restore of the request with this hash, or None if it may be taken; `who` is the principal that asks.
        Problem: the key is another request's, or its restore was removed. Trouble: another request was claiming it a
        moment ago."""
        key = self.rows.find(source, name)
        if key and self._foreign(key, who):
            key = self.rows.find(source, name, row_keys.key(who))
        if key is None:
            return None
        if key.hash != said and said not in key.earlier:
            if self._may_have(key):
                return None
            raise same_key_problem(key)
        if key.removed:
            raise removed_problem(key.restore)
        return self.ledger.load(key.earlier.get(said, key.restore))

    def claim(self, restore: Restore, said: str, fresh_id: Callable[[], str]) -> str:
        """The id under which this restore may be saved: its own, or the one that its key got before. Problem and
        Trouble as in `known`."""
        for _ in range(TRIES):
            key = self.first_claim(restore, str(restore.key), said)
            if key.mine or (key.hash == said and self._fills(key, restore)):
                return key.restore
            if key.hash != said and not self._may_have(key):
                raise same_key_problem(key)
            kept = self.ledger.load(key.restore) is not None
            if not kept and not self.ledger.void(key.restore, self.now()):
                continue  # it was saved meanwhile
            taken = self.rows.take_over(
                restore.source, str(restore.key), key, fresh_id(), said, self.now(), kept=kept,
                principal=restore.authenticated_as,
            )  # fmt: skip
            if taken.mine:
                return taken.restore
        raise Trouble("the idempotency key was claimed by others each time it was looked at")

    def first_claim(self, restore: Restore, name: str, said: str) -> Key:
        """The row of the key that this restore must read: its own claim, or an earlier one."""
        who = restore.authenticated_as
        key = self.rows.claim(restore.source, name, restore.id, said, self.now(), who)
        if key.mine or not self._foreign(key, who):
            return key
        return self.rows.claim(restore.source, name, restore.id, said, self.now(), who, row_keys.key(who))

    def _foreign(self, key: Key, who: str | None) -> bool:
        """Whether a key is another principal's. Release 0.1.0 saved it with the restore alone."""
        if who is None:
            return False
        restore = None if key.principal else self.ledger.load(key.restore)
        return others(key.principal or (restore.authenticated_as if restore else None), who)

    def _fills(self, key: Key, restore: Restore) -> bool:
        """Whether the same request goes on under the claimed id. Not if that is void, or of another vault."""
        if key.removed and restore.phase is Phase.ACCEPTED:  # the retention came since the key was looked at
            raise removed_problem(key.restore)
        if self.ledger.load(key.restore):
            return True
        if self.ledger.is_void(key.restore):
            return False
        return row_keys.partition(key.restore) == row_keys.partition(restore.id) or not self._may_have(key)

    def _may_have(self, key: Key) -> bool:
        """Whether another request may have the key: its restore was never saved, or was refused before any
        attempt."""
        if key.removed:
            return False
        first = self.ledger.load(key.restore)
        if first:
            return key.hash != REFUSED and first.phase is Phase.REFUSED and not first.attempts
        age = (self.now() - utc(key.at)).total_seconds()
        if 0 <= age < self.grace and not self.ledger.is_void(key.restore):
            words = "another request with this idempotency key came a moment ago and is not saved yet"
            raise Trouble(words, self.grace - age)
        return True
