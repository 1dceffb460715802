"""Messages between desk and loader: loads in `restore-loads`, `started` and verdicts in `restore-verdicts`. Pure."""

import base64
import json
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

LOADS, VERDICTS = "restore-loads", "restore-verdicts"
MAX_BYTES = 48 << 10  # of a message's UTF-8: base64 of it still fits a queue message
MAX_NAMED = 200  # differences and warnings that are named; more are counted

Line = Annotated[str, Field(max_length=1000)]
Name = Annotated[str, Field(min_length=1, max_length=256)]
Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,128}$")]
Count = Annotated[int, Field(ge=0, le=2**53)]
Level = Literal["listed", "decoded", "loaded"]
Outcome = Literal["passed", "failed", "inconclusive"]


class Unreadable(ValueError):
    """A text that is no message of that kind; the words name the fields, not their values."""


class _Message(BaseModel):
    """Strict: unknown fields and other types are refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    @classmethod
    def read(cls, text: str) -> Self:
        """From JSON, or base64 of it. Unreadable."""
        if len(text.encode()) > MAX_BYTES * 2:
            raise Unreadable("longer than a message may be")
        try:
            return cls.model_validate_json(_plain(text))
        except ValidationError as error:
            where = sorted({".".join(map(str, one["loc"])) or "the text" for one in error.errors()})
            raise Unreadable(f"not as a message must be: {', '.join(where)[:300]}") from None


class Check(_Message):
    """A question to the loaded database: one row with one boolean."""

    name: Name
    database: Name
    sql: Annotated[str, Field(min_length=1, max_length=4000)]


class Load(_Message):
    """What the desk asks for. `nonce` comes back in each answer and is good for this number only."""

    verification: Key
    number: Annotated[int, Field(ge=1)]
    nonce: Key
    container: Annotated[str, Field(min_length=1, max_length=1024)]  # its URL
    level: Level
    expected: Annotated[tuple[Name, ...], Field(max_length=1000, strict=False)] = ()  # databases
    checks: Annotated[tuple[Check, ...], Field(max_length=50, strict=False)] = ()


class Database(_Message):
    """One database of a verdict, as `verify --json` prints it."""

    name: Annotated[str, Field(max_length=256)]
    file: Annotated[str, Field(max_length=1024)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None
    bytes: Count
    compression: Literal["none", "gzip", "lz4", "zstd", "plain", ""]
    server_version: Annotated[str, Field(max_length=100)]
    dump_version: Annotated[str, Field(max_length=100)]
    dumped_at: Annotated[str, Field(max_length=40)]
    tables: Count | None
    rows: Count | None


class CheckResult(_Message):
    """A check's answer: `passed` is None if it could not be asked."""

    name: Name
    database: Name
    passed: bool | None
    reason: Line = ""


class Totals(_Message):
    """Sums over all databases, also over those that are left out of a message."""

    databases: Count
    tables: Count
    rows: Count
    bytes: Count


class Result(_Message):
    """A verdict, cut to a message's size."""

    verdict: Outcome
    level: Level
    reason: Line = ""
    file: Annotated[str, Field(max_length=1024)] = ""
    totals: Totals
    databases: Annotated[tuple[Database, ...], Field(max_length=1000, strict=False)] = ()  # fewer than totals if cut
    checks: Annotated[tuple[CheckResult, ...], Field(max_length=50, strict=False)] = ()
    warnings: Annotated[tuple[Line, ...], Field(max_length=MAX_NAMED, strict=False)] = ()
    proves: Annotated[tuple[Line, ...], Field(max_length=20, strict=False)] = ()
    seconds: Annotated[float, Field(ge=0, le=1e9)]


class Answer(_Message):
    """What the loader says of a load: that it began, or its verdict."""

    verification: Key
    number: Annotated[int, Field(ge=1)]
    nonce: Key
    kind: Literal["started", "verdict"]
    result: Result | None = None  # of kind verdict only


def started(load: Load) -> str:
    """The text of a `started`."""
    return _text(Answer(verification=load.verification, number=load.number, nonce=load.nonce, kind="started"))


def answered(load: Load, said: dict[str, Any]) -> str:
    """The text of a verdict; `said` is the object that `verify --json` prints. It always fits a message."""
    lines = [Database.model_validate(_cut(one)) for one in said["databases"]]
    checks = [CheckResult.model_validate(_cut(one)) for one in said["checks"][:50]]
    room = MAX_NAMED
    while True:
        result = Result(
            verdict=said["verdict"],
            level=said["level"],
            reason=said.get("reason", "")[:1000],
            file=said.get("file", "")[:1024],
            totals=_totals(said["databases"]),
            databases=tuple(lines[: 5 * room]),
            checks=tuple(checks),
            warnings=_named(said["warnings"], room),
            proves=tuple(text[:1000] for text in said["proves"][:20]),
            seconds=float(said["seconds"]),
        )
        answer = Answer(
            verification=load.verification, number=load.number, nonce=load.nonce, kind="verdict", result=result
        )
        text = _text(answer)
        if len(text.encode()) <= MAX_BYTES or not room:
            return text
        room = room * 2 // 3 if room > 2 else 0


def _totals(databases: list[dict[str, Any]]) -> Totals:
    return Totals(
        databases=len(databases),
        tables=sum(one["tables"] or 0 for one in databases),
        rows=sum(one["rows"] or 0 for one in databases),
        bytes=sum(one["bytes"] for one in databases),
    )


def _named(texts: list[str], room: int) -> tuple[str, ...]:
    """The first ones, and how many more there are."""
    if len(texts) <= room:
        return tuple(text[:1000] for text in texts)
    shown = [text[:1000] for text in texts[: max(room - 1, 0)]]
    return (*shown, f"{len(texts) - len(shown)} more are not named") if room else ()


def _cut(one: dict[str, Any]) -> dict[str, Any]:
    """Names from a header can be of any length; a message's cannot."""
    limits = {"name": 256, "file": 1024, "serverVersion": 100, "dumpVersion": 100, "reason": 1000}
    return {name: value[: limits.get(name, 1024)] if isinstance(value, str) else value for name, value in one.items()}


def _text(answer: Answer) -> str:
    return json.dumps(
        answer.model_dump(mode="json", by_alias=True, exclude_none=answer.result is None), ensure_ascii=False
    )


def _plain(text: str) -> str:
    """Functions' own senders write base64."""
    if text.lstrip()[:1] == "{":
        return text
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:  # neither base64 nor text; or letters that base64 does not have
        return text
