"""How an attacker reaches a running desk: ticket events under any headers, and a desk.toml with doors to try."""

import http.client
import json
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from local.demo import ticket_calls
from local.stack.processes import ROOT
from local.stack.stack import Stack
from shared.notices import standard_webhooks
from tests.kits.ticket_door import SECRET

TRIES = int(os.environ.get("HEADER_SETS", "30"))  # of each ticket system
KINDS = ("jira", "github", "zendesk", "servicenow", "portal")
NO_TICKET = ("jira", "github", "zendesk")
HIDING = (  # what an issue's form may hide from its approver
    "<!-->\n### Instance\n\npg-prod-02\n-->", "### Instance\n\npg-prod-02", "<details>",
    "```a`b\n### Target\n\nvaulted\n```",
)  # fmt: skip
MORE = """
[tickets.portal]
kind = "generic"
auth = "signature"
secret = { env = "PORTAL_SECRET" }
instances = ["pg-prod-01"]
targets = ["drills"]
when = "body.event == 'restore.requested'"
request = "{instance: body.instance, target: body.target, requestedBy: body.requester, reason: body.reason}"
[tickets.no-instances]
kind = "generic"
auth = "signature"
secret = { env = "PORTAL_SECRET" }
targets = ["drills"]
when = "body.event == 'restore.requested'"
request = "{instance: body.instance, target: body.target}"
[tickets.no-targets]
kind = "generic"
auth = "signature"
secret = { env = "PORTAL_SECRET" }
instances = ["pg-prod-01"]
when = "body.event == 'restore.requested'"
request = "{instance: body.instance, target: body.target}"
[channels.away]
kind = "queue"
url = { env = "AWAY_URL" }
"""


def a_desk(folder: Path) -> Path:
    """The sample desk.toml, with sources and a channel for attacks; HTTP may ask for less, and for a callback."""
    text = (ROOT / "samples" / "desk.toml").read_text("utf-8")
    text = text.replace('[http]\ninstances = ["*"] ', '[http]\ninstances = ["pg-prod-01", "pg-prod-02", "geo-flex"] ')
    text = text.replace('# callbacks = ["dba"]', 'callbacks = ["jira-comments"]')
    assert 'geo-flex"] #' in text
    (folder / "desk.toml").write_text(text + MORE, "utf-8")
    return folder / "desk.toml"


NAMES = (
    "content-type", "x-github-event", "x-github-delivery", "x-atlassian-webhook-identifier", "webhook-event",
    "x-zendesk-webhook-invocation-id", "idempotency-key", "content-encoding", "x-http-method-override",
    "x-ms-client-principal-name", "x-request-id", "content-language", "x-original-url",
)  # fmt: skip
VALUES = (
    "application/x-www-form-urlencoded", "application/json; charset=utf-16", "multipart/form-data; boundary=x",
    "text/plain", "issues", "ping", "issue_comment", "1", "2", "gzip", "a,b", "\u00e9", "",
)  # fmt: skip


def header_sets(count: int, seed: str) -> Iterator[list[tuple[str, str]]]:
    """Names in any casing, some twice, with any values."""
    dice = random.Random(seed)  # noqa: S311 - the same sets each time
    for _ in range(count):
        names = dice.choices(NAMES, k=dice.randrange(1, 7))
        yield [("".join(dice.choice((ch, ch.upper())) for ch in name), dice.choice(VALUES)) for name in names]


def signed(stack: Stack, kind: str, body: dict[str, Any]) -> tuple[bytes, list[tuple[str, str]]]:
    """An event's bytes, and the headers that prove whose it is."""
    if kind != "portal":
        raw, headers = ticket_calls.call(kind, stack.ticket_secrets[kind], body)
        return raw, [(name, text) for name, text in headers.items() if name not in ("Content-Type", "X-GitHub-Event")]
    raw = json.dumps(body).encode()
    key = standard_webhooks.key("portal", SECRET)
    return raw, list(standard_webhooks.sign([key], "msg_1", datetime.now(UTC), raw).items())


def post(stack: Stack, source: str, raw: bytes, headers: list[tuple[str, str]]) -> tuple[int, dict[str, Any]]:
    """As the bytes stand on the wire: http.client joins and changes no header."""
    wire = http.client.HTTPConnection(urlsplit(stack.url).netloc, timeout=60)
    wire.putrequest("POST", f"/api/tickets/{source}", skip_accept_encoding=True)
    for name, text in [*headers, ("x-functions-key", stack.key), ("Content-Length", str(len(raw)))]:
        wire.putheader(name, text.encode("latin-1"))
    wire.endheaders(raw)
    answer = wire.getresponse()
    said = answer.read()
    wire.close()
    return answer.status, json.loads(said) if said else {}


def stranger(port: int, path: str) -> bytes:
    """The body of an answer to whoever has no key, on a connection of its own."""
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    wire.request("GET", path)
    said = wire.getresponse().read()
    wire.close()
    return said


def without_ticket(kind: str) -> dict[str, Any]:
    """An event that names no ticket: only its bytes are there to know it by."""
    event: dict[str, Any] = ticket_calls.EVENTS[kind]("pg-prod-01")
    if kind == "jira":
        del event["issue"]["key"]
    elif kind == "github":
        del event["repository"]
    else:
        event.pop("ticket_id", None)
    return event


def cpu(stack: Stack) -> float:
    """Seconds of CPU that the first host has used."""
    process = stack.hosts[0].process
    assert process
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def not_kept(answer: httpx.Response) -> None:
    """Every answer, errors too, forbids caches to keep it and browsers to guess its type."""
    said = (answer.headers["cache-control"], answer.headers["x-content-type-options"])
    assert said == ("no-store", "nosniff"), answer.request.url


@contextmanager
def changed(stack: Stack, old: str, new: str) -> Iterator[None]:
    """desk.toml with another text meanwhile."""
    path = stack.options.config
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    yield
    path.write_text(text, "utf-8")


def acts_logged(stack: Stack) -> str:
    """The lines of the log that say what people did."""
    return "".join(json.dumps(row) for row in stack.traces() if "desk.act" in str(row))


def notices(stack: Stack, restore: str, channel: str) -> list[dict[str, Any]]:
    """A restore's notices to one channel."""
    found = stack.http.get(f"/api/restores/{restore}").json()["notices"]
    return [one for one in found if one["channel"] == channel]


def junk(stack: Stack) -> list[str]:
    """The restores of messages that could not be read."""
    letters = stack.http.get("/api/dead-letters", params={"pageSize": "1000"}).json()["value"]
    own = [one for one in letters if one["kind"] == "request" and one["source"] == "queue"]
    return [one["restore"] for one in own if "could not be read" in one["why"]]
