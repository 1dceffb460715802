"""`python -m loader work [--once]`: takes loads from the queue, verifies, answers. May be killed at any point."""

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from azure.core.exceptions import AzureError
from azure.storage.queue import QueueMessage

from loader.confined import possible
from loader.levels import run
from loader.messages import Load, Unreadable, answered, started
from loader.programs import find
from loader.progress import duration
from loader.queues import Queues, code_of, open_queues
from loader.sources import NoSource, open_source
from loader.verdict import EXIT_CODES, Finding, Level, Outcome, Verdict, judge

MAX_TAKEN = 3  # a load that was taken this often without an answer ends its loader: it is answered, not tried again
IDLE_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)  # between looks at an empty queue
GIVEN_UP = "taken {} times without a verdict: each time the loader ended before its end (memory, disk, time limit)"

log = logging.getLogger("loader")
Verify = Callable[[Load], Verdict]


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="one load at most, then end (an event-driven job)")


def main(parsed: argparse.Namespace) -> int:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("azure").setLevel(logging.ERROR)
    queues = open_queues(os.environ)
    if not possible():
        log.warning("programs that read a dump cannot be kept from the network here")
    signal.signal(signal.SIGTERM, _stop)
    try:
        if parsed.once:
            work_once(queues, verdict_of)
        else:
            work_on(queues, verdict_of)
    except AzureError as error:
        log.error("the queues do not answer: %s", code_of(error))
        return EXIT_CODES[Outcome.INCONCLUSIVE]
    return 0


def _stop(number: int, frame: FrameType | None) -> None:
    """The load in hand goes back to its queue on the way out."""
    sys.exit(128 + number)


def work_on(
    queues: Queues, verify: Verify, end: threading.Event | None = None, idle: Sequence[float] = IDLE_SECONDS
) -> None:
    """Takes load after load until `end` is set; `idle` are seconds between looks at an empty queue."""
    end, looks = end or threading.Event(), 0
    while not end.is_set():
        if work_once(queues, verify):
            looks = 0
            continue
        end.wait(idle[min(looks, len(idle) - 1)])
        looks += 1


def work_once(queues: Queues, verify: Verify) -> bool:
    """Takes and answers one load; False if there was none.

    The order makes every crash harmless: `started`, the verdict, and only then the load is deleted. A crash in between
    means that the load comes back and is answered again, and the desk takes the first answer of a number.
    """
    message = queues.take()
    if message is None:
        return False
    try:
        load = Load.read(message.content)
    except Unreadable as error:
        log.error("a load was dropped: %s", error)
        queues.delete(message)
        return True
    with _returned(queues, message), queues.held(message):
        queues.answer(started(load))
        verdict = _verdict(load, message, verify)
        queues.answer(answered(load, verdict.as_json()))
    queues.delete(message)
    log.info("%s number %d: %s in %s", load.verification, load.number, verdict.outcome.value, duration(verdict.seconds))
    return True


@contextmanager
def _returned(queues: Queues, message: QueueMessage) -> Iterator[None]:
    """Gives the load back at once where its work ends by an exception."""
    try:
        yield
    except BaseException:
        queues.release(message)
        raise


def _verdict(load: Load, message: QueueMessage, verify: Verify) -> Verdict:
    """A fault of our own is a verdict too: inconclusive, so that nobody waits for an answer."""
    if (message.dequeue_count or 0) > MAX_TAKEN:
        return inconclusive(load, GIVEN_UP.format(MAX_TAKEN))
    log.info("%s number %d: %s of %s", load.verification, load.number, load.level, load.container)
    try:
        return verify(load)
    except NoSource as error:
        return inconclusive(load, str(error))
    except Exception as error:
        log.error("%s number %d: %s", load.verification, load.number, type(error).__name__, exc_info=error)
        return inconclusive(load, f"a fault of the loader ({type(error).__name__}); its log has more")


def inconclusive(load: Load, reason: str) -> Verdict:
    return judge(Level(load.level), [Finding(Outcome.INCONCLUSIVE, reason)], [], [], 0)


def verdict_of(load: Load) -> Verdict:
    """The real one."""
    if "://" not in load.container:
        raise NoSource("a load must name a container's URL")
    source = open_source(load.container, os.environ)
    return run(source, Level(load.level), load.expected, load.checks, find(os.environ))
