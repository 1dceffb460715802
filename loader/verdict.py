"""A verdict on a backup: passed, failed, inconclusive; its one line of JSON, its words and its exit code. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

MAX_REASON = 1000  # characters


class Outcome(StrEnum):
    """`failed` is only for faults of the backup; faults on our side are `inconclusive`."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


class Level(StrEnum):
    """How much was looked at; each level includes the ones before it."""

    LISTED = "listed"
    DECODED = "decoded"
    LOADED = "loaded"


EXIT_CODES = {Outcome.PASSED: 0, Outcome.FAILED: 1, Outcome.INCONCLUSIVE: 2}
USAGE = 3
WORST = (Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.PASSED)


@dataclass(frozen=True)
class DatabaseReport:
    """What was found of one database."""

    name: str
    file: str
    bytes: int
    compression: str
    server_version: str
    dump_version: str
    dumped_at: str  # the dumping machine's local time, ISO 8601 without a zone; empty where unknown
    tables: int | None
    sha256: str = ""  # empty at the level listed
    rows: int | None = None  # None: not counted

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "file": self.file,
            "sha256": self.sha256 or None,
            "bytes": self.bytes,
            "compression": self.compression,
            "serverVersion": self.server_version,
            "dumpVersion": self.dump_version,
            "dumpedAt": self.dumped_at,
            "tables": self.tables,
            "rows": self.rows,
        }


@dataclass(frozen=True)
class Finding:
    """One thing that decides the verdict."""

    outcome: Outcome
    reason: str
    file: str = ""


@dataclass(frozen=True)
class Verdict:
    """The answer to a verification."""

    outcome: Outcome
    level: Level
    databases: tuple[DatabaseReport, ...] = ()
    reason: str = ""
    file: str = ""
    checks: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    proves: tuple[str, ...] = field(default=())

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.outcome]

    def as_json(self) -> dict[str, Any]:
        """The object that `verify --json` prints."""
        why = {"reason": self.reason} if self.reason else {}
        where = {"file": self.file} if self.file else {}
        return {
            "verdict": self.outcome.value,
            "level": self.level.value,
            **why,
            **where,
            "databases": [database.as_json() for database in self.databases],
            "checks": list(self.checks),
            "warnings": list(self.warnings),
            "proves": list(self.proves),
            "seconds": round(self.seconds, 1),
        }

    def line(self) -> str:
        return json.dumps(self.as_json(), ensure_ascii=False)


def judge(
    level: Level,
    findings: Sequence[Finding],
    databases: Sequence[DatabaseReport],
    warnings: Sequence[str],
    seconds: float,
    checks: Sequence[dict[str, Any]] = (),
) -> Verdict:
    """The worst finding decides; the first of that kind is the reason."""
    outcome = next((worst for worst in WORST if any(found.outcome is worst for found in findings)), Outcome.PASSED)
    first = next((found for found in findings if found.outcome is outcome), None)
    others = len([found for found in findings if found.outcome is outcome]) - 1
    reason = f"{first.reason[:MAX_REASON]}{f' (and {others} more)' if others > 0 else ''}" if first else ""
    return Verdict(
        outcome,
        level,
        tuple(databases),
        reason,
        first.file if first else "",
        tuple(checks),
        tuple(warnings),
        seconds,
        proofs(level, databases) if outcome is Outcome.PASSED else (),
    )


PROVEN = {
    "gzip": "gzip: the data of {} is proven by checksum",
    "zstd": "zstd: {} was read to its end; single values are not proven, there is no checksum",
    "lz4": "lz4: {} was read to its end; single values are not proven, there is no checksum",
    "none": "uncompressed: {} was read to its end; single values are not proven, there is no checksum",
    "plain": "plain SQL: {} was read to its closing line; rows are not counted",
}


def proofs(level: Level, databases: Sequence[DatabaseReport]) -> tuple[str, ...]:
    """What a passed verdict proves, and what it does not."""
    if level is Level.LISTED:
        return ("every block begins where it should and the last bytes are there; the data itself was not read",)
    kinds: dict[str, list[str]] = {}
    for database in databases:
        kinds.setdefault(database.compression, []).append(database.name)
    said = [PROVEN[kind].format(_named(names)) for kind, names in sorted(kinds.items()) if kind in PROVEN]
    return (*said, *(["definitions of objects are not proven"] if level is Level.DECODED else []))


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown
