"""desk.toml from its file, read again when it changes; an invalid one is Ours until it is mended."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from shared.config.desk_file import Desk, parse_desk
from shared.config.plans import Ground, check_file
from shared.domain.problems import Ours


@dataclass
class DeskReader:
    """Gives the file's model; remembers it by the file's time and size."""

    path: Path
    ground: Ground
    more_faults: Callable[[Desk], list[str]]
    _lock: Lock = field(default_factory=Lock)
    _mark: tuple[int, int] | None = None
    _read: Desk | Ours | None = None

    def __call__(self) -> Desk:
        try:
            found = self.path.stat()
        except OSError as error:
            raise Ours(f"{self.path.name} cannot be read ({error.strerror}); DESK_CONFIG says where it is") from error
        with self._lock:
            if self._read is None or self._mark != (found.st_mtime_ns, found.st_size):
                self._mark, self._read = (found.st_mtime_ns, found.st_size), self._load()
        if isinstance(self._read, Ours):
            raise Ours(str(self._read))  # one that is raised again and again would grow with each traceback
        assert self._read is not None
        return self._read

    def _load(self) -> Desk | Ours:
        try:
            desk = parse_desk(self.path.read_text(encoding="utf-8-sig"))
            if not desk.instances:
                return Ours("desk.toml has no [instances.…]: a file without instances counts as damaged")
            faults = check_file(desk, self.ground) + self.more_faults(desk)
            return Ours("desk.toml: " + "; ".join(faults)) if faults else desk
        except Ours as error:
            return error
        except (OSError, UnicodeDecodeError) as error:
            return Ours(f"{self.path.name} cannot be read ({type(error).__name__})")
