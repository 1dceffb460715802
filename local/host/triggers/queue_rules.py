"""The queue trigger's decisions: names, encoding, back-off, what becomes of a message. Pure.

They are those of azure-sdk-for-net, Microsoft.Azure.WebJobs.Extensions.Storage.Common (QueueListener, QueueProcessor).
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from local.host.bindings.protos import TypedData, as_json

_LONGEST_NAME = 63
_SHORTEST_DELAY = 0.1
_IGNORED = {ord(blank): None for blank in " \t\r\n"}  # what .NET skips in base64, and no other white space


@dataclass(frozen=True)
class Message:
    """A received message; `text` is as it lies in the queue, not decoded."""

    id: str
    text: str
    dequeue_count: int
    pop_receipt: str
    inserted: datetime | None
    expires: datetime | None
    next_visible: datetime | None


class Fate(Enum):
    DELETE = "delete"
    RELEASE = "release"
    POISON = "poison"
    LEAVE = "leave"  # stays invisible for its ten minutes, and is run again: there is no poison queue to put it on


def poison_name(queue: str) -> str | None:
    """None for a poison queue itself, and where the name would be too long."""
    name = f"{queue}-poison"
    return None if queue.endswith("-poison") or len(name) > _LONGEST_NAME else name


def before(message: Message, most: int, *, poison: bool) -> Fate | None:
    """None: run the function. Without a poison queue to go to, a message is run again for as long as it lives."""
    return Fate.POISON if poison and message.dequeue_count > most else None


def after(message: Message, most: int, *, succeeded: bool, poison: bool) -> Fate:
    if succeeded:
        return Fate.DELETE
    if not poison:
        return Fate.LEAVE
    return Fate.POISON if message.dequeue_count >= most else Fate.RELEASE


def decode(text: str, encoding: str) -> bytes | None:
    """None if the message is not what host.json's messageEncoding says."""
    if encoding == "none":
        return text.encode()
    try:
        return base64.b64decode(text.translate(_IGNORED), validate=True)
    except (binascii.Error, ValueError):
        return None


def encode(body: bytes, encoding: str) -> str:
    return body.decode() if encoding == "none" else base64.b64encode(body).decode()


@dataclass(frozen=True)
class Backoff:
    """The wait before the next look: from 100 ms, doubled each time give or take a fifth; a find begins again."""

    longest: float
    empty: int = 0
    delay: float = _SHORTEST_DELAY

    def next(self, *, found: bool, jitter: Callable[[], float]) -> "Backoff":
        """`jitter` gives a factor between 0.8 and 1.2."""
        if found:
            return Backoff(self.longest, 1, min(_SHORTEST_DELAY, self.longest))
        if self.delay >= self.longest:
            return self
        grown = jitter() * 2 ** (self.empty - 1) * _SHORTEST_DELAY if self.empty else 0.0
        return Backoff(self.longest, self.empty + 1, min(_SHORTEST_DELAY + grown, self.longest))


def metadata(message: Message, body: str) -> dict[str, TypedData]:
    """As the host sends it: text as a string, everything else as JSON."""
    times = {
        "InsertionTime": message.inserted,
        "ExpirationTime": message.expires,
        "NextVisibleTime": message.next_visible,
    }
    return {
        "QueueTrigger": TypedData(string=body),
        "Id": TypedData(string=message.id),
        "PopReceipt": TypedData(string=message.pop_receipt),
        "DequeueCount": as_json(message.dequeue_count),
        **{name: as_json(moment.isoformat()) for name, moment in times.items() if moment},
    }
