"""The admin routes, behind the master key: the host's state, its keys, and a function run by hand.

https://learn.microsoft.com/azure/azure-functions/functions-manually-run-non-http
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from starlette.responses import JSONResponse, Response

from local.host.bindings.declared import Function, HttpTrigger, TimerTrigger
from local.host.bindings.invocations import Invocations
from local.host.bindings.protos import TypedData
from local.host.triggers.keys import Keys
from local.host.triggers.schedule_status import StatusFile
from local.host.triggers.timer_listener import timer_info


class Admin:
    def __init__(self, functions: Sequence[Function], invocations: Invocations, keys: Keys, timers: Path) -> None:
        self._functions = {one.name.lower(): one for one in functions}
        self._invocations, self._keys, self._timers = invocations, keys, timers
        self.started: set[asyncio.Task[object]] = set()

    async def __call__(self, method: str, path: Sequence[str], body: bytes) -> Response:
        match method, [part.lower() for part in path]:
            case "GET", ["host", "status"]:
                return JSONResponse({"state": "Running"})
            case "GET", ["host", "keys"]:
                return _keys({"default": self._keys.host})
            case "GET", ["functions", name, "keys"] if name in self._functions:
                return _keys({"default": self._keys.functions[self._functions[name].name]})
            case "POST", ["functions", name] if name in self._functions:
                return self._run(self._functions[name], body)
        return Response(status_code=404)

    def _run(self, function: Function, body: bytes) -> Response:
        if isinstance(function.trigger, HttpTrigger):
            return JSONResponse({"error": f"{function.name} has an HTTP trigger: call its route"}, 400)
        try:
            content = json.loads(body or b"{}")
        except ValueError as error:
            return JSONResponse({"error": f"the body is not JSON: {error}"}, 400)
        if not isinstance(content, dict) or not isinstance(given := content.get("input", ""), str):
            return JSONResponse({"error": 'the body must be an object; its "input", if any, a string'}, 400)
        if isinstance(function.trigger, TimerTrigger):
            recorded = StatusFile(self._timers / f"{function.name}.json").read()
            value = timer_info(recorded, past_due=False)
        else:
            value = TypedData(string=given)
        task: asyncio.Task[object] = asyncio.create_task(self._invocations.call(function, value))
        self.started.add(task)
        task.add_done_callback(self.started.discard)
        return Response(status_code=202)


def _keys(named: Mapping[str, str]) -> Response:
    return JSONResponse({"keys": [{"name": name, "value": value} for name, value in named.items()]})
