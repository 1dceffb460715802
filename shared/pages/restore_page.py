"""/desk/restores/{id}: one restore whole: what, from when, to where, how long still, what next."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from shared.advice.repeats import can_repeat, in_our_names
from shared.aftercare import states
from shared.api.verification import VerificationView, verification_view
from shared.api.views import container_view, notice_view
from shared.domain.durations import phase_seconds, total_seconds
from shared.domain.problems import Unreadable
from shared.domain.restore import BEFORE_SUBMISSION, Phase, Restore
from shared.pages import plots
from shared.pages.outlook import outlook
from shared.pages.overview import Line, line_of
from shared.pages.restore_view import age_at, facts, moments, name_of, phase_bars, state, steps
from shared.pages.visit import REFRESH, Ports, Shown, Visit
from shared.storage import row_keys
from shared.workflow.operator_acts import AGAIN, not_found, resolvable


def restore(ports: Ports, visit: Visit) -> Shown:
    """One restore."""
    found = load(ports, visit.path.removeprefix("restores/"))
    earlier = tuple(past for past in ports.history.of(found.instance) if past.id != found.id) if found.instance else ()
    seen = outlook(found, earlier, visit.now)
    bars = phase_bars(found, earlier, visit.now)
    values = {
        "restore": found,
        "name": name_of(found),
        "state": state(found),
        "outlook": None if found.closed or found.phase is Phase.LOST else seen,
        "ahead": _ahead(ports, found, visit.now),
        "took": total_seconds(found, visit.now),
        "age": age_at(found, visit.now),
        "timeline": moments(found, visit.now),
        "steps": steps(found),
        "bars": bars,
        "reached": phase_seconds(found, visit.now),
        "recommended": [in_our_names(action) for action in found.error.recommended_action] if found.error else [],
        "earlier": len(earlier),
        "plot": plots.bars(f"Seconds in each phase, beside earlier restores ({len(earlier)})", bars) if bars else "",
        "notices": [notice_view(n, one) for n, one in enumerate(ports.parts.outbox.of_restore(found.id), 1)],
        "possible": [act for act in possible(ports, found) if visit.may(act)],
        "verification": _verification(ports, found),
        "container": container_view(found, ports.aftercare_api.rows.of(found.id)),
        "facts": facts(found),
    }
    return Shown("restore.html", values, None if found.closed else REFRESH)


def _ahead(ports: Ports, waiting: Restore, now: datetime) -> Line | None:
    """The restore that has the turn which this one waits for, with its outlook."""
    with suppress(Unreadable):
        holder = ports.parts.ledger.load(waiting.waiting_for) if waiting.waiting_for else None
        if holder and not holder.closed:
            return line_of(holder, outlook(holder, ports.history.of(holder.instance), now))
    return None


def load(ports: Ports, restore_id: str) -> Restore:
    """The restore of this id, or a Problem (404, 409)."""
    found = ports.parts.ledger.load(restore_id) if row_keys.is_id(restore_id) else None
    if found is None:
        raise not_found(restore_id)
    return found


def possible(ports: Ports, restore: Restore) -> list[str]:
    """The acts that the restore and its container allow now."""
    row = ports.aftercare_api.rows.of(restore.id)
    acts = ["withdraw"] if restore.phase in BEFORE_SUBMISSION else []
    acts += ["again"] if restore.phase in AGAIN and restore.vault and can_repeat(restore) else []
    acts += ["resolve"] if restore.phase in resolvable(restore) else []
    seen = ports.verification_api.verifying.rows.of(restore.id)
    acts += ["verify"] if row and row.state in ("kept", "due") and not (seen and seen.open) else []
    return acts + (states.possible(row.state) if row else [])


def _verification(ports: Ports, restore: Restore) -> dict[str, Any] | None:
    """How the verification of what was delivered stands, every field of its view there."""
    row = ports.verification_api.verifying.rows.of(restore.id)
    absent = dict.fromkeys(field.alias or name for name, field in VerificationView.model_fields.items())
    return {**absent, **verification_view(row)} if row else None
