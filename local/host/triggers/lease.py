"""The lock that lets one instance tick: a lease in a file, as the real host keeps one on a blob.

Measured of the real one: 60 s long, renewed each 30 s, looked for each 60 s. A killed holder's lease runs out by
itself; a holder whose renewals fail warns and goes on ticking beside whoever took the lease over.
"""

import asyncio
import fcntl
import json
import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

logger = logging.getLogger("host")
SECONDS = 60.0


@dataclass
class Lease:
    """One instance's hold on `path`. While the file beside it, named `….renewals-fail`, is there, no renewal works."""

    path: Path
    seconds: float = SECONDS
    now: Callable[[], float] = time.time
    holder: str = field(default_factory=lambda: str(uuid.uuid4()))

    def take(self) -> bool:
        """True when it was free or had run out."""
        with self._file() as file:
            holder, until = _read(file)
            if holder not in (None, self.holder) and until > self.now():
                return False
            _write(file, self.holder, self.now() + self.seconds)
            return True

    def renew(self) -> bool:
        """False when the storage refuses, or when another instance took it meanwhile."""
        if self.path.with_name(f"{self.path.name}.renewals-fail").exists():
            return False
        with self._file() as file:
            if _read(file)[0] != self.holder:
                return False
            _write(file, self.holder, self.now() + self.seconds)
            return True

    def release(self) -> None:
        """At a clean stop; a killed process never comes here."""
        with self._file() as file:
            if _read(file)[0] == self.holder:
                file.truncate(0)

    async def keep(self, name: str) -> None:
        """Renews for ever, at half the lease's time."""
        while True:
            await asyncio.sleep(self.seconds / 2)
            if not self.renew():
                logger.warning("function=%s the timer's lease was not renewed; this instance goes on ticking", name)

    @contextmanager
    def _file(self) -> Iterator[IO[str]]:
        with self.path.open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file


def _read(file: IO[str]) -> tuple[str | None, float]:
    file.seek(0)
    text = file.read()
    if not text:
        return None, 0.0
    content = json.loads(text)
    return content["holder"], content["until"]


def _write(file: IO[str], holder: str, until: float) -> None:
    file.truncate(0)
    file.write(json.dumps({"holder": holder, "until": until}))
    file.flush()
