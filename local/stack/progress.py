"""How a long run says how far it is: a line that renews itself on a terminal, elsewhere one every five seconds."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

EVERY = 5.0  # seconds between two lines
Say = Callable[[str], None]


@contextmanager
def progress(console: Console) -> Iterator[Say]:
    """What is to be called with each line."""
    last = 0.0

    def say(words: str) -> None:
        nonlocal last
        if console.is_terminal:
            status.update(words)
        elif time.monotonic() - last > EVERY:
            last = time.monotonic()
            console.print(words, soft_wrap=True, highlight=False)

    with console.status("starting …") as status:
        yield say
