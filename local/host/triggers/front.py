"""The host's HTTP face: routes to functions behind their keys, and the admin routes behind the master key."""

import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from local.host.bindings import routes
from local.host.bindings.declared import Function, HttpTrigger
from local.host.bindings.invocations import Invocations
from local.host.bindings.worker import Raised
from local.host.triggers import http_messages, sign_in
from local.host.triggers.http_messages import InvalidAnswer
from local.host.triggers.keys import Keys

logger = logging.getLogger("host")
type Admin = Callable[[str, list[str], bytes], Awaitable[Response]]


class TooLarge(Exception):
    """The body is over the limit."""


class Front:
    """An ASGI app. Refusals have no body, as the host's have none."""

    def __init__(
        self,
        functions: Sequence[Function],
        invocations: Invocations,
        keys: Keys,
        admin: Admin,
        limit: int,
        person: str | None = None,
    ) -> None:
        self._invocations, self._keys, self._admin, self._limit = invocations, keys, admin, limit
        self._person = person
        self._routes = [
            (one.trigger.template, one.trigger.methods, (one, one.trigger.level))
            for one in functions
            if isinstance(one.trigger, HttpTrigger)
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        request, started = Request(scope, receive), time.monotonic()
        try:
            response = await self._answer(request)
        except TooLarge:
            response = Response(status_code=413)
        except ClientDisconnect:
            return
        await response(scope, receive, send)
        # The path without its query: keys and signatures travel there.
        logger.info(
            "http %s %s %d ms=%.0f",
            request.method,
            scope["raw_path"].decode("latin-1"),
            response.status_code,
            (time.monotonic() - started) * 1000,
        )

    async def _answer(self, request: Request) -> Response:
        if self._person and not sign_in.own_host(request.headers.get("host", "")):
            return Response(status_code=421)
        path = routes.split(request.scope["raw_path"].decode("latin-1"))
        presented = request.headers.get("x-functions-key") or request.query_params.get("code", "")
        if path and path[0].lower() == "admin":
            if not self._keys.admin(presented):
                return Response(status_code=401)
            return await self._admin(request.method, path[1:], await self._body(request))
        found = routes.find(self._routes, request.method, path)
        if found is None:
            return Response(status_code=404)
        (function, level), params = found
        if not self._keys.allow(level, function.name, presented):
            return Response(status_code=401)
        return await self._invoke(function, params, request)

    async def _invoke(self, function: Function, params: dict[str, str], request: Request) -> Response:
        query = request.scope["query_string"].decode("latin-1")
        path = request.scope["raw_path"].decode("latin-1")
        url = f"http://{request.headers.get('host', '127.0.0.1')}{path}{'?' if query else ''}{query}"
        body = await self._body(request)
        headers: Iterable[tuple[str, str]] = request.headers.items()
        if self._person:
            headers = sign_in.signed_in(headers, self._person)
        value = http_messages.request(request.method, url, query, headers, params, body)
        outcome = await self._invocations.call(function, value)
        if isinstance(outcome, Raised):
            return Response(status_code=500)
        try:
            answer = http_messages.answer(outcome.value)
        except InvalidAnswer as error:
            logger.error("function=%s %s", function.name, error)
            return Response(status_code=500)
        response = Response(answer.body, answer.status)
        for name, text in answer.headers:
            response.raw_headers.append((name.lower().encode("latin-1"), text.encode("latin-1")))
        return response

    async def _body(self, request: Request) -> bytes:
        if int(request.headers.get("content-length", "0")) > self._limit:
            raise TooLarge
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > self._limit:
                raise TooLarge
            parts.append(part)
        return b"".join(parts)
