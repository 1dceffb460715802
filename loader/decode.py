"""The level `decoded`: streams a whole archive through `pg_restore --data-only`, with sha256 and rows per table."""

import hashlib
import os
import queue
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from loader.confined import confined
from loader.copy_rows import RowCounter
from loader.programs import CLEAN

PIPE = 1 << 20
AHEAD = 3  # chunks of the source read before they are wanted
STALL_SECONDS = 900.0
LEFT_SECONDS = 2.0  # a read that hangs is left to itself: whoever stops the loader does not wait for it
MAX_WORDS = 4000  # bytes kept of what pg_restore says


@dataclass(frozen=True)
class Decoded:
    """What came out."""

    sha256: str
    size: int  # bytes read from the source
    output: int  # bytes of SQL that came out
    rows: Counter[bytes]  # by COPY statement
    code: int  # pg_restore's exit code, negative where a signal ended it
    words: str  # its stderr
    left_over: bool  # it ended well before it had read everything
    unfinished: bool  # its output ended inside a table's rows


def decode(
    chunks: Iterable[bytes],
    pg_restore: str,
    statements: Iterable[bytes],
    advance: Callable[[int], None],
    stall_seconds: float = STALL_SECONDS,
) -> Decoded:
    """Reads the source to its end, whatever pg_restore does. What the source raises is raised: pg_restore is killed."""
    line = [pg_restore, "--data-only", "--file=-"]
    pipe = subprocess.PIPE
    counter, said = RowCounter(statements), bytearray()
    with confined(
        lambda: subprocess.Popen(line, stdin=pipe, stdout=pipe, stderr=pipe, env=CLEAN, pipesize=PIPE)
    ) as process:
        pump = _Pump(process, counter, said, stall_seconds)
        try:
            digest, size, whole = pump.through(ahead(chunks), advance)
        except BaseException:
            process.kill()
            raise
        finally:
            pump.join()
        code = process.wait()
    words = said.decode(errors="replace").strip()
    if pump.stalled:
        words = f"pg_restore: nothing moved for {stall_seconds:.0f} s"
    return Decoded(digest, size, pump.output, counter.rows, code, words, code == 0 and not whole, counter.unfinished)


class _Pump:
    """The threads around one pg_restore: its output is counted and its words kept while its input is written."""

    def __init__(self, process: subprocess.Popen[bytes], counter: RowCounter, said: bytearray, stall: float) -> None:
        self._process, self._counter, self._said, self._stall = process, counter, said, stall
        self._moved, self._done, self.stalled, self.output = 0, threading.Event(), False, 0
        jobs = (self._count, self._listen, self._watch)
        self._threads = [threading.Thread(target=job, daemon=True) for job in jobs]
        for thread in self._threads:
            thread.start()

    def through(self, chunks: Iterable[bytes], advance: Callable[[int], None]) -> tuple[str, int, bool]:
        """sha256 and size of all that was read, and whether pg_restore took all of it."""
        digest, size, whole = hashlib.sha256(), 0, True
        assert self._process.stdin
        handle = self._process.stdin.fileno()
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            whole = whole and self._write(handle, chunk)
            advance(len(chunk))
        self._process.stdin.close()
        return digest.hexdigest(), size, whole

    def join(self) -> None:
        """Waits for the end of its output."""
        self._threads[0].join()
        self._threads[1].join()
        self._done.set()
        self._threads[2].join()
        self._counter.finish()

    def _write(self, handle: int, chunk: bytes) -> bool:
        rest = memoryview(chunk)
        while rest:
            try:
                taken = os.write(handle, rest)
            except BrokenPipeError:
                return False
            rest = rest[taken:]
            self._moved += taken
        return True

    def _count(self) -> None:
        assert self._process.stdout
        handle = self._process.stdout.fileno()
        while piece := os.read(handle, PIPE):
            self._moved += len(piece)
            self.output += len(piece)
            self._counter.feed(piece)

    def _listen(self) -> None:
        assert self._process.stderr
        while piece := os.read(self._process.stderr.fileno(), 4096):
            self._said.extend(piece[: MAX_WORDS - len(self._said)])

    def _watch(self) -> None:
        """A pg_restore that neither takes nor gives anything for long is killed."""
        seen = -1
        while not self._done.wait(self._stall):
            if seen == self._moved and self._process.poll() is None:
                self.stalled = True
                self._process.kill()
            seen = self._moved


def ahead(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same chunks, a few of them read beforehand by a thread, so that reading and decoding run side by side."""
    waiting: queue.Queue[bytes | BaseException | None] = queue.Queue(AHEAD)
    stop = threading.Event()

    def put(item: bytes | BaseException | None) -> None:
        while not stop.is_set():
            try:
                waiting.put(item, timeout=0.2)
            except queue.Full:
                continue
            return

    def read() -> None:
        try:
            for chunk in chunks:
                put(chunk)
                if stop.is_set():
                    return
            put(None)
        except BaseException as error:  # noqa: BLE001 - raised again where the chunks are wanted
            put(error)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        while (item := waiting.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        reader.join(LEFT_SECONDS)
