"""Acts on restores and on the desk: a page that says what an act does, and the POST that does it."""

import json
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from shared.advice.repeats import changes
from shared.api.http import Answer, Call
from shared.api.restores import PRINCIPAL
from shared.domain.problems import Problem
from shared.domain.restore import Restore
from shared.domain.values import iso
from shared.frozen import frozen
from shared.pages.overview import tested_row
from shared.pages.restore_page import load, possible
from shared.pages.restore_view import name_of
from shared.pages.visit import Ports, Shown, Visit
from shared.storage import row_keys
from shared.storage.store import Change
from shared.telemetry import tell


@frozen
class ActText:
    """What a person reads before the act."""

    title: str
    words: str
    button: str


TEXTS = {
    "withdraw": ActText(
        "Withdraw this restore",
        "It is taken back before it is submitted to Azure. Nothing is restored; the next restore of this instance "
        "gets its turn.",
        "Withdraw it",
    ),
    "again": ActText(
        "Ask once more",
        "A new restore with the same request and the same recovery point is saved.",
        "Ask again",
    ),
    "resolve": ActText(
        "Say what became of this restore",
        "Look at the vault's jobs first. Adopt: the job you name is this restore's. Resubmit: no job exists, and it "
        "is sent once more. Close: it is given up, and counts as failed.",
        "Resolve it",
    ),
    "resend": ActText("Send this notice once more", "The same notice goes to the same channel again.", "Send again"),
    "keep": ActText(
        "Keep the delivered files longer",
        "The container that the desk made for this restore is kept for its target's keepHours once more, from now on.",
        "Keep it",
    ),
    "cleanup": ActText(
        "Delete the delivered files now",
        "The next sweep deletes the container that the desk made for this restore, with everything in it.",
        "Delete it",
    ),
    "verify": ActText(
        "Verify the delivered files",
        "A loader reads them, as deep as their target says, and the result is shown here and told to the channels.",
        "Verify them",
    ),
    "pause": ActText(
        "Pause the desk",
        "Nothing is submitted to Azure until somebody resumes it. What runs is watched on.",
        "Pause",
    ),
    "resume": ActText("Resume the desk", "All pauses end; waiting restores are submitted again.", "Resume"),
    "test": ActText("Test a channel", "A sample notice goes to it.", "Send a sample notice"),
}
RESTORE = re.compile(r"restores/(?P<id>[a-z0-9-]{1,60})/(?P<act>withdraw|again|resolve|keep|cleanup|verify)")
NOTICE = re.compile(r"restores/(?P<id>[a-z0-9-]{1,60})/notices/(?P<n>[0-9]{1,6})/(?P<act>resend)")
DESK = re.compile(r"(?P<act>pause|resume)")
CHANNEL = re.compile(r"channels/(?P<name>[A-Za-z0-9._-]{1,63})/(?P<act>test)")


def place(path: str) -> dict[str, str] | None:
    """The act that a path names, with its id, number or name; None if it names none."""
    for pattern in (RESTORE, NOTICE, DESK, CHANNEL):
        found = pattern.fullmatch(path)
        if found:
            return found.groupdict()
    return None


def form(ports: Ports, visit: Visit) -> Shown:
    """What the act does, and a form for the reason."""
    said = _allowed(visit)
    about = load(ports, said["id"]) if "id" in said else None
    if about and said["act"] != "resend" and said["act"] not in possible(ports, about):
        words = f"it is {about.phase}; possible now: {', '.join(possible(ports, about)) or 'nothing'}"
        raise Problem(409, "This is not possible now", words)
    changed = _changed(about) if said["act"] == "again" else {}
    values = {
        "text": TEXTS[said["act"]],
        "act": said["act"],
        "key": secrets.token_hex(16),
        "changed": json.dumps(changed) if changed else "",
        "about": f"{name_of(about)}, {about.id}, {about.phase}" if about else said.get("name"),
        "back": f"/desk/restores/{about.id}" if about else "/desk/channels" if "name" in said else "/desk",
    }
    return Shown("act.html", values)


def act(ports: Ports, visit: Visit, form: Mapping[str, str]) -> str:
    """Does the act through the API's own routes; gives the address of the page that shows what came of it."""
    said = _allowed(visit)
    name, body = said["act"], {"by": visit.person.name, "reason": form.get("reason", "").strip()}
    if name == "again":
        body |= _changed(load(ports, said["id"]))
        if form.get("key"):  # a form that is sent twice asks once
            body["idempotencyKey"] = form["key"][:64]
    if name == "resolve":
        body |= {field: form[field].strip() for field in ("resolution", "jobId") if form.get(field, "").strip()}
    doing: dict[str, Callable[[Call], Answer]] = {
        "withdraw": ports.api.withdraw,
        "again": ports.api.again,
        "resolve": ports.api.resolve,
        "resend": ports.api.resend,
        "keep": ports.aftercare_api.keep,
        "cleanup": ports.aftercare_api.cleanup,
        "verify": ports.verification_api.verify,
        "pause": ports.desk_api.pause,
        "resume": ports.desk_api.resume,
        "test": ports.desk_api.channel_test,
    }
    who = visit.person.id if name == "again" else visit.person.name  # a restore's row names the id, a timeline the name
    signed_in = {PRINCIPAL[0]: who}
    answer = doing[name](Call(path=said, headers=signed_in, body=json.dumps(body).encode()))
    tell("act", act=name, by=visit.person.name, person=visit.person.id, where=visit.path)
    shown: dict[str, Any] = json.loads(answer.body)
    if name == "test":
        _tested(ports, visit, said["name"], shown)
        return "/desk/channels"
    return f"/desk/restores/{shown.get('id', said['id'])}" if "id" in said else "/desk"


def _changed(restore: Restore | None) -> dict[str, Any]:
    """What the request needs changed, because the same one would fail again."""
    return (changes(restore, restore.error) if restore and restore.error else None) or {}


def _allowed(visit: Visit) -> dict[str, str]:
    said = place(visit.path)
    if said is None:
        raise Problem(404, "There is no such act", f"/desk/{visit.path[:100]} is no act of this desk")
    if not visit.may(said["act"]):
        words = f"your role does not allow {said['act']}; desk.toml, [page.roles], says which acts a role allows"
        raise Problem(403, "You may not do this", words)
    return said


def _tested(ports: Ports, visit: Visit, name: str, shown: Mapping[str, Any]) -> None:
    """Kept, so that the page can show it after its redirect."""
    said = "delivered" if shown["delivered"] else f"not delivered: {shown.get('answer', '')}"
    fields = {"at": iso(visit.now), "by": visit.person.name, "said": said[:500]}
    ports.parts.ledger.store.commit(row_keys.DESK, [Change("put", tested_row(name), fields)])
