"""Which code gives the verdict of each level."""

from collections.abc import Callable, Mapping, Sequence

from loader.messages import Check
from loader.programs import Programs
from loader.progress import Progress
from loader.sources import Source
from loader.verdict import Finding, Level, Outcome, Verdict, judge
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
        return judge(level, [Finding(Outcome.INCONCLUSIVE, "this loader cannot load")], [], [], 0)
    return verify(source, level, named, programs, progress_of)
