"""The base of every value: frozen, camelCase outside, unknown fields kept or refused; what its texts may hold. Pure."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StrictStr,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel


def utc(text: datetime | str) -> datetime:
    """A moment in UTC; Azure's seven fraction digits are cut to microseconds."""
    moment = text if isinstance(text, datetime) else datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def iso(moment: datetime) -> str:
    """`2026-10-01T00:00:00.000000Z`: fixed width, so that text order is time order in the ledger's keys."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


Moment = Annotated[
    AwareDatetime, BeforeValidator(utc, json_schema_input_type=str), PlainSerializer(iso, return_type=str)
]


class Value(BaseModel):
    """A value in the ledger: a save keeps fields that a newer release wrote."""

    model_config = ConfigDict(
        defer_build=True, frozen=True, extra="allow", alias_generator=to_camel, populate_by_name=True
    )

    def json_value(self) -> dict[str, Any]:
        """The value as JSON-ready data, camelCase, absent fields left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def short_value(self) -> dict[str, Any]:
        """The same without what is as it is by default: read again, it is the same value."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)


class Strict(BaseModel):
    """Input of a caller or desk.toml: an unknown field is refused by its name."""

    model_config = ConfigDict(
        defer_build=True,
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=False,
    )


# `untagged` takes out the private use of higher planes, and tags: no pattern of JSON Schema can name them
_HIDDEN = r"\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ue000-\uf8ff"
_CONTROL = re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1f{_HIDDEN}]")
_REF = r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*(/[A-Za-z0-9_~#-][A-Za-z0-9._~#-]*)*"
_WEB = r"https?://[^\s<>\x22\\^`{|}]+"


def _printable(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("may not contain control, direction or private-use characters")
    return text


def _one_line(text: str) -> str:
    if "\n" in text or "\r" in text or "\t" in text:
        raise ValueError("must be one line")
    return _printable(text)


def _aware(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
        return iso(moment.astimezone(UTC)) if moment.tzinfo else _no_zone()
    except (OverflowError, ValueError) as error:
        raise ValueError(f"must be an ISO 8601 time with its zone, such as 2026-10-01T00:00:00Z ({error})") from error


def _no_zone() -> str:
    raise ValueError("the zone is missing")


def _ref(text: str) -> str:
    if not re.fullmatch(_REF, text):
        raise ValueError("must be a plain relative path, such as sc_req_item/<sys_id>")
    return text


def _web(text: str) -> str:
    if not re.fullmatch(_WEB, text):
        raise ValueError("must be a web address (https://…)")
    return text


def _published(pattern: str) -> Any:
    """The rule for the contract's readers; the validator beside it stays: its words are better than a pattern's."""
    return Field(json_schema_extra={"pattern": f"^{pattern}$"})


_LINE = _published(rf"[^\x00-\x1f{_HIDDEN}]*")
Name = Annotated[StrictStr, Field(min_length=1, max_length=100), AfterValidator(_one_line), _LINE]
Line = Annotated[StrictStr, Field(min_length=1, max_length=500), AfterValidator(_one_line), _LINE]
Text = Annotated[
    StrictStr,
    Field(max_length=2000),
    AfterValidator(_printable),
    _published(rf"[^\x00-\x08\x0b\x0c\x0e-\x1f{_HIDDEN}]*"),
]
Instant = Annotated[
    StrictStr, Field(max_length=40), AfterValidator(_aware), WithJsonSchema({"type": "string", "format": "date-time"})
]
Database = Annotated[StrictStr, Field(min_length=1, max_length=63, pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$")]
Ref = Annotated[StrictStr, Field(max_length=300), AfterValidator(_ref), _published(_REF)]
Url = Annotated[StrictStr, Field(max_length=1000), AfterValidator(_web), AfterValidator(_one_line), _published(_WEB)]
Key = Annotated[StrictStr, Field(min_length=1, max_length=255), AfterValidator(_one_line), _LINE]


def deeper(value: Any, levels: int) -> bool:
    """Whether JSON data has lists and objects in one another beyond so many levels; walked without recursion."""
    here = [value] if isinstance(value, dict | list) else []
    for _ in range(levels):
        here = [
            inner
            for one in here
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, dict | list)
        ]
        if not here:
            return False
    return True
