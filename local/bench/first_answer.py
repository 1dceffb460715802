"""One worker of its own from its start to the end of its first call; its line is the CPU and the memory that took.

It imports what a worker imports, the platform's package, and then the app: no module of ours beside it.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import azure.functions as func


def _arguments(trigger: str, body: bytes) -> dict[str, Any]:
    """What the platform hands to a function, by the kind of its trigger."""
    if trigger == "http":
        headers = {"content-type": "application/json"}
        return {"req": func.HttpRequest("POST", "https://desk/api/restores", headers=headers, body=body)}
    if trigger == "queue":
        return {"message": func.QueueMessage(id="1", body=body)}
    return {"timer": None}


def main(module: str, function: str, trigger: str, body: str, rest: str) -> int:
    """`rest`: seconds between the app's indexing and its first call, in which a worker may get warm."""
    app = importlib.import_module(module).app
    functions: dict[str, Callable[..., Any]] = {
        one.get_function_name(): one.get_user_function() for one in app.get_functions()
    }
    time.sleep(float(rest))
    ready = time.process_time()
    answer = functions[function](**_arguments(trigger, body.encode()))
    used = time.process_time()
    if trigger == "http" and answer.status_code != 202:
        sys.stderr.write(answer.get_body().decode())
        return 1
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - pathlib is no part of it
        peak = next(line for line in status if line.startswith("VmHWM:"))
    sys.stdout.write(json.dumps({"all": used, "call": used - ready, "mib": int(peak.split()[1]) / 2**10}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
