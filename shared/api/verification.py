"""The routes of verifications: what the API shows of one, and a person's act of asking for one."""

from typing import Any, Literal

from pydantic import Field

from shared.advice.verification import line
from shared.aftercare.rows import Rows
from shared.aftercare.verify import Verify
from shared.api.http import Answer, Call, json_answer
from shared.api.restores import Api
from shared.api.schemas import Shown
from shared.config.policy import verification_of
from shared.domain.problems import Problem, invalid
from shared.domain.restore import Restore
from shared.domain.values import iso
from shared.domain.verification import Level, Looked, Totals, Verification, Wanted
from shared.frozen import frozen
from shared.storage.store import Conflict
from shared.telemetry import tell
from shared.workflow.operator_acts import Act


class DatabaseView(Shown):
    """A delivered database, as the loader found it."""

    name: str
    file: str
    sha256: str | None = Field(None, description="of the file; absent at the level listed")
    bytes: int
    compression: str
    server_version: str
    dump_version: str
    dumped_at: str = Field(description="local time of the dumping machine; empty where unknown")
    tables: int | None = None
    rows: int | None = Field(None, description="absent where they were not counted")


class CheckView(Shown):
    """A check's answer; without `passed` it could not be asked."""

    name: str
    database: str
    passed: bool | None = None
    reason: str = ""


class EarlierView(Shown):
    """A verification before this one."""

    number: int
    level: Looked
    state: str
    ended_at: str | None = None
    reason: str = ""


class VerificationView(Shown):
    """How the verification of a delivery stands, with the manifest of what was delivered once it has ended."""

    restore: str
    number: int = Field(description="counts the verifications of this restore")
    state: Literal["queued", "running", "passed", "failed", "inconclusive", "lost"]
    level: Looked
    container: str
    expected: list[str] = Field(description="databases that must be there; empty: the first time, it cannot be told")
    by: str | None = Field(None, description="the person who asked; absent: the request or its target")
    reason: str | None = None
    queued_at: str
    sent_at: str | None = None
    sends: int
    started_at: str | None = None
    taken: int = Field(description="how often a loader began")
    ended_at: str | None = None
    why: str | None = Field(None, description="what was wrong, in words")
    file: str | None = Field(None, description="the file in which it was found")
    line: str | None = Field(None, description="the result in one line")
    totals: Totals | None = None
    databases: list[DatabaseView] | None = Field(None, description="the manifest; fewer than totals where it was cut")
    checks: list[CheckView] | None = None
    warnings: list[str] | None = None
    proves: list[str] | None = None
    seconds: float | None = None
    earlier: list[EarlierView]


def verification_view(row: Verification) -> dict[str, Any]:
    """`GET /api/restores/{id}/verification`."""
    value, found = row.json_value(), row.result
    shown: dict[str, Any] = {
        "restore": row.restore,
        "number": row.number,
        "state": row.state,
        "level": row.level,
        "container": row.container,
        "expected": list(row.expected),
        "by": row.by,
        "reason": row.reason,
        "queuedAt": iso(row.queued_at),
        "sentAt": value.get("sentAt"),
        "sends": row.sends,
        "startedAt": value.get("startedAt"),
        "taken": row.taken,
        "endedAt": value.get("endedAt"),
        "why": (found.reason if found else row.why) or None,
        "earlier": value["earlier"],
    }
    if found:
        result = value["result"]
        more = ("totals", "databases", "checks", "warnings", "proves", "seconds")
        shown |= {"line": line(found), "file": found.file or None, **{name: result[name] for name in more}}
    return {name: part for name, part in shown.items() if part is not None}


class Ask(Act):
    """Who asks for the verification, why, and the level; without `level` that of the restore's request or target."""

    level: Looked | None = None


@frozen
class VerificationApi:
    """The routes under /api/restores/{id} about what was delivered."""

    api: Api
    containers: Rows
    verifying: Verify

    def verify(self, call: Call) -> Answer:
        """POST /api/restores/{id}/verify: 202 and the verification, which goes to a loader now."""
        restore, ask = self.api.found(call), self.api.by(Ask, call)
        container, known = self.containers.of(restore.id), self.verifying.rows.of(restore.id)
        wanted, plan, now = self._wanted(restore, ask, known), restore.plan, self.api.parts.now()
        if container is None or container.state not in ("kept", "due") or plan is None or not plan.container:
            state = f"its container is {container.state}" if container else "it has no container of its own to look at"
            raise Problem(409, "Not possible: verify", f"{restore.id} is {restore.phase}, {state}")
        new = Verification(
            restore=restore.id, instance=restore.instance, level=wanted.level, container=plan.container, wanted=wanted,
            by=ask.by, reason=ask.reason, queued_at=now, look=now,
        )  # fmt: skip
        try:
            row = self.verifying.ask(known, new)
        except Conflict:
            words = f"a verification of {restore.id} is under way: GET /api/restores/{restore.id}/verification"
            raise Problem(409, "Not possible: verify", words) from None
        tell("act", restore=restore.id, act="verify", by=ask.by, reason=ask.reason)
        return json_answer(202, verification_view(self.verifying.rows.of(restore.id) or row))

    def _wanted(self, restore: Restore, ask: Ask, known: Verification | None) -> Wanted:
        """The level that is asked for, with the databases and checks of desk.toml as they are now."""
        own = restore.verification.level if restore.verification else None
        level: Level | None = ask.level or (known.level if known else None) or own
        if level is None:
            raise invalid("level", "its target has no verification: send listed, decoded or loaded")
        found = verification_of(self.api.parts.read_desk(), restore.instance_name, level)
        return found or Wanted(level=level)

    def show(self, call: Call) -> Answer:
        """GET /api/restores/{id}/verification"""
        restore = self.api.found(call)
        row = self.verifying.rows.of(restore.id)
        if row is None:
            words = f"{restore.id} is {restore.phase} and has none; POST /api/restores/{restore.id}/verify asks for one"
            raise Problem(404, "No such verification", words)
        waits = {"Retry_After": str(max(1, round(self.api.parts.pace.poll_default)))} if row.open else {}
        return json_answer(200, verification_view(row), **waits)
