"""What the listener relies on in a queue, shown of the queue in memory and of Azure Storage's."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Protocol

import pytest

from local.host.bindings.connections import Connection
from local.host.triggers.memory_queue import MemoryQueue
from local.host.triggers.queue_listener import MessageLost, Queue
from local.host.triggers.storage_queue import StorageQueue
from local.stack.azurite import Azurite


class Made(Queue, Protocol):
    async def create(self) -> None: ...


@pytest.fixture(params=["memory", "storage"])
def queue(request: pytest.FixtureRequest) -> Made:
    name = f"contract-{uuid.uuid4()}"
    if request.param == "memory":
        return MemoryQueue(name)
    azurite: Azurite = request.getfixturevalue("azurite")
    return StorageQueue(Connection(azurite.connection_string), name)


def holds(queue: Made) -> Callable[[Callable[[Made], Awaitable[None]]], None]:
    async def made_first(story: Callable[[Made], Awaitable[None]]) -> None:
        await queue.create()
        await queue.create()
        await story(queue)

    return lambda story: asyncio.run(made_first(story))


def test_a_message_is_received_as_it_was_sent_and_then_not_seen(queue: Made) -> None:
    @holds(queue)
    async def story(queue: Made) -> None:
        assert await queue.receive(4, 60) == []
        await queue.send('<a b="&amp;">é {"x": 1}</a>')
        (message,) = await queue.receive(4, 60)
        assert message.text == '<a b="&amp;">é {"x": 1}</a>'
        assert message.dequeue_count == 1
        assert message.pop_receipt
        assert message.inserted is not None
        assert message.expires is not None
        assert message.next_visible is not None
        assert message.inserted < message.next_visible < message.expires
        assert await queue.receive(4, 60) == []


def test_no_more_are_received_than_asked_for(queue: Made) -> None:
    @holds(queue)
    async def story(queue: Made) -> None:
        for number in range(3):
            await queue.send(str(number))
        assert len(await queue.receive(2, 60)) == 2
        assert len(await queue.receive(2, 60)) == 1


def test_a_released_message_is_seen_again_and_its_old_receipt_is_void(queue: Made) -> None:
    @holds(queue)
    async def story(queue: Made) -> None:
        await queue.send("again")
        (first,) = await queue.receive(1, 60)
        released = await queue.renew(first, 0)
        assert released.pop_receipt != first.pop_receipt
        (second,) = await queue.receive(1, 60)
        assert (second.id, second.text, second.dequeue_count) == (first.id, "again", 2)
        for lost in (queue.delete(first), queue.renew(first, 60)):
            with pytest.raises(MessageLost):
                await lost


def test_a_renewed_message_is_deleted_by_its_new_receipt_once(queue: Made) -> None:
    @holds(queue)
    async def story(queue: Made) -> None:
        await queue.send("long")
        (message,) = await queue.receive(1, 60)
        message = await queue.renew(message, 120)
        assert (message.text, message.dequeue_count) == ("long", 1)
        await queue.delete(message)
        for lost in (queue.delete(message), queue.renew(message, 60)):
            with pytest.raises(MessageLost):
                await lost


def test_sending_makes_the_queue_and_reading_does_not(queue: Made) -> None:
    async def story() -> None:
        with pytest.raises(ConnectionError, match="QueueNotFound"):
            await queue.receive(1, 60)
        await queue.send("first")
        assert len(await queue.receive(1, 60)) == 1

    asyncio.run(story())


def test_a_connection_string_that_is_none_is_told_without_showing_it() -> None:
    with pytest.raises(ConnectionError, match="for queue work cannot be used") as refusal:
        StorageQueue(Connection("AccountKey=c2VjcmV0"), "work")
    assert "c2VjcmV0" not in str(refusal.value)
