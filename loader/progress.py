"""Shows how far a verification is: one moving line with bytes and time left on a terminal, plain lines otherwise."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

SHOWN_EVERY = 0.2  # seconds, on a terminal
SAID_EVERY = 30.0  # seconds, elsewhere


class Progress:
    """`total` is all bytes that will be read; `advance` takes what was read."""

    def __init__(self, total: int, out: TextIO = sys.stderr, clock: Callable[[], float] = time.monotonic) -> None:
        self._total, self._out, self._clock = total, out, clock
        self._read, self._name = 0, ""
        self._began = self._shown = clock()
        self._moving = out.isatty()

    def begin(self, name: str) -> None:
        """A file is begun."""
        self._name = name
        if not self._moving:
            self._say(f"reading {name}")

    def advance(self, count: int) -> None:
        self._read += count
        now = self._clock()
        if now - self._shown >= (SHOWN_EVERY if self._moving else SAID_EVERY):
            self._shown = now
            self._show(now)

    def say(self, text: str) -> None:
        """A line of its own."""
        if self._moving:
            self._out.write("\r\033[K")
        self._say(text)

    def end(self) -> None:
        """Leaves the terminal's line free."""
        if self._moving:
            self._out.write("\r\033[K")
            self._out.flush()

    def _show(self, now: float) -> None:
        text = f"{size(self._read)} of {size(self._total)}{self._left(now)}  {self._name}"
        if self._moving:
            self._out.write(f"\r\033[K{text}")
            self._out.flush()
        else:
            self._say(text)

    def _left(self, now: float) -> str:
        if not self._read or now <= self._began or self._total < self._read:
            return ""
        rate = self._read / (now - self._began)
        return f", {size(rate)}/s, {duration((self._total - self._read) / rate)} left"

    def _say(self, text: str) -> None:
        self._out.write(text + "\n")
        self._out.flush()


def size(count: float) -> str:
    """1.2 GiB"""
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:,.1f} GiB"


def duration(seconds: float) -> str:
    """3 min 05 s"""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
