"""What a verification is asked and what it found: level, databases, checks, result. Pure."""

from typing import Annotated, Any, Literal

from pydantic import Field

from shared.domain.values import Moment, Value

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
    """How delivered files are verified: the settings of desk.toml and the request at one moment."""

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


VERIFICATION_SCHEMA = 1
MOST_EARLIER = 20  # verifications before this one that a row remembers
OPEN = frozenset({"queued", "running"})


class Earlier(Value):
    """A verification before this one, in short."""

    number: int
    level: Looked
    state: str
    ended_at: Moment | None = None
    reason: str = ""


class Verification(Value):
    """One verification of a restore; `number` counts them. Answers with another number or nonce are ignored."""

    schema_version: int = VERIFICATION_SCHEMA
    restore: str
    instance: str
    number: int = 1
    level: Looked
    state: str = "queued"
    container: str  # its URL
    wanted: Wanted  # as it was said when this number was asked for
    expected: tuple[str, ...] = ()  # databases that must be there, as sent
    by: str | None = None  # the person who asked; None: the target's or the request's own `verify`
    reason: str | None = None
    queued_at: Moment
    sent_at: Moment | None = None
    sends: int = 0
    started_at: Moment | None = None
    taken: int = 0  # how often a loader said that it began
    ended_at: Moment | None = None
    look: Moment | None = None  # when the sweep looks again; None: never
    why: str = ""  # of a verification that ended without a result
    result: Result | None = None
    earlier: tuple[Earlier, ...] = ()
    nonce: str = Field(default="", exclude=True)
    etag: str = Field(default="", exclude=True)

    @property
    def open(self) -> bool:
        return self.state in OPEN


def as_earlier(row: Verification) -> tuple[Earlier, ...]:
    """The row's history once another number begins."""
    why = row.result.reason if row.result else row.why
    one = Earlier(number=row.number, level=row.level, state=row.state, endedAt=row.ended_at, reason=why[:300])
    return (*row.earlier, one)[-MOST_EARLIER:]
