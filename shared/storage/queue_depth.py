"""How the queues stand: messages, the age of the oldest visible one, poison. Unknown where they do not answer."""

from dataclasses import dataclass
from datetime import datetime

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.queue import QueueClient


@dataclass(frozen=True)
class QueueState:
    """None: could not be read in this round."""

    messages: int | None = None
    age: float | None = None
    poison: int | None = None


def look(requests: QueueClient, poison: QueueClient, now: datetime) -> QueueState:
    """Two counts and a peek; Azure's own metric of queues is renewed once a day, too late for an alert."""
    try:
        first = next(iter(requests.peek_messages(1)), None)
        inserted = first.inserted_on if first else None
        age = max((now - inserted).total_seconds(), 0.0) if inserted else 0.0
        return QueueState(_count(requests), age, _count(poison))
    except ResourceNotFoundError:
        return QueueState(0, 0.0, _count(poison))
    except AzureError:
        return QueueState()


def _count(queue: QueueClient) -> int | None:
    try:
        return queue.get_queue_properties().approximate_message_count
    except ResourceNotFoundError:
        return 0  # a poison queue is made when it is first needed
    except AzureError:
        return None
