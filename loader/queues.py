"""The two queues by azure-storage-queue: a load is taken, kept hidden while it is worked on, answered, deleted."""

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueMessage

from loader.messages import LOADS, VERDICTS
from loader.sources import NoSource

STORAGE = "AzureWebJobsStorage"  # the desk's own setting: its queues are ours
HIDDEN_SECONDS = 120  # a load comes back this long after its loader died
CLIENT_OPTIONS: dict[str, Any] = {"connection_timeout": 20, "read_timeout": 60, "retry_total": 5}

log = logging.getLogger("loader")


class Queues:
    """Raises AzureError where the queues do not answer."""

    def __init__(self, loads: QueueClient, verdicts: QueueClient, hidden: int = HIDDEN_SECONDS) -> None:
        self._loads, self._verdicts, self._hidden = loads, verdicts, hidden

    def take(self) -> QueueMessage | None:
        """The next load, hidden from other loaders for a while; None if there is none."""
        try:
            return self._loads.receive_message(visibility_timeout=self._hidden)
        except ResourceNotFoundError:
            return None

    def answer(self, text: str) -> None:
        """Posts to the desk; the queue is made if it is missing."""
        try:
            self._verdicts.send_message(text, time_to_live=-1)
        except ResourceNotFoundError:
            with suppress(ResourceExistsError):
                self._verdicts.create_queue()
            self._verdicts.send_message(text, time_to_live=-1)

    def delete(self, message: QueueMessage) -> None:
        """Done with it. One that another loader has taken meanwhile stays with that one."""
        try:
            self._loads.delete_message(message)
        except AzureError as error:
            log.warning("a load could not be deleted: %s", code_of(error))

    def release(self, message: QueueMessage) -> None:
        """Gives it back at once."""
        try:
            self._loads.update_message(message, visibility_timeout=0)
        except AzureError as error:
            log.warning("a load could not be given back: %s", code_of(error))

    @contextmanager
    def held(self, message: QueueMessage) -> Iterator[None]:
        """Keeps it hidden; a renewal that fails is tried again, because it may come back while we work at worst."""
        done = threading.Event()

        def renew() -> None:
            while not done.wait(self._hidden / 4):
                try:
                    renewed = self._loads.update_message(message, visibility_timeout=self._hidden)
                    message.pop_receipt = renewed.pop_receipt
                except AzureError as error:
                    log.warning("a load could not be kept hidden: %s", code_of(error))

        thread = threading.Thread(target=renew, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def open_queues(environ: Mapping[str, str]) -> Queues:
    """By the desk's settings: a connection string, or `…__queueServiceUri` and identity. NoSource without either."""
    given, url = environ.get(STORAGE, ""), environ.get(f"{STORAGE}__queueServiceUri", "").rstrip("/")
    if given:
        loads = QueueClient.from_connection_string(given, LOADS, **CLIENT_OPTIONS)
        return Queues(loads, QueueClient.from_connection_string(given, VERDICTS, **CLIENT_OPTIONS))
    if not url.startswith("https://"):
        raise NoSource(f"set {STORAGE} (a connection string) or {STORAGE}__queueServiceUri (https, with identity)")
    from azure.identity import DefaultAzureCredential

    identity = environ.get(f"{STORAGE}__clientId")
    credential = DefaultAzureCredential(**({"managed_identity_client_id": identity} if identity else {}))
    loads = QueueClient(url, LOADS, credential=credential, **CLIENT_OPTIONS)
    return Queues(loads, QueueClient(url, VERDICTS, credential=credential, **CLIENT_OPTIONS))


def code_of(error: AzureError) -> str:
    """What went wrong, without the URL that the error's text holds."""
    code = getattr(error, "error_code", None) or type(error).__name__
    return str(getattr(code, "value", code))
