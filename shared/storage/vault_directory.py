"""The directory of vaults: which ever had a restore, and which of them may have unfinished work now.

A vault is entered before anything unfinished is written for it, and that makes it busy again. The sweep makes it idle
once it was found empty for a while; a full round now and then looks at the idle ones all the same.
"""

from datetime import datetime, timedelta

from shared.domain.values import iso, utc
from shared.frozen import frozen
from shared.storage import row_keys
from shared.storage.store import Change, Store

SETTLED = timedelta(minutes=5)  # much longer than a caller may take between entering a vault and its own write


@frozen
class Entry:
    """A vault ("" stands for requests that belong to none) and since when it has had nothing unfinished."""

    vault: str
    idle: bool
    empty_since: datetime | None
    key: str
    etag: str


def enter(store: Store, vault: str) -> None:
    """The vault may have unfinished work from now on: whatever was noted of its emptiness is gone."""
    place = row_keys.short(vault) if vault else row_keys.NO_VAULT
    store.commit(row_keys.DIRECTORY, [Change("put", place, {"vault": vault})])


def entries(store: Store) -> list[Entry]:
    """All vaults, in one range."""
    found = []
    for row in store.scan(row_keys.DIRECTORY, "0", "~"):
        since = row.text("emptySince")
        entry = Entry(row.text("vault"), bool(row.fields.get("idle")), utc(since) if since else None, row.key, row.etag)
        found.append(entry)
    return found


def note(store: Store, entry: Entry, now: datetime, *, empty: bool) -> None:
    """Whether the vault was found without unfinished work after `entry` was read. Conflict: it was entered since."""
    if not empty:
        if entry.idle:
            enter(store, entry.vault)
        return
    if entry.idle:
        return
    if entry.empty_since is None:
        change = Change("update", entry.key, {"emptySince": iso(now)}, entry.etag)
    elif now - entry.empty_since >= SETTLED:
        change = Change("update", entry.key, {"idle": True}, entry.etag)
    else:
        return
    store.commit(row_keys.DIRECTORY, [change])
