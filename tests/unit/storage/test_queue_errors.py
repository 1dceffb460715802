"""The queue through its SDK: what each error means, and that it is made where it is missing."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from azure.core.exceptions import ServiceRequestError
from azure.storage.queue import QueueClient

from shared.domain.problems import Trouble
from shared.storage.wake_queue import LONGEST, LoadQueue, QueueState, WakeQueue, look
from shared.wire.sdk_queue import SdkQueue
from tests.unit.storage.kit import http

NOW = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)


# --- the queue ------------------------------------------------------------------------------------------------------
@dataclass
class Peeked:
    """A visible message."""

    inserted_on: datetime | None


@dataclass
class Properties:
    """What a queue says of itself."""

    approximate_message_count: int


@dataclass
class FakeQueue:
    """A queue client that remembers its calls and fails as planned."""

    fails: dict[str, list[Exception]] = field(default_factory=dict)
    visible: list[Peeked] = field(default_factory=list)
    count: int = 0
    calls: list[str] = field(default_factory=list)
    sent: list[tuple[str, int, int]] = field(default_factory=list)

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if planned := self.fails.get(name):
            raise planned.pop(0)

    def send_message(self, text: str, visibility_timeout: int, time_to_live: int) -> None:
        self._called("send_message")
        self.sent.append((text, visibility_timeout, time_to_live))

    def create_queue(self) -> None:
        self._called("create_queue")

    def peek_messages(self, most: int) -> list[Peeked]:
        self._called("peek_messages")
        return self.visible[:most]

    def get_queue_properties(self) -> Properties:
        self._called("get_queue_properties")
        return Properties(self.count)


def sent(queue: FakeQueue, delay: float = 0) -> None:
    WakeQueue(SdkQueue(cast("QueueClient", queue))).send("text", delay)


@pytest.mark.parametrize(
    ("delay", "hidden"),
    [
        (0, 0),
        (-5, 0),
        (0.05, 0),
        (0.2, 1),
        (1, 1),
        (30, 30),
        (30.2, 31),
        (60, 60),
        (LONGEST + 5, LONGEST),
    ],
)
def test_a_message_is_hidden_for_its_delay_and_never_expires(delay: float, hidden: int) -> None:
    queue = FakeQueue()
    sent(queue, delay)
    assert queue.sent == [("text", hidden, -1)]
    assert LONGEST == 7 * 86400


@pytest.mark.parametrize("made", [[], [http(409)]])
def test_a_missing_queue_is_made_and_the_message_sent(made: list[Exception]) -> None:
    queue = FakeQueue({"send_message": [http(404)], "create_queue": list(made)})
    sent(queue, 5)
    assert queue.calls == ["send_message", "create_queue", "send_message"]
    assert queue.sent == [("text", 5, -1)]


@pytest.mark.parametrize(
    "fails",
    [
        {"send_message": [http(503)]},
        {"send_message": [http(404), http(404)]},
        {"send_message": [http(404)], "create_queue": [http(403)]},
        {"send_message": [ServiceRequestError("x")]},
    ],
)
def test_a_queue_that_does_not_take_a_message_is_trouble(fails: dict[str, list[Exception]]) -> None:
    with pytest.raises(Trouble, match="queue could not be used"):
        sent(FakeQueue(fails))


def looked(requests: FakeQueue, poison: FakeQueue) -> QueueState:
    return look(SdkQueue(cast("QueueClient", requests)), SdkQueue(cast("QueueClient", poison)), NOW)


def test_the_queues_are_seen_with_the_age_of_the_oldest_message() -> None:
    old, young = Peeked(NOW - timedelta(minutes=3)), Peeked(NOW - timedelta(minutes=1))
    assert looked(FakeQueue(visible=[old, young], count=5), FakeQueue(count=2)) == QueueState(5, 180.0, 2)
    assert looked(FakeQueue(count=4), FakeQueue()) == QueueState(4, 0.0, 0)
    assert looked(FakeQueue(visible=[Peeked(None)]), FakeQueue()).age == 0.0
    assert looked(FakeQueue(visible=[Peeked(NOW + timedelta(minutes=1))]), FakeQueue()).age == 0.0


def test_a_queue_that_is_not_there_is_empty_and_one_that_does_not_answer_is_unknown() -> None:
    gone: dict[str, list[Exception]] = {"peek_messages": [http(404)]}
    assert looked(FakeQueue(gone, count=1), FakeQueue(count=1)) == QueueState(0, 0.0, 1)
    assert looked(FakeQueue(), FakeQueue({"get_queue_properties": [http(404)]})) == QueueState(0, 0.0, 0)
    assert looked(FakeQueue({"peek_messages": [http(503)]}, count=1), FakeQueue(count=1)) == QueueState()
    assert looked(FakeQueue({"get_queue_properties": [http(503)]}), FakeQueue(count=1)) == QueueState(None, None, 1)
    quiet = FakeQueue()
    looked(quiet, FakeQueue())
    assert quiet.calls == ["get_queue_properties"]
    assert looked(FakeQueue(), FakeQueue({"get_queue_properties": [http(503)]})) == QueueState(0, 0.0, None)


@pytest.mark.parametrize(
    ("count", "fails", "waiting"),
    [(3, [], 3), (0, [], 0), (3, [http(404)], 0), (3, [http(503)], None), (3, [ServiceRequestError("x")], None)],
)
def test_how_many_loads_wait(count: int, fails: list[Exception], waiting: int | None) -> None:
    queue = FakeQueue({"get_queue_properties": list(fails)}, count=count)
    assert LoadQueue(SdkQueue(cast("QueueClient", queue))).waiting() == waiting
