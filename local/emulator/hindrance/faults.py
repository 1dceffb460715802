"""Ordered faults: which rule applies to which call. The same seed and the same calls give the same faults."""

import hmac
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic.alias_generators import to_camel

from local.emulator.wire.codes import CODES
from local.emulator.world.store import Store

When = Literal["before", "after"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


class Match(_Model):
    """All that is given must hold. Vault and instance are names or ARM ids; casing does not matter."""

    verb: str = "any"
    vault: str | None = None
    instance: str | None = None
    every_nth: int = Field(default=1, ge=1)
    times: int | None = Field(default=None, ge=1)
    probability: float = Field(default=1.0, ge=0, le=1)


class ErrorFault(_Model):
    """A code of the table, at once (`http`) or later: as the end of the validation, the operation or the job."""

    kind: Literal["error"] = "error"
    stage: Literal["http", "validate", "operation", "job"]
    code: str
    status: int | None = None
    when: When = "before"

    @field_validator("code")
    @classmethod
    def known(cls, code: str) -> str:
        if code not in CODES:
            raise ValueError(f"unknown code {code}; known: {', '.join(sorted(CODES))}")
        return code


class StatusFault(_Model):
    """`truncated` breaks off in the middle of a body; `mislabelled` is plain text that calls itself JSON."""

    kind: Literal["status"] = "status"
    status: int = Field(ge=200, le=599)
    retry_after: float | str | None = None
    body: Literal["json", "html", "empty", "truncated", "mislabelled"] = "json"
    when: When = "before"


class ResetFault(_Model):
    kind: Literal["reset"] = "reset"
    when: When = "before"


class PauseFault(_Model):
    """`delay` answers after these seconds, `hang` never does: the connection is dropped then. Seconds are real ones."""

    kind: Literal["delay", "hang"]
    seconds: float = Field(ge=0)
    when: When = "before"


class ExpireFault(_Model):
    """The operation's URLs answer this from now on; on a POST, from its birth."""

    kind: Literal["expire"] = "expire"
    status: Literal[404, 204, 400, 403, 409, 410] = 404


class JobFault(_Model):
    """How the job of a restore runs: what it calls itself meanwhile, and its end, if it has one."""

    kind: Literal["job"] = "job"
    status: str = "InProgress"
    outcome: Literal["Completed", "CompletedWithWarnings", "Failed", "Cancelled", "never"] = "Completed"
    dumps: str = "custom"  # which of the folders of dumps it delivers


type Fault = ErrorFault | StatusFault | ResetFault | PauseFault | ExpireFault | JobFault
type Answering = ErrorFault | StatusFault | ResetFault | PauseFault


class Rule(_Model):
    match: Match = Match()
    fault: Annotated[Fault, Field(discriminator="kind")]

    @model_validator(mode="after")
    def possible(self) -> Self:
        verbs = _natural(self.fault)
        if verbs is not None and self.match.verb.lower() not in {"any", *verbs}:
            raise ValueError(f"such a fault strikes {', '.join(sorted(verbs))}, never {self.match.verb}")
        return self


@dataclass(frozen=True, slots=True)
class Struck:
    """The faults of one call: at most one that shapes the answer, and one each for what the call starts."""

    faults: tuple[Fault, ...] = ()

    @property
    def answer(self) -> Answering | None:
        for fault in self.faults:
            if isinstance(fault, StatusFault | ResetFault | PauseFault):
                return fault
            if isinstance(fault, ErrorFault) and fault.stage == "http":
                return fault
        return None

    @property
    def failure(self) -> ErrorFault | None:
        return next((each for each in self.faults if isinstance(each, ErrorFault) and each.stage != "http"), None)

    @property
    def job(self) -> JobFault | None:
        return next((each for each in self.faults if isinstance(each, JobFault)), None)

    @property
    def expire(self) -> ExpireFault | None:
        return next((each for each in self.faults if isinstance(each, ExpireFault)), None)


_VERBS_OF_STAGE = {
    "validate": {"validaterestore", "validatecrossregionrestore"},
    "operation": {"restore", "crossregionrestore"},
    "job": {"restore", "crossregionrestore"},
}
_POLLS = {"operationstatus", "operationresults"}


@dataclass(frozen=True, slots=True)
class Target:
    """What a call is about, for matching: lower-cased verb, and names or ids of its vault and instance."""

    verb: str
    vault: str = ""
    instance: str = ""


def strike(store: Store, seed: int, target: Target) -> Struck:
    """Rules are asked in order; the first that fires in its slot has it."""
    found: dict[str, Fault] = {}
    for row in store.db.execute("SELECT n, doc, matched, applied FROM faults ORDER BY n").fetchall():
        rule = Rule.model_validate_json(row["doc"])
        slot = _slot(rule.fault)
        if slot in found or not _matches(rule, target) or row["applied"] == rule.match.times:
            continue
        fires = _fires(rule.match, row["matched"] + 1, seed, row["n"])
        store.db.execute(
            "UPDATE faults SET matched = matched + 1, applied = applied + ? WHERE n = ?", (fires, row["n"])
        )
        if fires:
            found[slot] = rule.fault
    return Struck(tuple(found.values()))


def add_rule(store: Store, rule: Rule) -> int:
    sql = "INSERT INTO faults (doc) VALUES (?) RETURNING n"
    return int(store.db.execute(sql, (rule.model_dump_json(by_alias=True),)).fetchone()["n"])


def _slot(fault: Fault) -> str:
    if isinstance(fault, ErrorFault):
        return "answer" if fault.stage == "http" else "failure"
    return fault.kind if isinstance(fault, ExpireFault | JobFault) else "answer"


def _matches(rule: Rule, target: Target) -> bool:
    match, verbs = rule.match, _natural(rule.fault)
    return (
        match.verb.lower() in ("any", target.verb)
        and (verbs is None or target.verb in verbs)
        and _is(match.vault, target.vault)
        and _is(match.instance, target.instance)
    )


def _natural(fault: Fault) -> set[str] | None:
    """The verbs at which such a fault means anything; None: all."""
    if isinstance(fault, ErrorFault):
        return _VERBS_OF_STAGE.get(fault.stage)
    if isinstance(fault, JobFault):
        return _VERBS_OF_STAGE["job"]
    return _POLLS | _VERBS_OF_STAGE["validate"] | _VERBS_OF_STAGE["job"] if isinstance(fault, ExpireFault) else None


def _is(wanted: str | None, there: str) -> bool:
    return wanted is None or (bool(there) and wanted.lower().rpartition("/")[2] == there.lower().rpartition("/")[2])


def _fires(match: Match, matched: int, seed: int, rule: int) -> bool:
    if matched % match.every_nth:
        return False
    drawn = hmac.digest(seed.to_bytes(8, signed=True), f"{rule}:{matched}".encode(), "sha256")
    return int.from_bytes(drawn[:6]) / 2**48 < match.probability
