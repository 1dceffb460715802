"""Verifications of folders, quietly."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from loader.programs import Programs
from loader.progress import Progress
from loader.sources import Folder
from loader.verdict import Level, Verdict
from loader.verify import verify
from local.postgres.programs import programs


def quiet(total: int) -> Progress:
    return Progress(total, io.StringIO())


def verified(
    folder: Path, level: Level, expected: Sequence[str] = (), clients: Mapping[int, Programs] | None = None
) -> Verdict:
    """The verdict on a folder's files."""
    return verify(Folder(folder), level, expected, programs() if clients is None else clients, quiet)
