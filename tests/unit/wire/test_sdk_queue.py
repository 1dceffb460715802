"""A queue by a connection string: a service that does not answer is said in our words, after one more try."""

import socket
import threading

import pytest

from shared.wire.queues import QueueDown
from shared.wire.sdk_queue import queue_of
from tests.kits.raw_server import raw_server


def hangs_up(connection: socket.socket, over: threading.Event) -> None:
    connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("act", ["put", "make", "count", "first"])
def test_a_queue_whose_service_does_not_answer_is_down_after_two_tries(act: str) -> None:
    with raw_server(hangs_up) as server:
        queue = queue_of(f"AccountName=desk;AccountKey=a2V5;QueueEndpoint={server.url}/desk;", "restore-requests")
        with pytest.raises(QueueDown, match=r"^ServiceResponseError$"):
            queue.put("{}", 0) if act == "put" else getattr(queue, act)()
        assert server.served == 2
