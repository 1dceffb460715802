"""The desk's log: one line of JSON per event, one correlation id from ticket to ARM to notices.

The Functions host forwards Python's logging to Application Insights (table `traces`), so the
worker needs no exporter. Its import would cost every cold start more than all imports of the app. Alerts, workbook
and metrics are queries of that JSON (infra/alerts.bicep, infra/workbook.json). Each line is `desk.<event> {…}`.
Microsoft Learn: Monitor executions in Azure Functions.
"""

import json
import logging
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.domain.restore import CLOSED, Phase, Restore
from shared.domain.values import iso

if TYPE_CHECKING:
    from shared.domain.events import Event

log = logging.getLogger("desk")
LONGEST = 500  # characters of one value: a line must stay readable, and under the 32 Ki of a trace
_about: ContextVar[str | None] = ContextVar("restore", default=None)


def correlation(restore_id: str) -> str:
    """The restore's id as the GUID that ARM wants in x-ms-correlation-request-id; notices carry the id itself."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, restore_id))


@contextmanager
def about(restore_id: str) -> Iterator[None]:
    """Calls to ARM from here on are this restore's."""
    before = _about.set(restore_id)
    try:
        yield
    finally:
        _about.reset(before)


class Pool(ThreadPoolExecutor):
    """A thread pool whose threads see the caller's ContextVars: the invocation's id, and the restore that a call to ARM
    belongs to. The app uses no other pool."""

    def submit[T](self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """As the base class, in a copy of the caller's context."""
        return super().submit(copy_context().run, fn, *args, **kwargs)


def line(event: str, values: dict[str, Any]) -> str:
    """`desk.<event> {…}` without absent values, in ASCII on one line, so that a caller's text cannot forge another
    line."""
    told = {name: _told(value) for name, value in values.items() if value is not None}
    return f"desk.{event} {json.dumps(told, separators=(',', ':'), default=str)}"


def _told(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    return value[:LONGEST] if isinstance(value, str) else value


def tell(event: str, level: int = logging.INFO, /, **values: Any) -> None:
    """One event on the log; `restore` brings its correlation id along."""
    if values.get("restore"):
        values["correlation"] = correlation(str(values["restore"]))
    log.log(level, "%s", line(event, values))


def audit(before: Restore | None, after: Restore, event: "Event | None") -> None:
    """Each change of phase as a log event: the app can rewrite its ledger, the log is the audit."""
    moved = before is None or before.phase is not after.phase
    overdue = after.overdue_at is not None and before is not None and before.overdue_at is None
    if moved:
        tell("phase", **_who(after), **_step(before, after, event))
    elif overdue:
        tell(
            "overdue", logging.WARNING, **_who(after), phase=after.phase.value, job=after.job.id if after.job else None
        )
    elif after.trouble:
        tell(
            "trouble", logging.WARNING, **_who(after), phase=after.phase.value, why=after.trouble, tries=after.troubles
        )


def _who(restore: Restore) -> dict[str, Any]:
    ticket = restore.ticket or {}
    return {
        "restore": restore.id,
        "instance": restore.instance_name or restore.instance,
        "source": restore.source,
        "ticket": ":".join(filter(None, (ticket.get("system"), ticket.get("id")))) or None,
    }


def _step(before: Restore | None, after: Restore, event: "Event | None") -> dict[str, Any]:
    ended = after.closed_at if after.phase in CLOSED else None
    began = phase_began(after)
    return {
        "sequence": after.sequence,
        "at": iso(began) if began else None,
        "phase": after.phase.value,
        "from": before.phase.value if before else None,
        "seconds": seconds_in_phase(before, after) if before else None,
        "total": (ended - after.accepted_at).total_seconds() if ended else None,
        "event": type(event).__name__ if event else "Accepted",
        "requested_by": after.requested_by,
        "authenticated_as": after.authenticated_as,
        "by": getattr(event, "by", None),
        "dry_run": after.dry_run or None,
        "point": after.point.id if after.point else None,
        "attempt": after.attempt.request_id if after.attempt else None,
        "job": after.job.id if after.job else None,
        "outcome": after.outcome,
        "error": after.error.code if after.error and ended else None,
        "activity": after.error.activity_id if after.error and ended else None,
    }


def seconds_in_phase(before: Restore, after: Restore) -> float | None:
    """How long the phase lasted that this step left."""
    phases = set(Phase)
    began = next((entry.at for entry in reversed(before.timeline) if entry.what in phases), before.accepted_at)
    left = phase_began(after)
    return max((left - began).total_seconds(), 0.0) if left else None


def phase_began(restore: Restore) -> datetime | None:
    """When the restore entered its present phase, by its own timeline."""
    return next((entry.at for entry in reversed(restore.timeline) if entry.what == restore.phase.value), None)


def operation(path: str) -> str:
    """A call's name: the types of an ARM path and its verb, without any id or name."""
    parts = path.split("?", maxsplit=1)[0].split("/providers/")[-1].split("/")
    return "/".join(part for i, part in enumerate(parts) if i % 2 == 1)[:120] or "/"


def headers() -> dict[str, str]:
    """The correlation id goes along with every call to ARM that a restore makes."""
    restore_id = _about.get()
    return {"x-ms-correlation-request-id": correlation(restore_id)} if restore_id else {}


def count(
    method: str, path: str, sent: Mapping[str, str], status: int, answered: Mapping[str, str], seconds: float
) -> None:
    """Each answer of ARM, with Azure's own request id; 429s and what is left of the budget. Names of answered headers
    are in lower case."""
    left = answered.get("x-ms-ratelimit-remaining-subscription-writes") or answered.get(
        "x-ms-ratelimit-remaining-subscription-reads"
    )
    tell(
        "arm",
        call=f"{method} {operation(path)}",
        status=status,
        ms=round(seconds * 1000),
        restore=_about.get(),
        request_id=answered.get("x-ms-request-id"),
        client_request_id=sent.get("x-ms-client-request-id"),
        retry_after=answered.get("retry-after"),
        left=left,
    )
