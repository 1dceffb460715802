"""Decides what the end of pg_restore means: damage makes the verdict failed, any other error inconclusive. Pure."""

import re

from loader.decode import Decoded
from loader.verdict import Finding, Outcome

# Words of pg_restore that say nothing of the backup: its build, this machine, our limits.
OURS = re.compile(
    r"does not support compression|unsupported version|out of memory|could not (write|open|create|allocate|fork)"
    r"|No space left|nothing moved for|Cannot allocate|error while loading shared libraries|not a valid archive format",
    re.IGNORECASE,
)
ERROR = re.compile(r"(?:fatal|error): (.*)", re.DOTALL)


def judge_decoded(decoded: Decoded, expected_size: int, file: str) -> Finding | None:
    """None if the archive is whole."""
    words = said(decoded.words)
    if decoded.size != expected_size:
        return Finding(Outcome.INCONCLUSIVE, f"{decoded.size:,} of {expected_size:,} bytes came", file)
    if decoded.code < 0:
        return Finding(Outcome.INCONCLUSIVE, f"pg_restore was ended by signal {-decoded.code}: {words}", file)
    if decoded.code and OURS.search(decoded.words):
        return Finding(Outcome.INCONCLUSIVE, f"pg_restore: {words}", file)
    if decoded.code:
        return Finding(Outcome.FAILED, f"pg_restore: {words or f'exit {decoded.code}'}", file)
    if decoded.unfinished:
        return Finding(Outcome.FAILED, "the rows of a table do not end", file)
    return None


def said(words: str) -> str:
    """The first error in pg_restore's words, on one line."""
    found = ERROR.search(words)
    text = (found[1] if found else words).replace("pg_restore: error:", ";")
    return " ".join(text.split())[:400]
