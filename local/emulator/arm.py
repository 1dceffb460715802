"""The management endpoint: takes a call from the wire, has it admitted, struck or handled, notes it and answers."""

import asyncio
import itertools
import socket
import struct
import uuid
from dataclasses import replace
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from local.emulator import admission, errors, faulty, journal, ticks
from local.emulator.asks import MalformedError, lowered
from local.emulator.calls import Answer, Call, Handler, RefusedError, World
from local.emulator.codes import CODES
from local.emulator.errors import Json
from local.emulator.faults import PauseFault, ResetFault, Target, strike
from local.emulator.faulty import Reply
from local.emulator.routes import find
from local.emulator.work import find_job, find_operation

_STANDING = {
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "Expires": "-1",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "Server": "Microsoft-IIS/10.0",
    "X-Powered-By": "ASP.NET",
}


class Arm:
    """All state is in the store; one call is one transaction, committed before its answer goes out."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:
            return
        reply = await self._reply(request, body)
        if reply.status:
            await _send(reply, send)
        if reply.broken:
            await drop(scope)

    async def _reply(self, request: Request, body: bytes) -> Reply:
        found = find(request.method, request.url.path)
        call = _call(
            self._world,
            request,
            body,
            found.params,
            found.route.verb if found.route else "unknown",
            next(self._numbers),
        )
        with self._world.store.transaction():
            refusal, limits = admission.admit(self._world, call, found, request.headers)
            subject = _subject(self._world, call)
            headers = _headers(request, call) | limits
            if refusal is not None or found.route is None:
                answer = refusal or Answer(status=404)
                self._note(call, subject, request, answer.status, effect=False)
                return faulty.plain(answer, headers)
            call = replace(call, struck=strike(self._world.store, self._world.options.fault_seed, subject))
            if call.struck.answer is None:
                return faulty.plain(self._handled(call, subject, request, found.route.handler), headers)
        return await self._struck(call, subject, request, found.route.handler, headers)

    async def _struck(
        self, call: Call, subject: Target, request: Request, handler: Handler, headers: dict[str, str]
    ) -> Reply:
        """A fault `after` lets the call take effect first; only then does its answer suffer."""
        fault = call.struck.answer
        assert fault is not None
        delayed = isinstance(fault, PauseFault) and fault.kind == "delay"
        shown = None if delayed else faulty.shown(fault)
        answer: Answer | None = None
        if fault.when == "after":
            with self._world.store.transaction():
                answer = self._handled(call, subject, request, handler, shown)
        elif shown is not None:
            with self._world.store.transaction():
                self._note(call, subject, request, shown, effect=False)
        if isinstance(fault, PauseFault):
            await asyncio.sleep(fault.seconds)
            if fault.kind == "hang":
                return Reply(broken=True)
            if answer is None:
                with self._world.store.transaction():
                    answer = self._handled(replace(call, now=self._world.clock()), subject, request, handler)
            return faulty.plain(answer, headers)
        return Reply(broken=True) if isinstance(fault, ResetFault) else faulty.faulted(fault, call, headers)

    def _handled(
        self, call: Call, subject: Target, request: Request, handler: Handler, shown: int | None = None
    ) -> Answer:
        try:
            answer = handler(self._world, call)
        except MalformedError as error:
            answer = _refused(RefusedError("BMSUserErrorInvalidInput", str(error)), call)
        except RefusedError as error:
            answer = _refused(error, call)
        self._note(call, subject, request, answer.status if shown is None else shown, effect=answer.effect)
        return answer

    def _note(self, call: Call, subject: Target, request: Request, status: int, *, effect: bool) -> None:
        doc: Json = {
            "time": ticks.full(call.now),
            "verb": call.verb,
            "method": call.method,
            "path": call.path,
            "vault": subject.vault.rpartition("/")[2] or None,
            "instance": subject.instance.rpartition("/")[2] or None,
            "status": status,
            "x-ms-client-request-id": request.headers.get("x-ms-client-request-id"),
            "x-ms-correlation-request-id": request.headers.get("x-ms-correlation-request-id"),
            "effect": effect,
        }
        journal.note(self._world.store.db, call.verb, doc)


def _call(world: World, request: Request, body: bytes, params: object, verb: str, number: int) -> Call:
    raw, query = request.scope["raw_path"].decode("latin-1"), request.scope["query_string"].decode("latin-1")
    assert isinstance(params, dict)
    return Call(
        verb=verb,
        method=request.method,
        base=f"{request.url.scheme}://{request.url.netloc}",
        target=f"{raw}?{query}",
        path=request.url.path,
        params=params,
        query={name.lower(): value for name, value in parse_qsl(query, keep_blank_values=True)},
        body=body,
        request_id=request.headers.get("x-ms-client-request-id") or str(uuid.uuid4()),
        now=world.clock(),
        number=number,
    )


def _subject(world: World, call: Call) -> Target:
    """Vault and instance of a call, found in its path, its body, its operation or its job."""
    db, verb = world.store.db, call.verb.lower()
    if "operation" in call.params:
        row = find_operation(db, call.params["operation"])
        return Target(verb, row.operation.vault, row.operation.instance) if row else Target(verb)
    if "job" in call.params:
        job = find_job(db, call.params["job"])
        return Target(verb, call.vault_id, job.instance if job else "")
    if "vault" in call.params:
        return Target(verb, call.vault_id, call.params.get("instance", ""))
    return _subject_of_body(call, verb) if call.method == "POST" else Target(verb)


def _subject_of_body(call: Call, verb: str) -> Target:
    try:
        body = lowered(call.body)
    except MalformedError:
        return Target(verb)
    details = body.get("crossregionrestoredetails")
    instance = str((details if isinstance(details, dict) else body).get("sourcebackupinstanceid", ""))
    return Target(
        verb, str(body.get("sourcebackupvaultid") or instance.lower().partition("/backupinstances/")[0]), instance
    )


def _refused(error: RefusedError, call: Call) -> Answer:
    code = CODES.get(error.code)
    if code is None:
        headers = {"x-ms-failure-cause": "gateway"} if error.body else {}
        return Answer(status=error.status or 400, body=error.body, headers=headers)
    body = errors.synchronous(error.code, call.request_id, error.detail)
    return Answer(status=error.status or code.status, body=body, headers=errors.headers(code))


def _headers(request: Request, call: Call) -> dict[str, str]:
    correlation = request.headers.get("x-ms-correlation-request-id") or str(uuid.uuid4())
    identity = str(uuid.uuid4())
    headers = {
        **_STANDING,
        "x-ms-request-id": identity,
        "x-ms-correlation-request-id": correlation,
        "x-ms-routing-request-id": f"LOCAL:{ticks.whole(call.now).replace('-', '').replace(':', '')}:{identity}",
    }
    if request.headers.get("x-ms-return-client-request-id", "").lower() == "true":
        headers["x-ms-client-request-id"] = call.request_id
    return headers


async def _send(reply: Reply, send: Send) -> None:
    headers = {"Content-Length": str(reply.length), **reply.headers}
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    if reply.status == 204:
        raw = [(name, value) for name, value in raw if name != b"content-length"]
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    await send({"type": "http.response.body", "body": reply.body, "more_body": reply.broken})


async def drop(scope: Scope) -> None:
    """Resets the connection: no orderly end. The server's protocol class put the transport there."""
    transport = scope["state"]["transport"]
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    # Two turns of the loop: the server must have seen the loss before this call returns without an answer.
    await asyncio.sleep(0)
    await asyncio.sleep(0)
