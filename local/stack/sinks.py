"""The other end of every channel, on this machine: answers as each would, keeps what came, can be down or refuse."""

import json
import random
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.stack.sink_rules import check_payload

KEPT = 20_000  # messages; a stack that stays up forgets the oldest
METHODS = ["GET", "POST", "PUT", "PATCH"]


@dataclass(frozen=True)
class Sink:
    """A channel's other end, at `http://127.0.0.1:<port>/<channel's name>`; a webhook's checks signatures."""

    kind: str
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Arrived:
    """One message as it came, what was wrong with it, and how it was answered."""

    channel: str
    kind: str
    method: str
    path: str
    at: str
    status: int
    faults: tuple[str, ...]
    webhook_id: str | None
    text: str


@dataclass
class Sinks:
    """All channels' other ends."""

    sinks: Mapping[str, Sink]
    arrived: deque[Arrived] = field(default_factory=lambda: deque(maxlen=KEPT))
    down: set[str] = field(default_factory=set)
    failing: dict[str, float] = field(default_factory=dict)  # which share of a channel's calls is answered with 503
    listener: Callable[[Arrived], None] = lambda one: None
    refusing: set[str] = field(default_factory=set)

    async def take(self, request: Request) -> Response:
        """Answers any call to a channel, and remembers it."""
        name, path = request.path_params["channel"], request.path_params.get("path", "")
        sink = self.sinks.get(name)
        if sink is None:
            return Response("no such channel", 404)
        body = await request.body()
        if name in self.down or random.random() < self.failing.get(name, 0):
            return self._keep(name, sink, request, path, body, (), Response("down, as it was told", 503))
        if name in self.refusing:
            return self._keep(name, sink, request, path, body, (), Response("gone for good", 410))
        if request.method == "GET":
            return self._read(sink, path, request)
        faults = self._faults(sink, request, path, body)
        answer = Response("; ".join(faults), 400) if faults else _ANSWERS.get(sink.kind, _json(200, {}))(path, body)
        return self._keep(name, sink, request, path, body, faults, answer)

    def _faults(self, sink: Sink, request: Request, path: str, body: bytes) -> tuple[str, ...]:
        wanted = _CALLS.get(sink.kind, r"(POST|PUT) /.*")
        here = f"{request.method} /{path}"
        faults = [] if re.fullmatch(wanted, here) else [f"{here} is no call of {sink.kind}"]
        faults += check_payload(sink.kind, request.headers, body)
        if sink.secrets and sink.kind == "webhook" and not any(_signed(s, request, body) for s in sink.secrets):
            faults.append("no signature of a secret known here")
        return tuple(faults)

    def _read(self, sink: Sink, path: str, request: Request) -> Response:
        if sink.kind != "servicenow" or path != "api/now/table/sys_journal_field":
            return JSONResponse({"result": []} if sink.kind == "servicenow" else {"id": "1"})
        query = parse_qs(request.url.query).get("sysparm_query", [""])[0]
        record, _, marked = query.partition("^")
        sys_id, wanted = record.removeprefix("element_id="), marked.rpartition("valueLIKE")[2]
        notes = [one for one in self.arrived if one.status == 200 and one.path.endswith(sys_id) and wanted in one.text]
        return JSONResponse({"result": [{"sys_id": "0" * 32}] if notes else []})

    def _keep(
        self, name: str, sink: Sink, request: Request, path: str, body: bytes, faults: tuple[str, ...], answer: Response
    ) -> Response:
        at, webhook_id = datetime.now(UTC).isoformat(), request.headers.get("webhook-id")
        text = body.decode("utf-8", "replace")
        one = Arrived(name, sink.kind, request.method, path, at, answer.status_code, faults, webhook_id, text)
        self.arrived.append(one)
        self.listener(one)
        return answer

    async def received(self, request: Request) -> Response:
        """GET /_sink/received"""
        return JSONResponse([vars(one) for one in self.arrived])

    async def set_down(self, request: Request) -> Response:
        """POST /_sink/down/<channel> and /_sink/up/<channel>"""
        name = request.path_params["channel"]
        if name not in self.sinks:
            return Response("no such channel", 404)
        (self.down.add if "/down/" in request.url.path else self.down.discard)(name)
        return JSONResponse({"down": sorted(self.down)})


def _signed(secret: str, request: Request, body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, dict(request.headers), json_parse=False)
    except WebhookVerificationError:
        return False
    return True


_CALLS = {
    "teams": "POST /",
    "slack": "POST /",
    "webhook": "POST /.*",
    "eventgrid": "POST /(api/events)?",
    "queue": "POST /messages",
    "servicenow": "PATCH /api/now/table/[a-z_0-9]+/[0-9a-f]{32}",
    "jira": "POST /rest/(api/3/issue|servicedeskapi/request)/[A-Z][A-Z0-9_]+-[0-9]+/comment",
    "zendesk": r"PUT /api/v2/tickets/[0-9]+\.json",
    "github": r"POST /repos/[^/]+/[^/]+/issues/[0-9]+/comments",
    "pagerduty": "POST /v2/enqueue",
}


def _json(status: int, value: Any) -> Callable[[str, bytes], Response]:
    return lambda path, body: JSONResponse(value, status)


_ANSWERS: dict[str, Callable[[str, bytes], Response]] = {
    "teams": lambda path, body: Response(status_code=202),
    "slack": lambda path, body: Response("ok"),
    "webhook": lambda path, body: Response(status_code=204),
    "eventgrid": lambda path, body: Response(status_code=200),
    "queue": lambda path, body: Response("<QueueMessagesList/>", 201, media_type="application/xml"),
    "servicenow": lambda path, body: JSONResponse({"result": {"sys_id": path.rsplit("/", 1)[-1]}}),
    "jira": _json(201, {"id": "10001"}),
    "zendesk": lambda path, body: JSONResponse({"ticket": {"id": int(re.sub(r"\D", "", path.rsplit("/", 1)[-1]))}}),
    "github": _json(201, {"id": 1}),
    "pagerduty": lambda path, body: JSONResponse(
        {"status": "success", "dedup_key": json.loads(body)["dedup_key"]}, 202
    ),
}


def create_app(sinks: Mapping[str, Sink], keys: Mapping[str, Any] | None = None) -> Starlette:
    """The app; `state.sinks` is what came and what is down. `keys`: those of Entra's tenants on this machine."""
    ends = Sinks(sinks)
    routes = [
        Route("/_entra/{tenant}/discovery/v2.0/keys", lambda request: JSONResponse(keys or {"keys": []})),
        Route("/_sink/received", ends.received),
        Route("/_sink/down/{channel}", ends.set_down, methods=["POST"]),
        Route("/_sink/up/{channel}", ends.set_down, methods=["POST"]),
        Route("/{channel}", ends.take, methods=METHODS),
        Route("/{channel}/{path:path}", ends.take, methods=METHODS),
    ]
    app = Starlette(routes=routes)
    app.state.sinks = ends
    return app
