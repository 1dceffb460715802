"""What desk.toml says of verifications: levels, expected databases, checks; a request's own level beside it. Pure."""

import json
from typing import Annotated

from pydantic import Field

from shared.domain.problems import invalid
from shared.domain.request import RestoreRequest
from shared.domain.restore import Plan
from shared.domain.values import Strict
from shared.domain.verification import Check, Level, Wanted, at_least

MAX_BYTES = 32 << 10  # of an instance's databases and checks: a load of 48 KiB carries them
DatabaseName = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[^\x00-\x1f\x7f]+$")]


class CheckEntry(Strict):
    """A question to a loaded database; its answer must be true."""

    database: DatabaseName
    sql: Annotated[str, Field(min_length=1, max_length=4000)]


def too_large(databases: tuple[str, ...], checks: dict[str, CheckEntry]) -> bool:
    """Whether a load could not carry them."""
    said = [databases, {name: one.model_dump() for name, one in checks.items()}]
    return len(json.dumps(said, ensure_ascii=False).encode()) + 20 * len(checks) > MAX_BYTES


def wanted(level: Level, databases: tuple[str, ...], checks: dict[str, CheckEntry]) -> Wanted:
    """The settings as a verification carries them."""
    asked = tuple(Check(name=name, database=one.database, sql=one.sql) for name, one in checks.items())
    return Wanted(level=level, databases=databases, checks=asked)


def level_of(request: RestoreRequest, plan: Plan, least: Level) -> Level:
    """The request's level, which may be the target's or more. Problem names `verify`."""
    if request.verify is None:
        return least
    if plan.account is None and request.verify != "none":
        raise invalid("verify", "only files in a separate container are verified: name a target with an account")
    if not at_least(request.verify, least):
        raise invalid("verify", f"target {plan.name} verifies {least}: ask for that or more, or leave this field out")
    return request.verify
