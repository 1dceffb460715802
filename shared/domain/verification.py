"""What a verification is asked and what it found: level, databases, checks, result. Pure."""

from typing import Annotated, Any, Literal

from pydantic import Field

from shared.domain.values import Value

Level = Literal["none", "listed", "decoded", "loaded"]
Looked = Literal["listed", "decoded", "loaded"]
LEVELS: tuple[Level, ...] = ("none", "listed", "decoded", "loaded")  # each includes the ones before it


def at_least(level: Level, other: Level) -> bool:
    """Whether `level` looks at as much as `other`."""
    return LEVELS.index(level) >= LEVELS.index(other)


class Check(Value):
    """A question to a loaded database: one statement, one row, one boolean."""

    name: str
    database: str
    sql: str


class Wanted(Value):
    """How a delivery is verified, as desk.toml and the request said it at a moment."""

    level: Level
    databases: tuple[str, ...] = ()  # those that must be there by desk.toml; empty: not said
    checks: tuple[Check, ...] = ()


class Totals(Value):
    """Sums over all databases."""

    databases: int
    tables: int
    rows: int
    bytes: int


class Result(Value):
    """What the loader found, cut to a message's size."""

    verdict: Literal["passed", "failed", "inconclusive"]
    level: Looked
    reason: str = ""
    file: str = ""
    totals: Totals
    databases: tuple[dict[str, Any], ...] = ()  # fewer than `totals` where they were cut
    checks: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()
    proves: tuple[str, ...] = ()
    seconds: Annotated[float, Field(ge=0)]
