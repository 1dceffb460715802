"""What the API shows of a restore: everything a person needs, no URL with a signature, no secret. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from shared.advice.next_steps import next_step
from shared.domain.durations import phase_seconds, total_seconds
from shared.domain.restore import Restore
from shared.domain.values import iso
from shared.domain.verification import Verification
from shared.notices.facts import span
from shared.storage import row_keys
from shared.storage.container_rows import ContainerRow
from shared.storage.store import Row


class Told(Protocol):
    """A notice and how its delivery stands (`shared.notices.outbox.Notice`)."""

    @property
    def event(self) -> str: ...

    @property
    def event_id(self) -> str: ...

    @property
    def channel(self) -> str: ...

    @property
    def state(self) -> str: ...

    @property
    def attempts(self) -> int: ...

    @property
    def due(self) -> datetime: ...

    @property
    def answer(self) -> str: ...


def restore_view(
    restore: Restore,
    notices: Sequence[Told],
    now: datetime,
    container: ContainerRow | None = None,
    verification: Verification | None = None,
) -> dict[str, Any]:
    """`GET /api/restores/{id}`."""
    value = restore.json_value()
    shown = {
        **_what(restore, value, now),
        "container": container_view(restore, container),
        "verification": _verified(verification) if verification else None,
        **_asked(restore),
        **_when(restore, now),
        "job": value.get("job"),
        "error": value.get("error"),
        "warnings": list(restore.warnings),
        "attempts": value.get("attempts", []),
        "timeline": value.get("timeline", []),
        "notices": [notice_view(i, notice) for i, notice in enumerate(notices, 1)],
        "nextStep": next_step(restore),
        "request": restore.asked,
    }
    return {name: part for name, part in shown.items() if part is not None}


def _what(restore: Restore, value: dict[str, Any], now: datetime) -> dict[str, Any]:
    """What is restored, and where to."""
    return {
        "id": restore.id,
        "phase": restore.phase.value,
        "outcome": restore.outcome,
        "closed": restore.closed,
        "instance": restore.instance_name or restore.instance,
        "instanceId": restore.instance or None,
        "vault": restore.vault or None,
        "datasource": value.get("datasource"),
        "point": point_view(restore, now),
        "target": {**value["plan"], "destination": restore.plan.destination} if restore.plan else None,
    }


def _asked(restore: Restore) -> dict[str, Any]:
    """Who asked for it, and how."""
    return {
        "via": restore.source,
        "authenticatedAs": restore.authenticated_as,
        "requestedBy": restore.requested_by,
        "reason": restore.reason,
        "ticket": restore.ticket,
        "dryRun": restore.dry_run,
        "crossRegion": restore.cross_region,
        "againOf": restore.again_of,
    }


def _when(restore: Restore, now: datetime) -> dict[str, Any]:
    """Its times, and what it waits for."""
    phases = {phase: round(seconds) for phase, seconds in phase_seconds(restore, now).items()}
    return {
        "acceptedAt": iso(restore.accepted_at),
        "closedAt": iso(restore.closed_at) if restore.closed_at else None,
        "due": None if restore.closed else iso(restore.due),
        "took": {"seconds": round(total_seconds(restore, now)), "phases": phases},
        "waitingFor": restore.waiting_for,
        "trouble": restore.trouble,
        "overdueAt": iso(restore.overdue_at) if restore.overdue_at else None,
    }


def _verified(verification: Verification) -> dict[str, Any]:
    return {name: getattr(verification, name) for name in ("state", "level", "number")}


def container_view(restore: Restore, row: ContainerRow | None) -> dict[str, Any] | None:
    """The container that the desk made for the restore: its state, and until when it is kept after the restore has
    closed."""
    own = restore.own_container
    if own is None:
        return None
    if row is None:
        return {"name": own.name, "state": "taken" if own.taken else "made" if own.made else "begun"}
    return _stands(row)


def _stands(row: ContainerRow) -> dict[str, str]:
    back = iso(row.recoverable) if row.recoverable else None
    shown = {
        "name": row.name, "state": row.state, "until": iso(row.until), "why": row.why, "recoverableUntil": back,
    }  # fmt: skip
    return {name: part for name, part in shown.items() if part}


def point_view(restore: Restore, now: datetime) -> dict[str, Any] | None:
    """The recovery point with its age at the time of asking, or at the end."""
    age = restore.age_of_point(restore.closed_at or now)
    if restore.point is None or age is None:
        return None
    return {**restore.point.json_value(), "ageSeconds": round(age), "age": span(age)}


def notice_view(number: int, notice: Told) -> dict[str, Any]:
    """One notice and how its delivery stands; `number` is what `/notices/{n}/resend` takes."""
    shown = {
        "number": number,
        "event": notice.event,
        "eventId": notice.event_id,
        "channel": notice.channel,
        "state": notice.state,
        "attempts": notice.attempts,
        "due": iso(notice.due) if notice.state == "owed" else None,
        "answer": notice.answer or None,
    }
    return {name: part for name, part in shown.items() if part is not None}


def row_view(row: Row, container: ContainerRow | None = None) -> dict[str, Any]:
    """A line of `GET /api/restores`, from an open or a done row; `container` once the restore has closed."""
    shown = {
        "id": row.text("restore"),
        "phase": row.text("phase"),
        "instance": row.text("instanceName") or row.text("instance"),
        "instanceId": row.text("instance"),
        "acceptedAt": row.text("acceptedAt"),
        "closedAt": row.text("closedAt") or row_keys.closed_at(row.key),
        "via": row.text("source"),
        "requestedBy": row.text("requestedBy"),
        "reason": row.text("reason"),
        "ticket": row.text("ticket"),
        "dryRun": row.fields.get("dryRun"),
        "job": row.text("job"),
        "container": _stands(container) if container else None,
    }
    return {name: part for name, part in shown.items() if part}
