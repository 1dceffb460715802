"""/desk/ask: choose, read what will happen, then ask; one confirm page is one restore, however often it is sent."""

import contextlib
import secrets
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from shared.config.policy import Decision, decide_for_any
from shared.config.rights import askers
from shared.domain.problems import Problem, Trouble, forbidden, invalid
from shared.domain.request import parse_request
from shared.domain.values import utc
from shared.notices.facts import span
from shared.notices.routing import channels_of
from shared.pages.access import choices
from shared.pages.instance_pages import Json, is_old, points_of
from shared.pages.visit import Ports, Shown, Visit
from shared.storage import row_keys
from shared.storage.queue_messages import wake_message
from shared.workflow.intake import Caller

FIELDS = ("instance", "target", "point", "before", "database", "dryRun", "reason", "ticket")
EVENTS = ("accepted", "submitted", "succeeded", "failed", "refused", "lost", "overdue")
MOST_POINTS = 50


def ask(ports: Ports, visit: Visit) -> Shown:
    """First the instance, then the rest: no script fills one choice by another."""
    name, open_to = visit.said("instance"), choices(visit.person, visit.desk)
    if not open_to:
        words = "no role of yours may ask for restores; the desk's operators give roles (desk.toml, [page.roles])"
        raise Problem(403, "You may look, not ask", words)
    if name not in open_to:
        return Shown("ask.html", {"instances": open_to, "unknown": name})
    points, problem = points_of(ports, name)
    targets = {target: visit.desk.targets[target] for target in open_to[name]}
    values = {
        "name": name,
        "targets": targets,
        "server": any(target.kind == "database" for target in targets.values()),
        "points": [point for point in points if point["restorable"]][:MOST_POINTS],
        "problem": problem,
        "said": {field: visit.said(field) for field in FIELDS},
    }
    return Shown("ask_form.html", values)


def confirm(ports: Ports, visit: Visit) -> Shown:
    """The page that describes the restore before it is asked for."""
    said = {field: visit.said(field) for field in FIELDS}
    value = request_of(said, visit)
    decision = _decision(ports, visit, value)
    point = _point(ports, said, visit.now)
    holder = ports.parts.ledger.store.get(*_turn(decision))
    told = {name for event in EVENTS for name in channels_of(visit.desk, decision.name, (), event, value.get("ticket"))}
    values = {
        "said": {field: text for field, text in said.items() if text},
        "name": said["instance"],
        "plan": decision.plan,
        "point": point,
        "missing": span((visit.now - utc(point["time"])).total_seconds()) if point else None,
        "old": is_old(point, visit.desk.instances.get(said["instance"])),
        "pinned": said["point"] not in ("", "latest"),
        "holder": holder.text("restore") if holder else None,
        "pause": ports.parts.board.paused(),
        "told": {name: visit.desk.channels[name].kind for name in sorted(told)},
        "dry": "dryRun" in value,
        "key": secrets.token_hex(16),
        "back": f"/desk/ask?{urlencode({field: text for field, text in said.items() if text})}",
    }
    return Shown("confirm.html", values)


def asked(ports: Ports, visit: Visit, form: dict[str, str]) -> str:
    """The restore of a confirm page: made once, by the key that the page carries. Gives its address."""
    said = {field: form.get(field, "").strip() for field in FIELDS}
    key = form.get("key", "")
    if not (len(key) == 32 and key.isalnum() and key.isascii()):
        raise invalid("key", "the confirm page gives it; open that page again")
    person = visit.person
    caller = Caller("page", f"{person.id}\n{key}", person.id, roles=person.roles)
    accepted = ports.api.intake.take(request_of(said, visit), caller)
    if accepted.created:
        with contextlib.suppress(Trouble):  # the row is enough: the sweep finds it
            ports.parts.send(wake_message(accepted.restore), 0)
    return f"/desk/restores/{accepted.restore.id}"


def request_of(said: dict[str, str], visit: Visit) -> Json:
    """The request of the form. `requestedBy` is the signed-in person, never a field of the form."""
    value: Json = {"instance": said["instance"], "target": said["target"], "recoveryPoint": _wanted(said)}
    value["requestedBy"] = visit.person.name
    if said["reason"]:
        value["reason"] = said["reason"]
    if said["database"]:
        value["database"] = said["database"]
    if said["dryRun"]:
        value["dryRun"] = True
    if said["ticket"]:
        value["ticket"] = {"system": "page", "id": said["ticket"]}
    return value


def _wanted(said: dict[str, str]) -> Any:
    if said["point"] == "before":
        try:
            return {"atOrBefore": f"{utc(said['before']):%Y-%m-%dT%H:%M:%SZ}"}
        except (ValueError, OverflowError) as error:
            raise invalid("before", "a moment in UTC is expected, such as 2026-10-01T02:30") from error
    return "latest" if said["point"] in ("", "latest") else {"id": said["point"]}


def _decision(ports: Ports, visit: Visit, value: Json) -> Decision:
    if value["instance"] not in visit.desk.instances:
        raise forbidden("instance", "the page restores instances that desk.toml names")
    ways = askers(visit.desk, "page", visit.person.roles)
    return decide_for_any(parse_request(value), ways, visit.desk, ports.parts.ground)


def _point(ports: Ports, said: dict[str, str], now: datetime) -> Json | None:
    """The recovery point that would be chosen now; None if the list cannot be read."""
    points, _ = points_of(ports, said["instance"])
    usable = [point for point in points if point["restorable"]]
    wanted = _wanted(said)
    if isinstance(wanted, dict) and "id" in wanted:
        usable = [point for point in usable if point["id"] == wanted["id"]]
    elif isinstance(wanted, dict):
        moment = utc(wanted["atOrBefore"])
        if moment > now + timedelta(minutes=5):
            raise invalid("before", f"{said['before']} is in the future")
        usable = [point for point in usable if utc(point["time"]) <= moment]
    if points and not usable:
        raise invalid("point", "no recovery point fits this choice; look at the instance's page for those that exist")
    return usable[0] if usable else None


def _turn(decision: Decision) -> tuple[str, str]:
    return row_keys.vault_partition(decision.vault.text), row_keys.turn(decision.instance.text)
