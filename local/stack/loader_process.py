"""The loader as a process of a local stack: takes verifications from the stack's queue until its stdin ends."""

import logging
import os
import sys
import threading

from loader.queues import open_queues
from loader.shielded import shield
from loader.work import verdict_of, work_on

IDLE_SECONDS = (0.2, 0.5)  # between looks at an empty queue: somebody is watching


def main() -> int:
    """Ends with its parent, whose pipe its stdin is; a load in hand goes back to its queue by itself."""
    shield()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("azure").setLevel(logging.ERROR)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    queues = open_queues(os.environ)
    print("taking verifications from restore-loads", flush=True)
    work_on(queues, verdict_of, idle=IDLE_SECONDS)
    return 0


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
