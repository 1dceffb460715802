"""`python3 -m local up`: a whole desk that stays up; prints its URLs, a key made for this run, and lines to paste."""

import argparse
import contextlib
import fcntl
import os
import re
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from local.stack.processes import NotStarted
from local.stack.stack import Options, Stack
from local.stack.welcome import words
from shared.domain.problems import Ours

TAKEN = (
    "ARM_ENDPOINT", "ARM_SCOPE", "ARM_CA_BUNDLE", "DATA_PROTECTION_API_VERSION", "DESK_CONFIG", "DESK_PACE",
    "SWEEP_SCHEDULE", "RETENTION_DAYS", "AzureWebJobsStorage",
)  # fmt: skip


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--arm", metavar="URL", help="another ARM endpoint than the emulator's")
    parser.add_argument("--port", type=int, default=7071, metavar="N", help="of the Functions host (default 7071)")
    parser.add_argument("--speed", type=float, default=30, help="divides all durations on a loopback ARM (default 30)")
    parser.add_argument("--state", type=Path, default=Path(".local/up"), help="folder that keeps ledger and emulator")


def main(args: argparse.Namespace) -> int:
    """Until Ctrl-C, SIGTERM, or the terminal is closed; no process is left."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    arm = args.arm or os.environ.get("ARM_ENDPOINT")
    named = taken(os.environ, arm)
    options = Options(
        speed=args.speed,
        pace=args.speed,  # the app takes no other pace than Azure's own unless ARM is on this machine
        arm=arm,
        port=args.port,
        home=args.state.resolve(),
        environ=named,
        storage=named.get("AzureWebJobsStorage"),
    )
    try:
        with alone(options), Stack(options) as stack:
            print(words(stack), flush=True)
            stop.wait()
            with contextlib.suppress(OSError):  # the terminal may be gone
                print("stopping …", file=sys.stderr)
    except (Ours, NotStarted) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


@contextlib.contextmanager
def alone(options: Options) -> Iterator[None]:
    """A port that is free, and a folder that no other `up` is writing: two on one ledger's files would spoil it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", options.port))
        except OSError as error:
            raise Ours(f"port {options.port} cannot be had ({error.strerror}): give another with --port") from error
    assert options.home
    options.home.mkdir(parents=True, exist_ok=True)
    with (options.home / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Ours(f"another `up` works in {options.home}: end it, or give --state another folder") from error
        yield


def taken(environ: Mapping[str, str], arm: str | None) -> dict[str, str]:
    """The settings of whoever runs it: the app's own names, and what desk.toml's channels and tickets may name."""
    named = {name: environ[name] for name in TAKEN if environ.get(name)}
    secret = {
        name: value for name, value in environ.items() if re.search(r"_(URL|SECRET|TOKEN|KEY|USER|PASSWORD)$", name)
    }
    return {**secret, **named, **({"ARM_ENDPOINT": arm} if arm else {})}
