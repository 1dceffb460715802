"""`python -m loader <command>`."""

import signal
import sys
from types import FrameType

from loader.cli import main
from loader.shielded import shield


def _stop(number: int, frame: FrameType | None) -> None:
    """As Ctrl-C: what is begun is ended in order, and said."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    shield()
    for one in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, _stop)
    sys.exit(main(sys.argv[1:]))
