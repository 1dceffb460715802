"""One invocation from trigger to outputs: run, and logged without bodies, keys or query strings."""

import json
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping

from local.host.bindings.declared import Function, QueueOutput
from local.host.bindings.protos import TypedData
from local.host.bindings.worker import Raised, Returned, Worker

logger = logging.getLogger("host")
type Send = Callable[[QueueOutput, str], Awaitable[None]]


class Invocations:
    """Runs functions and knows which are running, so that a stop can wait for them."""

    def __init__(self, worker: Worker, send: Send) -> None:
        self._worker = worker
        self._send = send
        self.running: dict[str, str] = {}

    async def call(
        self, function: Function, value: TypedData, metadata: Mapping[str, TypedData] | None = None
    ) -> Returned | Raised:
        invocation, started = str(uuid.uuid4()), time.monotonic()
        self.running[invocation] = function.name
        try:
            outcome = await self._worker.invoke(invocation, function.id, (function.parameter, value), metadata or {})
            if isinstance(outcome, Returned):
                outcome = await self._put_out(function, outcome)
        finally:
            del self.running[invocation]
        milliseconds = (time.monotonic() - started) * 1000
        if isinstance(outcome, Raised):
            logger.error(
                "invocation=%s function=%s failed ms=%.0f\n%s",
                invocation,
                function.name,
                milliseconds,
                outcome.stack or outcome.message,
            )
        else:
            logger.info("invocation=%s function=%s ok ms=%.0f", invocation, function.name, milliseconds)
        return outcome

    async def _put_out(self, function: Function, outcome: Returned) -> Returned | Raised:
        """Output bindings are written after the function returned; one that fails fails the invocation."""
        values = dict(outcome.outputs)
        if "$return" in function.outputs and outcome.value is not None:
            values["$return"] = outcome.value
        try:
            for name, value in values.items():
                for text in _messages(value):
                    await self._send(function.outputs[name], text)
        except ConnectionError as error:
            return Raised(f"output binding of {function.name} failed: {error}", "")
        return outcome


def _messages(value: TypedData) -> list[str]:
    """A JSON list is one message an item, as the queue output binding takes it."""
    if value.json is None:
        return [value.string if value.string is not None else (value.bytes or b"").decode()]
    content = json.loads(value.json)
    items = content if isinstance(content, list) else [content]
    return [item if isinstance(item, str) else item.get("body", json.dumps(item)) for item in items]
