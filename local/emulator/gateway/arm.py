"""The management endpoint: has a call admitted, struck by a fault or handled, notes it, and answers."""

import asyncio
import itertools
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass, replace

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from local.emulator.api.calls import Answer, Call, Handler, RefusedError, World
from local.emulator.api.request_bodies import MalformedError
from local.emulator.api.routes import Found, find
from local.emulator.gateway import admission, incoming, journal, spoilt_replies
from local.emulator.gateway.spoilt_replies import Reply
from local.emulator.hindrance.faults import Answering, PauseFault, ResetFault, strike
from local.emulator.wire import errors
from local.emulator.wire.codes import CODES
from local.emulator.wire.errors import Json
from local.emulator.world import ticks
from local.emulator.world.deliveries import deliver_ended


@dataclass(frozen=True, slots=True)
class _Struck:
    """A call whose answer a fault shapes, with what is needed to handle it still."""

    call: Call
    handler: Handler
    headers: dict[str, str]
    fault: Answering


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
        found = find(request.method, scope["path"])
        call = incoming.call_of(self._world, request, body, found, next(self._numbers))
        reply = self._answered(call, found)
        if isinstance(reply, _Struck):
            reply = await self._suffered(reply, receive)
        if reply.status:
            await _send(reply, send)
        if reply.broken:
            await _drop(scope)

    def _answered(self, call: Call, found: Found) -> Reply | _Struck:
        with self._world.store.transaction():
            if self._world.options.dumps:
                deliver_ended(self._world.store, self._world.containers, self._world.options.dumps, call.now)
            refusal, limits = admission.admit(self._world, call, found)
            call = replace(call, subject=incoming.subject_of(self._world, call))
            headers = incoming.dressed(call) | limits
            if refusal is not None or found.route is None:
                refusal = refusal or Answer(status=404)
                self._note(call, refusal.status, effect=False)
                return spoilt_replies.plain(refusal, headers)
            call = replace(call, struck=strike(self._world.store, self._world.options.fault_seed, call.subject))
            if call.struck.answer is None:
                return spoilt_replies.plain(self._handled(call, found.route.handler), headers)
            return _Struck(call, found.route.handler, headers, call.struck.answer)

    async def _suffered(self, hit: _Struck, receive: Receive) -> Reply:
        """A fault `after` lets the call take effect first; only then does its answer suffer."""
        fault = hit.fault
        if isinstance(fault, PauseFault):
            return await self._paused(hit, fault, receive)
        self._happened(hit, spoilt_replies.shown(fault))
        return (
            Reply(broken=True)
            if isinstance(fault, ResetFault)
            else spoilt_replies.faulted(fault, hit.call, hit.headers)
        )

    async def _paused(self, hit: _Struck, fault: PauseFault, receive: Receive) -> Reply:
        """A call that was sent takes effect even when its client did not wait; only a hang ends with the client."""
        if fault.kind == "hang":
            self._happened(hit, 0)
            await _until_gone(receive, fault.seconds)
            return Reply(broken=True)
        with self._world.store.transaction():
            answer = self._handled(hit.call, hit.handler) if fault.when == "after" else None
        await asyncio.sleep(fault.seconds)
        with self._world.store.transaction():
            now = replace(hit.call, now=self._world.clock())
            return spoilt_replies.plain(answer or self._handled(now, hit.handler), hit.headers)

    def _happened(self, hit: _Struck, shown: int) -> None:
        with self._world.store.transaction():
            if hit.fault.when == "after":
                self._handled(hit.call, hit.handler, shown)
            else:
                self._note(hit.call, shown, effect=False)

    def _handled(self, call: Call, handler: Handler, shown: int | None = None) -> Answer:
        """`shown` is the status the client will see instead, 0 for none."""
        try:
            answer = handler(self._world, call)
        except MalformedError as error:
            answer = _refused(RefusedError("BMSUserErrorInvalidInput", str(error)), call)
        except RefusedError as error:
            answer = _refused(error, call)
        self._note(call, answer.status if shown is None else shown, effect=answer.effect)
        return answer

    def _note(self, call: Call, status: int, *, effect: bool) -> None:
        held = self._world.inventory.instance(call.subject.instance)
        vault = held.held if held else self._world.inventory.vault(call.subject.vault)
        doc: Json = {
            "time": ticks.full(call.now),
            "verb": call.verb,
            "method": call.method,
            "path": call.path,
            "vault": vault.vault.name if vault else call.params.get("vault"),
            "instance": held.instance.name if held else call.params.get("instance"),
            "status": status,
            "x-ms-client-request-id": call.headers.get("x-ms-client-request-id"),
            "x-ms-correlation-request-id": call.headers.get("x-ms-correlation-request-id"),
            "effect": effect,
        }
        journal.note(self._world.store.db, call.verb, doc)


def _refused(error: RefusedError, call: Call) -> Answer:
    code = CODES.get(error.code)
    if code is None:
        headers = {"x-ms-failure-cause": "gateway"} if error.body else {}
        return Answer(status=error.status or 400, body=error.body, headers=headers)
    body = errors.synchronous(error.code, call.request_id, error.detail)
    return Answer(status=error.status or code.status, body=body, headers=errors.headers(code))


async def _send(reply: Reply, send: Send) -> None:
    length = {} if reply.status == 204 else {"Content-Length": str(reply.length)}
    headers = {**reply.headers, **length}
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    await send({"type": "http.response.body", "body": reply.body, "more_body": reply.broken})


async def _until_gone(receive: Receive, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass


async def _drop(scope: Scope) -> None:
    """Resets the connection: no orderly end. The server's protocol class put the transport there."""
    transport = scope["state"]["transport"]
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    # Two turns of the loop: the server must have seen the loss before this call returns without an answer.
    await asyncio.sleep(0)
    await asyncio.sleep(0)
