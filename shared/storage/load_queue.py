"""The queue `restore-loads`, from which loaders take verifications, and how many lie in it."""

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.queue import QueueClient

from shared.storage.wake_queue import WakeQueue

LOADS, VERDICTS = "restore-loads", "restore-verdicts"


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
