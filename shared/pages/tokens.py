"""Anti-forgery tokens: an HMAC over person, path and time, with a key that the ledger keeps."""

import hmac
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from shared.pages.access import Person
from shared.storage import row_keys
from shared.storage.store import Change, Conflict, Store

KEY_ROW = "page-key"
VALID = 12 * 3600  # seconds


@dataclass
class Tokens:
    """Made for a form of a page, checked when it comes back. Every instance of the app uses the one key row."""

    store: Store
    _key: bytes = field(default=b"", repr=False)

    def make(self, person: Person, path: str, now: datetime) -> str:
        """A token for one act (its path) of one person, valid for 12 hours."""
        at = str(int(now.timestamp()))
        return f"{at}.{_signed(self._key or self._read(), person, path, at)}"

    def good(self, token: str, person: Person, path: str, now: datetime) -> bool:
        """Whether it was made for this person and act, and is not too old."""
        at, _, signature = token.partition(".")
        if not (at.isascii() and at.isdecimal() and len(at) < 12 and signature.isascii()):
            return False
        if not -300 <= now.timestamp() - int(at) <= VALID:
            return False
        keys = [self._key or self._read()]
        if hmac.compare_digest(_signed(keys[0], person, path, at), signature):
            return True
        return hmac.compare_digest(_signed(self._read(), person, path, at), signature)  # the row may be another by now

    def _read(self) -> bytes:
        """The key; the first process that needs it makes it."""
        with suppress(Conflict):
            made = secrets.token_bytes(32)
            self.store.commit(row_keys.DESK, [Change("insert", KEY_ROW, {"key": made})])
        row = self.store.get(row_keys.DESK, KEY_ROW)
        key = row.fields.get("key") if row else None
        assert isinstance(key, bytes)
        assert len(key) == 32
        self._key = key
        return key


def _signed(key: bytes, person: Person, path: str, at: str) -> str:
    return hmac.new(key, f"{person.id}\n{path}\n{at}".encode(), "sha256").hexdigest()
