"""The routes of after-care: a person keeps a restore's container longer, or has it deleted now."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field

from shared.aftercare.cleanup import clean, keep
from shared.aftercare.rows import Rows
from shared.aftercare.states import Act as Step
from shared.aftercare.states import after, possible
from shared.api.http import Answer, Call, json_answer
from shared.api.restores import Api
from shared.domain.problems import Problem
from shared.domain.restore import Restore
from shared.storage.container_rows import ContainerRow
from shared.storage.store import Conflict
from shared.telemetry import tell
from shared.workflow.operator_acts import Act


class Keep(Act):
    """Who keeps it, why, and for how long from now; without `hours` for its target's keepHours once more."""

    hours: Annotated[float, Field(ge=1, le=24 * 366)] | None = None


@dataclass(frozen=True)
class AftercareApi:
    """The routes under /api/restores/{id} that act on its container."""

    api: Api
    rows: Rows

    def keep(self, call: Call) -> Answer:
        """POST /api/restores/{id}/keep"""
        restore, act = self.api.found(call), self.api.by(Keep, call)
        hours = act.hours or (restore.plan.keep_hours if restore.plan else None) or 1
        until = self.api.parts.now() + timedelta(hours=hours)
        self._act(restore, Step.KEEP, act, lambda row: keep(self.rows, row, until))
        return json_answer(200, self.api.view(restore))

    def cleanup(self, call: Call) -> Answer:
        """POST /api/restores/{id}/cleanup: the next sweep deletes it."""
        restore, act = self.api.found(call), self.api.by(Act, call)
        self._act(restore, Step.CLEAN, act, lambda row: clean(self.rows, row, self.api.parts.now()))
        return json_answer(202, self.api.view(restore))

    def _act(self, restore: Restore, step: Step, act: Act, change: Callable[[ContainerRow], Any]) -> None:
        row = self.rows.of(restore.id)
        try:
            if row is None or after(row.state, step) is None:
                raise Conflict
            change(row)
        except Conflict:
            raise _impossible(restore, self.rows.of(restore.id), step) from None
        tell("act", restore=restore.id, act=step.value, by=act.by, reason=act.reason)


def _impossible(restore: Restore, row: ContainerRow | None, step: Step) -> Problem:
    if row is None:
        words = f"{restore.id} is {restore.phase} and has no container that waits for its clean-up"
    else:
        words = f"its container is {row.state}; possible now: {', '.join(possible(row.state)) or 'nothing'}"
    return Problem(409, f"Not possible: {step.value}", words)
