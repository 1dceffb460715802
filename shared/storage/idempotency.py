"""Idempotency keys: the restore that a key stands for, and when another request may have the key."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.domain.problems import Problem, Trouble
from shared.domain.restore import Phase, Restore
from shared.domain.values import utc
from shared.storage import row_keys
from shared.storage.ledger import Key, Ledger

REFUSED = "refused"  # in place of a hash: what could not be taken was never a request
TRIES = 5  # of a claim that others may come before


def same_key_problem(key: Key) -> Problem:
    """One key, two requests: the second is not taken. A restore is named only while it is on the books."""
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


@dataclass(frozen=True)
class Keys:
    """The keys of a ledger. A key is claimed before its restore is saved, so that a process that ends between the two
    leaves a key without a restore. Such a key binds nobody: the same request fills it at once, another request may
    have it `grace` seconds after the claim. The claimed id is voided first: a process that is late then fails to
    save under it and looks at the key again."""

    ledger: Ledger
    now: Callable[[], datetime]
    grace: float

    def known(self, source: str, name: str, said: str) -> Restore | None:
        """The restore of the request with this hash, or None where it may be taken. Problem: the key is another
        request's, or its restore was removed. Trouble: another request was claiming it a moment ago."""
        key = self.ledger.find_key(source, name)
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
            key = self.ledger.claim_key(restore.source, str(restore.key), restore.id, said, self.now())
            if key.mine or (key.hash == said and self._fills(key, restore)):
                return key.restore
            if key.hash != said and not self._may_have(key):
                raise same_key_problem(key)
            kept = self.ledger.load(key.restore) is not None
            if not kept and not self.ledger.void(key.restore, self.now()):
                continue  # it was saved meanwhile
            taken = self.ledger.take_over_key(
                restore.source, str(restore.key), key, fresh_id(), said, self.now(), kept=kept
            )
            if taken.mine:
                return taken.restore
        raise Trouble("the idempotency key was claimed by others each time it was looked at")

    def _fills(self, key: Key, restore: Restore) -> bool:
        """Whether the same request goes on under the claimed id. Not where that is void, or of another vault."""
        if key.removed and restore.phase is Phase.ACCEPTED:  # the retention came since the key was looked at
            raise removed_problem(key.restore)
        if self.ledger.load(key.restore):
            return True
        if self.ledger.is_void(key.restore):
            return False
        return row_keys.partition(key.restore) == row_keys.partition(restore.id) or not self._may_have(key)

    def _may_have(self, key: Key) -> bool:
        """Whether another request may have the key: its restore never came on the books, or was refused before any
        attempt."""
        if key.removed:
            return False
        first = self.ledger.load(key.restore)
        if first:
            return key.hash != REFUSED and first.phase is Phase.REFUSED and not first.attempts
        age = (self.now() - utc(key.at)).total_seconds()
        if 0 <= age < self.grace and not self.ledger.is_void(key.restore):
            words = "another request with this idempotency key came a moment ago and is not on the books yet"
            raise Trouble(words, self.grace - age)
        return True
