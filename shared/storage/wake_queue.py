"""The queues that the desk sends to, by azure-storage-queue, and how they stand: plain text, never to expire."""

from dataclasses import dataclass
from datetime import datetime

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.storage.queue import QueueClient

from shared.domain.problems import Trouble

LOADS, VERDICTS = "restore-loads", "restore-verdicts"
LONGEST = 7 * 24 * 3600  # the most a message may be hidden


class WakeQueue:
    """Sends; it is made on first use where it is missing."""

    def __init__(self, client: QueueClient) -> None:
        self._client = client

    def send(self, text: str, delay: float) -> None:
        """Puts a message that becomes visible after `delay` seconds; Trouble if the queue does not answer."""
        hidden = min(max(0, round(delay + 0.4)), LONGEST)
        try:
            try:
                self._client.send_message(text, visibility_timeout=hidden, time_to_live=-1)
            except ResourceNotFoundError:
                self._make()
                self._client.send_message(text, visibility_timeout=hidden, time_to_live=-1)
        except AzureError as error:
            raise Trouble(f"the queue could not be used ({type(error).__name__})") from error

    def _make(self) -> None:
        try:
            self._client.create_queue()
        except HttpResponseError as error:
            if error.status_code != 409:
                raise


class LoadQueue(WakeQueue):
    """Sends loads, and counts those that no loader has finished."""

    def __init__(self, client: QueueClient) -> None:
        super().__init__(client)
        self._loads = client

    def waiting(self) -> int | None:
        """Loads in the queue, those that a loader keeps hidden among them; None if it does not answer."""
        try:
            return self._loads.get_queue_properties().approximate_message_count
        except ResourceNotFoundError:
            return 0
        except AzureError:
            return None


@dataclass(frozen=True)
class QueueState:
    """None: could not be read in this round."""

    messages: int | None = None
    age: float | None = None
    poison: int | None = None


def look(requests: QueueClient, poison: QueueClient, now: datetime) -> QueueState:
    """Two counts, and a peek where there are messages; Azure's own metric of queues is renewed once a day, too late
    for an alert."""
    try:
        count = _count(requests)
        first = next(iter(requests.peek_messages(1)), None) if count else None
        inserted = first.inserted_on if first else None
        age = max((now - inserted).total_seconds(), 0.0) if inserted else 0.0
        return QueueState(count, age if count is not None else None, _count(poison))
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
