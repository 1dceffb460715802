"""The base of every value: frozen, camelCase outside, unknown fields kept or refused. Pure."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, PlainSerializer
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
    """What the ledger keeps: fields that a newer release wrote survive a save by this one."""

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
    """What a caller or desk.toml says: a field we do not know is refused by its name."""

    model_config = ConfigDict(
        defer_build=True,
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=False,
    )


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
