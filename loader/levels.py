"""Which code gives the verdict of each level."""

from collections.abc import Callable, Mapping, Sequence

from loader.loaded import verify_loaded
from loader.messages import Check
from loader.programs import Programs
from loader.progress import Progress
from loader.sources import Source
from loader.verdict import Level, Verdict
from loader.verify import verify


def run(
    source: Source,
    level: Level,
    expected: Sequence[str],
    checks: Sequence[Check],
    programs: Mapping[int, Programs],
    progress_of: Callable[[int], Progress] = Progress,
) -> Verdict:
    """The verdict of one level. Databases that checks name are expected too."""
    named = sorted({*expected, *(check.database for check in checks)})
    if level is Level.LOADED:
        return verify_loaded(source, named, checks, programs, progress_of=progress_of)
    return verify(source, level, named, programs, progress_of)
