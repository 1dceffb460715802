"""`python3 -m local up`: a whole desk that stays up; prints its URLs, a key made for this run, and lines to paste."""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from local.stack import Options, Stack

TAKEN = (
    "ARM_ENDPOINT", "ARM_SCOPE", "DATA_PROTECTION_API_VERSION", "DESK_CONFIG", "SWEEP_SCHEDULE", "RETENTION_DAYS",
)  # fmt: skip


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--arm", metavar="URL", help="another ARM endpoint than the emulator's")
    parser.add_argument("--port", type=int, default=7071, metavar="N", help="of the Functions host (default 7071)")
    parser.add_argument("--speed", type=float, default=10, help="divides the emulator's durations (default 10)")
    parser.add_argument("--state", type=Path, default=Path(".local/up"), help="folder that keeps ledger and emulator")


def main(args: argparse.Namespace) -> int:
    """Until Ctrl-C or SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    arm = args.arm or os.environ.get("ARM_ENDPOINT")
    secret_names = {name: value for name, value in os.environ.items() if name.endswith(("_URL", "_SECRET", "_TOKEN"))}
    environ = {name: os.environ[name] for name in TAKEN if os.environ.get(name)} | secret_names
    pace = 1.0 if arm else args.speed
    options = Options(speed=args.speed, pace=pace, arm=arm, port=args.port, home=args.state.resolve(), environ=environ)
    with Stack(options) as stack:
        print(words(stack), flush=True)
        stop.wait()
        print("stopping …", file=sys.stderr)
    return 0


def words(stack: Stack) -> str:
    """What a person needs to begin."""
    key = f"-H 'x-functions-key: {stack.key}'"
    body = '{"instance": "pg-prod-01", "target": "drills", "recoveryPoint": "latest", "requestedBy": "me@contoso.com"}'
    return f"""
Restore Desk is up (Ctrl-C ends it).
  API        {stack.url}/api
  ARM        {stack.arm}
  storage    {stack.azurite.queue_url}  {stack.azurite.table_url}
  notices    {stack.channels.url}/_sink/received
  key        {stack.key}   (made for this run)

  curl -s {stack.url}/api/health {key}
  curl -s {stack.url}/api/instances {key}
  curl -s -X POST {stack.url}/api/restores {key} -H 'Idempotency-Key: try-1' -d '{body}'
  curl -s {stack.url}/api/restores {key}
"""
