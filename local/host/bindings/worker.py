"""The app itself, on Microsoft's runtime package: indexed once, then invoked, in this process.

The calls are those of the proxy worker of https://github.com/Azure/azure-functions-python-worker
(proxy_worker/dispatcher.py). The package keeps its state in module globals: one app per process.
"""

import importlib
import json
import logging
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from local.host.bindings import protos
from local.host.bindings.declared import AppRefused, Indexed
from local.host.bindings.protos import InvocationResponse, ParameterBinding, TypedData

logger = logging.getLogger("host")


@dataclass(frozen=True)
class Returned:
    value: TypedData | None
    outputs: Mapping[str, TypedData]


@dataclass(frozen=True)
class Raised:
    message: str
    stack: str


def invocation_id() -> str | None:
    """Of the invocation whose context this is, as the worker of Azure sees it."""
    found: str | None = importlib.import_module("azure_functions_runtime").invocation_id_cv.get()
    return found


class Worker:
    def __init__(self, app: Path) -> None:
        self._app = app
        self._runtime: Any = importlib.import_module("azure_functions_runtime")  # it ships no types

    async def index(self) -> list[Indexed]:
        """Imports the app's function_app.py; its folder becomes working folder and first import path, as in Azure."""
        if not (self._app / "function_app.py").is_file():
            raise AppRefused([f"{self._app} has no function_app.py: give the folder of a Functions app"])
        sys.path.insert(0, str(self._app))
        os.chdir(self._app)
        self._runtime.start_threadpool_executor()
        init = SimpleNamespace(capabilities={}, function_app_directory=str(self._app))
        answer = await self._runtime.worker_init_request(_request(worker_init_request=init))
        if answer.result.status != protos.StatusResult.Success:
            logger.error("the app cannot be indexed\n%s", answer.result.exception.stack_trace)
            raise AppRefused([f"the app cannot be indexed: {answer.result.exception.message}"])
        metadata = await self._runtime.functions_metadata_request(_request())
        if not metadata.function_metadata_results:
            raise AppRefused(["the app declares no function"])
        return [
            Indexed(one.function_id, one.name, tuple(map(json.loads, one.raw_bindings)), one.retry_options is not None)
            for one in metadata.function_metadata_results
        ]

    async def invoke(
        self, invocation: str, function: str, trigger: tuple[str, TypedData], metadata: Mapping[str, TypedData]
    ) -> Returned | Raised:
        """`trigger` is the trigger's parameter and its value. Sync functions run in the runtime's thread pool."""
        call = SimpleNamespace(
            invocation_id=invocation,
            function_id=function,
            input_data=[ParameterBinding(*trigger)],
            trigger_metadata=metadata,
            trace_context=SimpleNamespace(
                trace_parent=f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00", trace_state="", attributes={}
            ),
            retry_context=SimpleNamespace(retry_count=0, max_retry_count=0, exception=None),
        )
        answer: InvocationResponse = await self._runtime.invocation_request(_request(invocation_request=call))
        if answer.result.status != protos.StatusResult.Success:
            error = answer.result.exception or protos.RpcException()
            return Raised(error.message, error.stack_trace)
        return Returned(answer.return_value, {one.name: one.data for one in answer.output_data if one.data is not None})


def _request(**verb: object) -> SimpleNamespace:
    return SimpleNamespace(request=SimpleNamespace(**verb), properties={"protos": protos, "host": "127.0.0.1"})
