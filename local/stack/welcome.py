"""What `up` prints: ready `export` lines, and one sample call for each way in, computed from what is there."""

import json
import shlex
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from local.postgres.programs import pg_bin
from local.stack.channel_server import TICKETS
from local.stack.delivered import connection_string
from local.stack.stack import Options, Stack
from shared.config.desk_file import Desk, parse_desk
from shared.domain.problems import Ours


@dataclass(frozen=True)
class Sample:
    """A call to paste after the `export` lines."""

    about: str
    command: str


def words(stack: Stack) -> str:
    """What a person needs to begin."""
    exported = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in exports(stack).items())
    shown = "\n\n".join(f"# {sample.about}\n{sample.command}" for sample in samples(stack))
    return f"""
Restore Desk is up (Ctrl-C ends it).
  API        {stack.url}/api
  ARM        {stack.arm}
  storage    {stack.storage_said}
  notices    {stack.channels.url}/_sink/received
  page       {page(stack)}
  desk.toml  {desk_toml(stack)}

Paste these into another terminal first (keys and secrets are made for this run):

{exported}

Then, each way in:

{shown}
"""


def page(stack: Stack) -> str:
    """Where the page is, and who is signed in there."""
    if stack.options.person:
        return f"{stack.url}/desk"
    return f"{stack.url}/desk  (signed out; start again with --as you@contoso.com)"


def desk_toml(stack: Stack) -> str:
    """Which file opens what."""
    file = stack.options.config
    if file == Options().config:
        return "samples/desk.toml  (with one of your own: DESK_CONFIG=desk.toml python3 -m local up)"
    return str(file)


def exports(stack: Stack) -> dict[str, str]:
    """The variables that the samples and `deskctl` read; not the connection string of the user's own storage."""
    found = {"DESK_URL": stack.url, "DESK_KEY": stack.key, "DESK_HEALTH_KEY": stack.key}
    if not stack.options.storage:
        found["AzureWebJobsStorage"] = stack.storage
    if stack.options.loader and not stack.options.storage:  # for `deskctl load` of what the vaulted target was given
        found |= {"AZURE_STORAGE_CONNECTION_STRING": connection_string(stack.azurite, "drillstore"), "PG_BIN": pg_bin()}
    return found | {name: stack.ticket_secrets[system] for system, name in TICKETS.items()}


def samples(stack: Stack) -> list[Sample]:
    """One call a way in, for the first instance of desk.toml that the way may ask for."""
    try:
        desk = parse_desk(stack.options.config.read_text(encoding="utf-8-sig"))
    except (Ours, OSError):
        return []  # health says what is wrong with the file
    name = next((name for name, entry in desk.instances.items() if entry.targets), None)
    if name is None:
        return []
    target = desk.instances[name].targets[0]
    request = {"instance": name, "target": target, "requestedBy": "me@contoso.com", "reason": "a try"}
    key = '-H "x-functions-key: $DESK_KEY"'
    post = f"curl -sS -X POST \"$DESK_URL/api/restores\" {key} -H 'Idempotency-Key: try-http-1' -d"
    found = [
        Sample("what can be restored", f'curl -sS "$DESK_URL/api/instances" {key}'),
        Sample("a request by HTTP", f"{post} {shlex.quote(json.dumps(request | _point(stack, name)))}"),
        Sample(
            "from the terminal", f"python3 -m deskctl ask {name} latest {target} --reason 'a try' --dry-run --follow"
        ),
    ]
    if not stack.options.storage and {name, "*"} & {*desk.queue.instances}:
        found.append(Sample("a message on the queue, as another service puts it", _queue(request)))
    found += _ticket(desk)
    return [*found, Sample("what became of it", "python3 -m deskctl list --since today")]


def _point(stack: Stack, name: str) -> dict[str, Any]:
    """The point before the newest one, by a moment after it; nothing if Azure's points are not to be had."""
    try:
        answer = stack.http.get(f"/api/instances/{name}/recovery-points").raise_for_status()
        usable = [point for point in answer.json()["value"] if point["restorable"]]
    except httpx.HTTPError:
        return {}
    if len(usable) < 2:
        return {}
    after = datetime.fromisoformat(usable[1]["time"]) + timedelta(minutes=1)
    return {"recoveryPoint": {"atOrBefore": after.strftime("%Y-%m-%dT%H:%M:%SZ")}}


def _queue(request: dict[str, Any]) -> str:
    code = (
        "import os, sys; from azure.storage.queue import QueueClient as Q; "
        "queue = Q.from_connection_string(os.environ['AzureWebJobsStorage'], 'restore-requests'); "
        "queue.send_message(sys.argv[1], time_to_live=-1)"
    )
    said = json.dumps({**request, "idempotencyKey": "try-queue-1"})
    return f"{sys.executable} -c {shlex.quote(code)} {shlex.quote(said)}"


def _ticket(desk: Desk) -> list[Sample]:
    """ServiceNow's, because a secret in a header needs no signature."""
    source = desk.tickets.get("servicenow")
    name = next((one for one in (source.instances if source else ()) if one in desk.instances), None)
    if source is None or source.auth != "header" or name is None:
        return []
    ticket = {"table": "sc_req_item", "sys_id": "0f" * 16, "number": "RITM0012345", "approval": "approved"}
    wanted = {"instance": name, "point": "latest", "target": desk.instances[name].targets[0], "dry_run": False}
    event = {"event": "restore.requested", "ticket": ticket, "request": wanted, "idempotency_key": "RITM0012345:1"}
    head = f'-H "x-functions-key: $DESK_KEY" -H "{source.header}: $SERVICENOW_SECRET"'
    line = f'curl -sS -X POST "$DESK_URL/api/tickets/servicenow" {head} -d {shlex.quote(json.dumps(event))}'
    return [Sample("a ticket system's webhook (ServiceNow; docs/tickets.md has the others)", line)]
