"""Azure Storage's queues behind the listener's port: the sync SDK on a few threads of its own (aiohttp stays out)."""

import asyncio
import contextlib
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueMessage

from local.host.bindings.connections import Connection
from local.host.triggers.queue_listener import MessageLost
from local.host.triggers.queue_rules import Message

_THREADS = ThreadPoolExecutor(8, thread_name_prefix="storage")
# The SDK's own back-off begins at 15 s, the real host's SDK (.NET) at 0.8 s.
_RETRIES: dict[str, Any] = {"retry_total": 4, "initial_backoff": 1, "increment_base": 2, "connection_timeout": 5}


def _client(connection: Connection, queue: str) -> QueueClient:
    if connection.text is not None:
        try:
            return QueueClient.from_connection_string(connection.text, queue, **_RETRIES)
        except ValueError as error:
            raise ConnectionError(f"the connection string for queue {queue} cannot be used: {error}") from None
    from azure.identity import DefaultAzureCredential  # 200 ms that a connection string does not need

    credential = DefaultAzureCredential(managed_identity_client_id=connection.client_id or None)
    return QueueClient(connection.queue_uri, queue, credential=credential, **_RETRIES)


def _message(one: QueueMessage) -> Message:
    return Message(
        id=one.id,
        text=one.content,
        dequeue_count=one.dequeue_count or 0,
        pop_receipt=one.pop_receipt or "",
        inserted=one.inserted_on,
        expires=one.expires_on,
        next_visible=one.next_visible_on,
    )


class StorageQueue:
    def __init__(self, connection: Connection, name: str) -> None:
        self.name = name
        self._client = _client(connection, name)

    async def create(self) -> None:
        await self._call(self._create)

    async def receive(self, most: int, invisible: float) -> list[Message]:
        def take() -> list[Message]:
            # One page: the SDK's plain iteration would ask again after a page that was not full.
            pages = self._client.receive_messages(messages_per_page=most, visibility_timeout=math.ceil(invisible))
            return [_message(one) for one in next(pages.by_page(), ())]

        return await self._call(take)

    async def renew(self, message: Message, invisible: float) -> Message:
        def update() -> Message:
            seconds = math.ceil(invisible)
            renewed = self._client.update_message(message.id, message.pop_receipt, visibility_timeout=seconds)
            return replace(message, pop_receipt=renewed.pop_receipt or "", next_visible=renewed.next_visible_on)

        return await self._call(update, settles=True)

    async def delete(self, message: Message) -> None:
        await self._call(lambda: self._client.delete_message(message.id, message.pop_receipt), settles=True)

    async def send(self, text: str) -> None:
        def put() -> None:
            try:
                self._client.send_message(text)
            except ResourceNotFoundError:
                self._create()
                self._client.send_message(text)

        await self._call(put)

    def _create(self) -> None:
        with contextlib.suppress(ResourceExistsError):
            self._client.create_queue()

    async def _call[Answer](self, request: Callable[[], Answer], *, settles: bool = False) -> Answer:
        try:
            return await asyncio.get_running_loop().run_in_executor(_THREADS, request)
        except HttpResponseError as error:
            code = getattr(error, "error_code", "")  # set by the storage SDK, unknown to azure.core's type
            if settles and error.status_code in (400, 404, 409):
                raise MessageLost(str(code)) from None
            raise ConnectionError(f"storage answered {error.status_code} {code} for queue {self.name}") from None
        except AzureError as error:
            raise ConnectionError(f"storage cannot be reached: {type(error).__name__}") from None
