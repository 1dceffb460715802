"""The queues that the desk sends to, and how they stand: plain text, never to expire."""

from datetime import datetime

from shared.domain.problems import Trouble
from shared.frozen import frozen
from shared.wire.queues import NoQueue, Queue, QueueDown

LOADS, VERDICTS = "restore-loads", "restore-verdicts"
LONGEST = 7 * 24 * 3600  # the most a message may be hidden


class WakeQueue:
    """Sends; it is made on first use if it is missing."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def send(self, text: str, delay: float) -> None:
        """Puts a message that becomes visible after `delay` seconds; Trouble if the queue does not answer."""
        hidden = min(max(0, round(delay + 0.4)), LONGEST)
        try:
            try:
                self._queue.put(text, hidden)
            except NoQueue:
                self._queue.make()
                self._queue.put(text, hidden)
        except (NoQueue, QueueDown) as error:
            raise Trouble(f"the queue could not be used ({error})") from error


class LoadQueue(WakeQueue):
    """Sends loads, and counts those that no loader has finished."""

    def waiting(self) -> int | None:
        """Loads in the queue, those that a loader keeps hidden among them; None if it does not answer."""
        return _count(self._queue)


@frozen
class QueueState:
    """None: could not be read in this round."""

    messages: int | None = None
    age: float | None = None
    poison: int | None = None


def look(requests: Queue, poison: Queue, now: datetime) -> QueueState:
    """Two counts, and a peek if there are messages; Azure's own metric of queues is renewed once a day, too late
    for an alert."""
    try:
        count = _count(requests)
        inserted = requests.first() if count else None
        age = max((now - inserted).total_seconds(), 0.0) if inserted else 0.0
        return QueueState(count, age if count is not None else None, _count(poison))
    except NoQueue:
        return QueueState(0, 0.0, _count(poison))
    except QueueDown:
        return QueueState()


def _count(queue: Queue) -> int | None:
    try:
        return queue.count()
    except NoQueue:
        return 0  # a poison queue is made when it is first needed
    except QueueDown:
        return None
