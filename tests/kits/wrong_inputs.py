"""Forty things that people and services send wrong, at the four doors, and docs/errors.md, made of the answers.

`python -m tests.kits.wrong_inputs` writes the page.
"""

import base64
import contextlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.cli import run
from shared.api.http import Call, answered
from tests.kits.ticket_door import Door
from tests.kits.ticket_samples import saved
from tests.kits.world import World, body

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"
HEAD = """\
# What wrong input is answered

`python -m tests.kits.wrong_inputs` writes this page. A test checks that each answer names the field, what was sent, and
what to send instead. Where the answer goes:

- HTTP: the answer is `application/problem+json`.
- queue, ticket: the answer is the reason of a `refused` restore, and goes to the default channels or the ticket.
- deskctl: the answer is on stderr.

| where | sent | answer |
|---|---|---|
"""


@dataclass(frozen=True)
class Wrong:
    """One wrong input: where it comes in, how it is shown, and the field, sight and advice that the answer holds."""

    door: str
    shown: str
    field: str
    seen: str
    advice: str
    sent: Any


def http(more: Any, field: str, seen: str, advice: str) -> Wrong:
    """A request by HTTP: the smallest good one with this in it, or raw bytes."""
    shown = more.decode("utf-8", "replace") if isinstance(more, bytes) else json.dumps(more, ensure_ascii=False)
    return Wrong("HTTP", shown or "(nothing)", field, seen, advice, more)


def queue(raw: bytes, shown: str, field: str, seen: str, advice: str) -> Wrong:
    return Wrong("queue", shown, field, seen, advice, raw)


def ticket(system: str, path: tuple[Any, ...], value: Any, field: str, seen: str, advice: str) -> Wrong:
    """A system's sample event with one place changed."""
    shown = f"{system}: {'.'.join(map(str, path))} = {json.dumps(value, ensure_ascii=False)}"
    return Wrong("ticket", shown, field, seen, advice, (system, path, value))


def line(words: list[str], field: str, seen: str, advice: str) -> Wrong:
    """A command line of deskctl."""
    return Wrong("deskctl", " ".join(words), field, seen, advice, words)


GOOD = json.dumps({"instance": "pg-a", "target": "drills"}).encode()
MISSING, ASK = object(), ["ask", "pg-a", "latest", "drills", "--url", "http://127.0.0.1:9"]
WRONG: tuple[Wrong, ...] = (
    http({"instance": "pg-aa"}, "instance", "'pg-aa'", "did you mean pg-a"),
    http({"instance": ""}, "instance", '""', "send a name of desk.toml"),
    http({"target": "drill"}, "target", "'drill'", "did you mean drills"),
    http({"target": {"kind": "azure"}}, "target.kind", '"azure"', 'send "files"'),
    http({"target": {"kind": "files"}}, "target.container", "missing", "send a container's URL"),
    http({"recoveryPoint": "newest"}, "recoveryPoint", '"newest"', 'send "latest"'),
    http({"recoveryPoint": {"atOrBefore": "2026-10-01"}}, "recoveryPoint.atOrBefore", '"2026-10-01"', "with its zone"),
    http(
        {"recoveryPoint": {"atOrBefore": "2062-10-01T00:00:00Z"}}, "recoveryPoint.atOrBefore", "2062", 'send "latest"'
    ),
    http({"recoveryPoint": {"id": "a/b"}}, "recoveryPoint.id", '"a/b"', "letters, digits"),
    http({"dryRun": "yes"}, "dryRun", '"yes"', "send true or false, without quotes"),
    http({"crossRegion": 1}, "crossRegion", "1 was sent", "send true or false"),
    http({"maxAgeHours": "24"}, "maxAgeHours", '"24"', "without quotes"),
    http({"location": "West Europe"}, "location", '"West Europe"', "such as westeurope"),
    http({"rehydration": {"retainDays": 5}}, "rehydration.retainDays", "5 was sent", "from 10 to 30"),
    http({"requestor": "me"}, "requestor", "'requestor'", "did you mean requestedBy"),
    http({"recovery_point": "latest"}, "recovery_point", "'recovery_point'", "did you mean recoveryPoint"),
    http(
        {"ticket": {"system": "jira", "id": "A-1", "url": "jira.contoso.com"}},
        "ticket.url",
        "jira.contoso.com",
        "https",
    ),
    http({"callback": "db"}, "callback", "'db'", "did you mean dba"),
    http(b"", "body", "an empty body", "send a JSON object"),
    http(b"instance=pg-a&target=drills", "body", "a form", "send a JSON object"),
    queue(b"", "(nothing)", "body", "an empty body", "send a JSON object"),
    queue(
        base64.b64encode(base64.b64encode(GOOD)), "base64 of base64 of a request", "body", "base64 of base64", "once"
    ),
    queue(GOOD.decode().encode("utf-16"), "a request in UTF-16", "body", "UTF-16", "UTF-8"),
    queue(b"[1]", "[1]", "body", "a list", "send an object"),
    queue(b'{"target": "drills"}', '{"target": "drills"}', "instance", "missing", "send a name"),
    queue(b'{"instance": "pg-x", "target": "drills"}', '{"instance": "pg-x", …}', "instance", "'pg-x'", "did you mean"),
    queue(
        b'{"instance": "pg-a", "target": "drills", "dryRun": ""}', '{…, "dryRun": ""}', "dryRun", '""', "true or false"
    ),
    queue(
        b'{"instance": "pg-a", "target": "drills", "dryrun": true}',
        '{…, "dryrun": true}',
        "dryrun",
        "'dryrun'",
        "did you mean dryRun",
    ),
    ticket("servicenow", ("request", "dry_run"), "", "dryRun", "blank", "send true or false"),
    ticket("zendesk", ("dry_run",), "no", "dryRun", '"no"', "send true or false"),
    ticket("zendesk", ("dry_run",), "<b>true</b>", "dryRun", "<b>true</b>", "send true or false"),
    ticket(
        "jira", ("issue", "fields", "customfield_10101", "value"), "pg-prod-1", "instance", "'pg-prod-1'", "pg-prod-01"
    ),
    ticket("servicenow", ("request", "point"), "last week", "recoveryPoint", '"last week"', 'send "latest"'),
    ticket(
        "servicenow", ("ticket", "approval"), "Approved", "body.ticket.approval", '"Approved"', 'expected "approved"'
    ),
    ticket("portal", ("request", "Instance"), "pg-prod-01", "Instance", "'Instance'", "did you mean instance"),
    line([*ASK, "--max-age-hours", "two"], "--max-age-hours", "'two'", "such as 48"),
    line([*ASK, "--ticket", "OPS-1"], "--ticket", "'OPS-1'", "give system:id"),
    line(["ask", "pg-a", "latest", '{"kind": files}', *ASK[4:]], "target", "files", "JSON"),
    line(["ask", "pg-a", "latest", "drills", "--url", "http://desk.contoso.com"], "--url", "desk.contoso.com", "https"),
    line(["list", "--since", "last week", *ASK[4:]], "--since", "'last week'", "give yesterday"),
    line(["ask", "pg-a", "latest", "drills", "--url", ""], "--url", "which desk", "set DESK_URL"),
)


def answer(wrong: Wrong) -> tuple[str, str | None]:
    """What the door says, and the field it names in a place of its own, if it has one."""
    return {"HTTP": _http, "queue": _queue, "ticket": _ticket, "deskctl": _line}[wrong.door](wrong.sent)


def _http(sent: Any) -> tuple[str, str | None]:
    raw = sent if isinstance(sent, bytes) else json.dumps({**body("pg-a"), **sent}).encode()
    found = answered(World().process().api.post_restore, Call(body=raw))
    assert 400 <= found.status < 500
    said = json.loads(found.body)
    return f"{found.status} {f'`{said["field"]}`: ' if 'field' in said else ''}{said['detail']}", said.get("field")


def _queue(sent: bytes) -> tuple[str, str | None]:
    world = World()
    world.process().queue_in.message(sent, "message-1")
    (refused,) = world.restores()
    assert refused.phase == "refused"
    assert refused.error
    return refused.error.message, None


def _ticket(sent: tuple[str, tuple[Any, ...], Any]) -> tuple[str, str | None]:
    system, path, value = sent
    event = saved(system)["body"]
    place = event
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    said = Door().send(system, event)
    assert said["status"] in ("refused", "ignored"), said
    return f"{said['status']}: {said['reason']}", said.get("field")


def _line(sent: list[str]) -> tuple[str, str | None]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        assert run(sent) == 1
    return err.getvalue().strip(), None


def rows() -> Iterator[str]:
    """The table's rows."""
    for wrong in WRONG:
        said, _ = answer(wrong)
        yield f"| {wrong.door} | {_cell(wrong.shown)} | {said.replace('|', chr(92) + '|').replace(chr(10), ' ')} |"


def _cell(text: str) -> str:
    return "`" + text.replace("|", "\\|").replace("`", "'") + "`"


def page() -> str:
    """docs/errors.md."""
    return HEAD + "\n".join(rows()) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
