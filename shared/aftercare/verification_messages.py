"""Messages between desk and loader, as `loader/messages.py` has them: a load is written, an answer is read. Pure."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from shared.domain.problems import Unreadable
from shared.storage.queue_messages import decoded

MAX_BYTES = 48 << 10
MAX_NAMED = 200

Line = Annotated[str, Field(max_length=1000)]
Name = Annotated[str, Field(min_length=1, max_length=256)]
Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,128}$")]
Count = Annotated[int, Field(ge=0, le=2**53)]
Level = Literal["listed", "decoded", "loaded"]
Outcome = Literal["passed", "failed", "inconclusive"]


class _Message(BaseModel):
    """Strict: unknown fields and other types are refused. A test holds these models equal to the loader's."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
        defer_build=True,
    )


class Check(_Message):
    """A question to the loaded database: one row with one boolean."""

    name: Name
    database: Name
    sql: Annotated[str, Field(min_length=1, max_length=4000)]


class Load(_Message):
    """The verification that the desk asks for. Each answer repeats `nonce`, which is valid for one `number`."""

    verification: Key
    number: Annotated[int, Field(ge=1)]
    nonce: Key
    container: Annotated[str, Field(min_length=1, max_length=1024)]
    level: Level
    expected: Annotated[tuple[Name, ...], Field(max_length=1000, strict=False)] = ()
    checks: Annotated[tuple[Check, ...], Field(max_length=50, strict=False)] = ()

    def text(self) -> str:
        """The message."""
        return self.model_dump_json(by_alias=True)


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
    """The answer of one check; `passed` is None if the check could not be run."""

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
    databases: Annotated[tuple[Database, ...], Field(max_length=1000, strict=False)] = ()
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
    result: Result | None = None

    @classmethod
    def read(cls, raw: bytes) -> Self:
        """From JSON, or base64 of it. Unreadable names the fields, not their values: it came from outside."""
        if len(raw) > MAX_BYTES * 2:
            raise Unreadable(f"longer than an answer may be: {len(raw)} bytes")
        text = decoded(raw)
        if len(text) > MAX_BYTES:
            raise Unreadable(f"longer than an answer may be: {len(text)} bytes")
        try:
            answer = cls.model_validate_json(text)
        except ValidationError as error:
            where = sorted({".".join(map(str, one["loc"])) or "the text" for one in error.errors()})
            raise Unreadable(f"not as an answer must be: {', '.join(where)[:300]}") from None
        if (answer.kind == "verdict") != (answer.result is not None):
            raise Unreadable("a verdict has a result, and nothing else has one")
        return answer
