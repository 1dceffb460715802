"""Runs pytest in forks of a process that has already loaded the libraries. It imports none of our modules.

Start it in the tree to be tested. Each line of JSON on stdin is one run: {"arguments", "cpu", "wall"}, limits in
seconds. For each run it prints pytest's exit code to stdout, or -1 if a limit ended the run.
"""

import importlib
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path

LIBRARIES = (
    "azure.data.tables", "azure.storage.queue", "coverage", "httpx", "hypothesis", "jinja2", "jmespath", "jwt",
    "markdown_it", "pydantic", "pytest", "requests",
)  # fmt: skip
OURS = ("shared", "local", "tests", "deskctl", "loader")


def main() -> None:
    for name in LIBRARIES:
        importlib.import_module(name)
    assert not [name for name in sys.modules if name.split(".")[0] in OURS]
    for line in sys.stdin:
        said = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(said["arguments"], said["cpu"])
        print(_ended(child, said["wall"]), flush=True)


def _run(arguments: list[str], cpu: float) -> None:
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    resource.setrlimit(resource.RLIMIT_CPU, (int(cpu) + 1, int(cpu) + 1))
    sys.path.insert(0, str(Path.cwd()))
    code = 1
    try:
        code = int(sys.modules["pytest"].main(arguments))
    finally:
        os._exit(code)


def _ended(child: int, seconds: float) -> int:
    end = time.monotonic() + seconds
    while True:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            break
        if time.monotonic() > end:
            os.killpg(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            break
        time.sleep(0.02)
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else -1


if __name__ == "__main__":
    main()
