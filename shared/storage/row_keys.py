"""Where things stand in the ledger: partitions, row keys and restore ids. Pure.

One partition per vault. What the sweep reads lies together under `live-`, so that one range of one partition is the
whole of a vault's unfinished work.
"""

import hashlib
import re
from base64 import b32encode
from collections.abc import Callable, Iterable
from datetime import datetime

from shared.domain.values import iso

DESK = "desk"
DIRECTORY = "directory"
NO_VAULT = "novault0"
OWED, NOTICE = "live-z-owed-", "told-"
_ID = re.compile(r"[a-z0-9]{8}-[0-9a-z]{26}")
_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


def short(text: str, length: int = 8) -> str:
    """A short name for a long one (an ARM id, an idempotency key); case is ignored, as ARM does."""
    digest = hashlib.sha256(text.lower().encode()).digest()
    return b32encode(digest).decode().lower()[:length]


def new_id(vault: str | None, now: datetime, random: bytes) -> str:
    """A restore's id: its vault's partition, then a ULID, so that the order of ids is the order of acceptance."""
    number = int(now.timestamp() * 1000) << 80 | int.from_bytes(random[:10])
    ulid = "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))
    return f"{short(vault) if vault else NO_VAULT}-{ulid}"


def is_id(text: str) -> bool:
    """Whether this can be a restore's id."""
    return _ID.fullmatch(text) is not None


def partition(restore_id: str) -> str:
    """The partition that a restore's id names."""
    return f"v-{restore_id[:8]}"


def vault_partition(vault: str | None) -> str:
    """The partition of a vault; rows of no vault (an unreadable request) have a separate partition."""
    return f"v-{short(vault) if vault else NO_VAULT}"


def key_partition(source: str, key: str) -> str:
    """Each idempotency key is a partition of its own, scoped to its source."""
    return f"k-{hashlib.sha256(f'{source}\n{key}'.encode()).hexdigest()}"


def key(principal: str | None = None) -> str:
    """The row of a key in its partition: the first caller's, or that of a principal to whom the first is foreign."""
    return f"key-{short(principal, 26)}" if principal else "key"


def restore(restore_id: str) -> str:
    return f"restore-{restore_id}"


def open_row(instance: str, restore_id: str) -> str:
    return f"live-open-{short(instance, 12)}-{restore_id}"


def turn(instance: str) -> str:
    return f"live-turn-{short(instance, 12)}"


def notice(restore_id: str, sequence: int, channel: str) -> str:
    """The state of a notice, sent or not."""
    return f"{NOTICE}{restore_id}-{sequence:04d}-{channel}"


def notices(restore_id: str) -> str:
    """How the keys of all of a restore's notices begin."""
    return f"{NOTICE}{restore_id}-"


def owed(due: datetime, restore_id: str, sequence: int, channel: str) -> str:
    """The line of a notice that is still owed. Lines sort behind all other live rows, by time: one range holds what
    the sweep reads and ends with the notices that are due, another one ends before them all."""
    return f"{OWED}{iso(due)}-{restore_id}-{sequence:04d}-{channel}"


def said(restore_id: str, sequence: int) -> str:
    """What an event's notices say: one row for all channels."""
    return f"said-{restore_id}-{sequence:04d}"


def done(closed_at: datetime, restore_id: str) -> str:
    return f"done-{iso(closed_at)}-{restore_id}"


def closed_at(key: str) -> str:
    """When the restore of a `done` row closed, by its key; else empty."""
    return key[5:32] if key.startswith("done-") else ""


def dead(at: datetime, restore_id: str, tail: str) -> str:
    """A dead letter; the newest comes first."""
    return f"dead-{10**14 - int(at.timestamp() * 1000):015d}-{restore_id}-{tail}"


def job(job_id: str) -> str:
    return f"job-{job_id.lower()}"


def container(restore_id: str) -> str:
    """How the container of a closed restore stands."""
    return f"container-{restore_id}"


def cleanup(at: datetime, restore_id: str) -> str:
    """When the clean-up looks at a container again: in the order of time, so that an idle sweep reads one range."""
    return f"cleanup-{iso(at)}-{restore_id}"


def account(account_id: str) -> str:
    """What the daily look found in a storage account, among the desk's own rows."""
    return f"account-{short(account_id, 16)}"


def verification(restore_id: str) -> str:
    """How the verification of a restore stands."""
    return f"verification-{restore_id}"


def verify_look(at: datetime, restore_id: str) -> str:
    """When the sweep looks at a verification again, in the order of time."""
    return f"verify-{iso(at)}-{restore_id}"


def verified(instance: str) -> str:
    """The databases of an instance's last verification that passed."""
    return f"verified-{short(instance, 12)}"


def looked(instance: str) -> str:
    """When an instance's points were last looked at by the sweep, among the desk's own rows."""
    return f"looked-{short(instance, 16)}"


def spans(ids: Iterable[str], *kinds: Callable[[str], str]) -> list[tuple[str, str, str]]:
    """Where rows of these restores lie: in each vault a range of each kind, from the first restore's to the last's."""
    found = dict[str, list[str]]()
    for one in ids:
        found.setdefault(partition(one), []).append(one)
    return [(place, key(min(some)), until(key(max(some)))) for place, some in found.items() for key in kinds]


def until(prefix: str) -> str:
    """The end of the range of keys that begin with `prefix`."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)
