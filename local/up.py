"""`python3 -m local up`: a whole desk that stays up; prints its URLs, a key made for this run, and lines to paste."""

import argparse
import os
import re
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from local.stack import Options, Stack

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
    """Until Ctrl-C or SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
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
    with Stack(options) as stack:
        print(words(stack), flush=True)
        stop.wait()
        print("stopping …", file=sys.stderr)
    return 0


def taken(environ: Mapping[str, str], arm: str | None) -> dict[str, str]:
    """The settings of whoever runs it: the app's own names, and what desk.toml's channels and tickets may name."""
    named = {name: environ[name] for name in TAKEN if environ.get(name)}
    secret = {
        name: value for name, value in environ.items() if re.search(r"_(URL|SECRET|TOKEN|KEY|USER|PASSWORD)$", name)
    }
    return {**secret, **named, **({"ARM_ENDPOINT": arm} if arm else {})}


def words(stack: Stack) -> str:
    """What a person needs to begin."""
    key = f"-H 'x-functions-key: {stack.key}'"
    body = '{"instance": "pg-prod-01", "target": "drills", "recoveryPoint": "latest", "requestedBy": "me@contoso.com"}'
    return f"""
Restore Desk is up (Ctrl-C ends it).
  API        {stack.url}/api
  ARM        {stack.arm}
  storage    {stack.storage_said}
  notices    {stack.channels.url}/_sink/received
  key        {stack.key}   (made for this run)

  curl -s {stack.url}/api/health {key}
  curl -s {stack.url}/api/instances {key}
  curl -s -X POST {stack.url}/api/restores {key} -H 'Idempotency-Key: try-1' -d '{body}'
  curl -s {stack.url}/api/restores {key}
"""
