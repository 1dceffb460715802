"""`python -m local.host`: arguments, logging, exit code."""

import argparse
import asyncio
import contextlib
import logging
import os
import sys
import tempfile
from pathlib import Path

from local.host.bindings.app_log import AppLog
from local.host.bindings.declared import AppRefused
from local.host.bindings.host_json import InvalidHostJson
from local.host.bindings.settings import InvalidSettings
from local.host.bindings.worker import invocation_id
from local.host.process import KEY_VARIABLE, SETTINGS_VARIABLE
from local.host.serve import Options, serve

# They tell of every request, some with its whole URL, and URLs hold signatures.
_TOO_TALKATIVE = ("azure", "httpx", "httpcore", "urllib3", "uvicorn")
SECONDS = (
    ("--grace", 30.0, "for running invocations after SIGTERM"),
    ("--invisible", 600.0, "of a queue message being run (600 in Azure)"),
    ("--lease", 60.0, "of the timers' lock among instances (60 in Azure)"),
)


def arguments() -> argparse.ArgumentParser:
    about = "Runs an Azure Functions app on this machine."
    parser = argparse.ArgumentParser(prog="python -m local.host", description=about)
    words = "folder with function_app.py and host.json"
    parser.add_argument("--app", type=Path, required=True, metavar="DIR", help=words)
    parser.add_argument("--port", type=int, default=7071, help="on 127.0.0.1; 0 lets the system choose")
    words = "read in place of DIR/local.settings.json, and over the environment"
    parser.add_argument("--settings", type=Path, metavar="FILE", help=words)
    words = "http, queue, timer or a function's name; may be repeated"
    parser.add_argument("--only", action="append", default=[], metavar="KIND", help=words)
    words = "timers' status and keys; without it they last as long as the process"
    parser.add_argument("--state", type=Path, metavar="DIR", help=words)
    parser.add_argument("--key", help=f"the master key of this run; better in {KEY_VARIABLE}; else made")
    parser.add_argument("--body-limit", type=int, metavar="BYTES", help="over it: 413 (100 MB, as in Azure)")
    for name, seconds, words in SECONDS:
        parser.add_argument(name, type=float, default=seconds, metavar="SECONDS", help=words)
    parser.add_argument("--traces", type=Path, metavar="FILE", help="where log lines that reach Azure go, as JSON")
    words = "X-MS-CLIENT-PRINCIPAL of whoever is signed in, as App Service would set it"
    parser.add_argument("--person", metavar="HEADER", help=words)
    parser.add_argument("--with-parent", action="store_true", help="stop when stdin ends, too")
    return parser


def main(argv: list[str] | None = None) -> int:
    given = arguments().parse_args(argv)
    app_log = _logged(given.traces)
    with contextlib.ExitStack() as stack:
        state = given.state or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="local-host-")))
        state.mkdir(parents=True, exist_ok=True)
        # The app's prints belong with the logs: on stdout there is one line, ours.
        out = sys.stdout
        stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        try:
            ended = asyncio.run(serve(_options(given, state), out))
        except AppRefused as error:
            return _refused(error.problems)
        except (InvalidHostJson, InvalidSettings, OSError) as error:
            return _refused([str(error)])
    if app_log.dropped:
        logging.getLogger("host").error("dropped %d lines of the app without an invocation id", app_log.dropped)
    if not ended:
        # Threads of functions still running would hold the process for as long as they please.
        logging.shutdown()
        os._exit(0)
    return 0


def _logged(traces: Path | None) -> AppLog:
    """The log on stderr, as Azure would keep it."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    app_log = AppLog(invocation_id, traces)
    for handler in logging.getLogger().handlers:
        handler.addFilter(app_log)
    for name in _TOO_TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    return app_log


def _options(given: argparse.Namespace, state: Path) -> Options:
    return Options(
        app=given.app.resolve(),
        port=given.port,
        state=state.resolve(),
        settings=given.settings and given.settings.resolve(),
        values=os.environ.pop(SETTINGS_VARIABLE, None),
        only=tuple(given.only),
        key=os.environ.pop(KEY_VARIABLE, None) or given.key,
        body_limit=given.body_limit,
        grace=given.grace,
        invisible=given.invisible,
        with_parent=given.with_parent,
        lease=given.lease,
        person=given.person,
    )


def _refused(problems: list[str] | tuple[str, ...]) -> int:
    for problem in problems:
        print(f"host: {problem}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
