"""Loads a custom archive into a throwaway server with pg_restore, as the plain role and with a deadline."""

import os
import subprocess
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from loader.archive import Entry
from loader.confined import confined
from loader.decode import ahead
from loader.programs import Programs
from loader.throwaway import DATABASE, Throwaway

MAX_WORDS = 4000  # bytes kept of what pg_restore says: as many of its beginning as of its end
FRAME = frozenset({"SCHEMA", "EXTENSION"})  # made beforehand


@dataclass(frozen=True)
class Ended:
    """How a load ended. `late_at` is the statement at which it was when its time was over."""

    code: int
    words: str
    late: bool = False
    late_at: str = ""


def load_archive(
    throwaway: Throwaway, client: Programs, chunks: Iterable[bytes], entries: Sequence[Entry], seconds: float
) -> Ended:
    """Streams the archive in. What the source raises is raised: the load is given up."""
    listed = throwaway.folder / "list"
    listed.write_text("".join(f"{entry.dump_id};\n" for entry in entries if entry.kind not in FRAME))
    line = [client.path("pg_restore"), "--no-owner", "--no-acl", "--no-tablespaces", "--dbname", DATABASE]
    pipe = subprocess.PIPE
    line += ["--use-list", str(listed)]
    given = throwaway.loaders_environment
    with confined(
        lambda: subprocess.Popen(line, stdin=pipe, stdout=subprocess.DEVNULL, stderr=pipe, env=given, cwd="/")
    ) as process:
        deadline = Deadline(throwaway, process.kill, seconds)
        words = _Words(process)
        try:
            _write(process, chunks)
        except BaseException:
            process.kill()
            raise
        finally:
            code = process.wait()
            said = words.text()  # before the pipe closes: its thread reads it to the end
            deadline.cancel()
    return Ended(code, said, deadline.late, deadline.late_at)


class Deadline:
    """Ends a load when its time is over, and keeps the statement it was at."""

    def __init__(self, throwaway: Throwaway, stop: Callable[[], None], seconds: float) -> None:
        self.late, self.late_at = False, ""
        self._throwaway, self._stop = throwaway, stop
        self._timer = threading.Timer(seconds, self._over)
        self._timer.start()

    def cancel(self) -> None:
        self._timer.cancel()
        self._timer.join()

    def _over(self) -> None:
        self.late = True
        try:
            self.late_at = self._throwaway.running()
        finally:
            self._stop()


class _Words:
    """Keeps beginning and end of what a process says, and reads on so that it never waits for us."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process, self._said = process, bytearray()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def text(self) -> str:
        self._thread.join()
        return self._said.decode(errors="replace").strip()

    def _listen(self) -> None:
        assert self._process.stderr
        while piece := os.read(self._process.stderr.fileno(), 4096):
            self._said += piece
            if len(self._said) > 2 * MAX_WORDS:
                del self._said[MAX_WORDS:-MAX_WORDS]


def _write(process: subprocess.Popen[bytes], chunks: Iterable[bytes]) -> None:
    assert process.stdin
    try:
        for chunk in ahead(chunks):
            process.stdin.write(chunk)
        process.stdin.close()
    except BrokenPipeError:
        pass  # it ended: its exit code and the server's log say why
