"""The routes of after-care: keep a restore's container longer, or let the next sweep delete it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field

from shared.aftercare.cleanup import clean, keep
from shared.aftercare.rows import Rows
from shared.aftercare.states import Act as Step
from shared.aftercare.states import possible
from shared.api.http import Answer, Call, json_answer
from shared.api.restores import Api
from shared.domain.problems import Problem
from shared.domain.restore import Entry, Restore
from shared.domain.values import iso
from shared.frozen import frozen
from shared.storage.container_rows import ContainerRow
from shared.storage.store import Conflict
from shared.telemetry import tell
from shared.workflow.operator_acts import Act

TRIES = 3  # of a save that something else came before
WORDS = {Step.KEEP: "container kept until", Step.CLEAN: "container to be deleted from"}


class Keep(Act):
    """Who keeps the container, why, and for how many hours from now; without `hours` the target's keepHours."""

    hours: Annotated[float, Field(ge=1, le=24 * 366)] | None = None


@frozen
class AftercareApi:
    """The routes under /api/restores/{id} that act on its container."""

    api: Api
    rows: Rows

    def keep(self, call: Call) -> Answer:
        """POST /api/restores/{id}/keep"""
        act = self.api.by(Keep, call)

        def change(restore: Restore, row: ContainerRow) -> ContainerRow:
            hours = act.hours or (restore.plan.keep_hours if restore.plan else None) or 1
            return keep(row, self.api.parts.now() + timedelta(seconds=hours * self.api.parts.pace.hour))

        return json_answer(200, self._act(call, Step.KEEP, act, change))

    def cleanup(self, call: Call) -> Answer:
        """POST /api/restores/{id}/cleanup: the next sweep deletes it."""
        act = self.api.by(Act, call)
        now = self.api.parts.now()
        return json_answer(202, self._act(call, Step.CLEAN, act, lambda _, row: clean(row, now)))

    def _act(
        self, call: Call, step: Step, act: Act, change: Callable[[Restore, ContainerRow], ContainerRow]
    ) -> dict[str, Any]:
        """The view after the act; 409 where its container's state has no such step."""
        restore = self.api.found(call)
        row = self.rows.of(restore.id)
        for _ in range(TRIES):
            try:
                if row is None:
                    break
                after = change(restore, row)
                note = f"{iso(after.until)} by {act.by}: {act.reason}"
                entry = Entry(at=self.api.parts.now(), what=WORDS[step], note=note)
                self.rows.record(row, after, restore, entry)
            except Conflict:
                restore, row = self.api.found(call), self.rows.of(restore.id)
                continue
            tell("act", restore=restore.id, act=step.value, by=act.by, reason=act.reason)
            return self.api.view(self.api.found(call))
        raise _impossible(restore, row, step)


def _impossible(restore: Restore, row: ContainerRow | None, step: Step) -> Problem:
    if row is None:
        words = f"{restore.id} is {restore.phase} and has no container that waits for its clean-up"
    else:
        words = f"its container is {row.state}; possible now: {', '.join(possible(row.state)) or 'nothing'}"
    return Problem(409, f"Not possible: {step.value}", words)
