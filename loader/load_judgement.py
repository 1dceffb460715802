"""Decides what the errors of a load mean: the backup's fault, or something that is lacking here. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from loader.load_archive import Ended
from loader.progress import size
from loader.sqlstates import DISK_FULL, MAY_FOLLOW, NO_SPACE, LoggedError, is_the_backups
from loader.verdict import Finding, Outcome

# pg_restore 17 and newer send it to servers that do not know it.
HARMLESS = "SET transaction_timeout = 0"
MAX_WORDS = 300


@dataclass(frozen=True)
class Space:
    """Bytes of disk that a load was reckoned to need, and those that were free when it began."""

    needed: int
    free: int

    @property
    def described(self) -> str:
        return f"about {size(self.needed)} were reckoned, {size(self.free)} were free: make room for more than that"


def judge_errors(
    logged: Sequence[LoggedError], ended: Ended, file: str, space: Space, *, same_locale: bool = True
) -> list[Finding]:
    """What the server's log means. A load that was not finished is inconclusive, whatever else is in the log."""
    if ended.late:
        at = f", at: {ended.late_at}" if ended.late_at else ""
        return [Finding(Outcome.INCONCLUSIVE, f"the load took too long and was ended{at}", file)]
    findings, ours = _full(logged, ended, file, space), False
    for error in logged:
        if error.statement.strip().rstrip(";") == HARMLESS or error.code == DISK_FULL:
            continue
        bad = is_the_backups(error, same_locale=same_locale) and not (error.code in MAY_FOLLOW and (ours or findings))
        ours = ours or not bad
        findings.append(Finding(Outcome.FAILED if bad else Outcome.INCONCLUSIVE, error.described, file))
    if not findings and ended.code and not logged:
        findings.append(Finding(Outcome.INCONCLUSIVE, f"the load ended early: {ended.words[:MAX_WORDS]}", file))
    return findings


def _full(logged: Sequence[LoggedError], ended: Ended, file: str, space: Space) -> list[Finding]:
    """A full disk comes first: much else follows from it, and the log, on that disk too, may lack lines."""
    words = next((error.described for error in logged if error.code == DISK_FULL), "") or no_space(ended.words)
    return [Finding(Outcome.INCONCLUSIVE, f"{words}; {space.described}", file)] if words else []


def no_space(words: str) -> str:
    """The line that says that the disk is full, empty if none does."""
    line = next((line.strip() for line in words.splitlines() if NO_SPACE in line), "")
    return f"{DISK_FULL} (the disk is full): {line[:MAX_WORDS]}" if line else ""
