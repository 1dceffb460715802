"""The queues that the desk sends to, by azure-storage-queue: plain text, never to expire."""

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
        """Puts a message that becomes visible after `delay` seconds; Trouble where the queue does not answer."""
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
        """Loads in the queue, those that a loader keeps hidden among them; None where it does not answer."""
        try:
            return self._loads.get_queue_properties().approximate_message_count
        except ResourceNotFoundError:
            return 0
        except AzureError:
            return None
