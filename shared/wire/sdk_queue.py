"""A queue by azure-storage-queue: where a connection string names the account, not an identity."""

from datetime import datetime
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueClient

from shared.frozen import frozen
from shared.wire.queues import NoQueue, QueueDown


@frozen
class SdkQueue:
    """One queue."""

    client: QueueClient

    def put(self, text: str, hidden: int) -> None:
        try:
            self.client.send_message(text, visibility_timeout=hidden, time_to_live=-1)
        except AzureError as error:
            raise _said(error) from error

    def make(self) -> None:
        try:
            self.client.create_queue()
        except HttpResponseError as error:
            if error.status_code != 409 and not isinstance(error, ResourceExistsError):  # as it calls a 204
                raise _said(error) from error
        except AzureError as error:
            raise _said(error) from error

    def count(self) -> int:
        try:
            return self.client.get_queue_properties().approximate_message_count or 0
        except AzureError as error:
            raise _said(error) from error

    def first(self) -> datetime | None:
        try:
            found = next(iter(self.client.peek_messages(1)), None)
        except AzureError as error:
            raise _said(error) from error
        return found.inserted_on if found else None


def queue_of(connection_string: str, name: str) -> SdkQueue:
    """The queue of an account; the SDK's own first wait is 15 s: a caller, or the whole sweep, would stand for it."""
    short: dict[str, Any] = {"retry_total": 1, "connection_timeout": 5, "read_timeout": 10}
    short |= {"initial_backoff": 0.5, "increment_base": 1, "random_jitter_range": 0.3}
    return SdkQueue(QueueClient.from_connection_string(connection_string, name, **short))


def _said(error: AzureError) -> Exception:
    kind = NoQueue if isinstance(error, ResourceNotFoundError) else QueueDown
    return kind(type(error).__name__)
