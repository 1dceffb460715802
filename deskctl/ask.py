"""`python3 -m deskctl ask pg-prod-01 latest drills --follow`: asks a deployed desk for a restore and follows it."""

import argparse
import sys
import uuid
from datetime import datetime
from typing import Any

import httpx
from rich.console import Console
from rich.text import Text

from deskctl.desk_client import client, desk_arguments, read, tried
from deskctl.follow import follow
from deskctl.request_arguments import request_arguments, request_of
from shared.domain.problems import Ours

type Json = dict[str, Any]


def arguments(parser: argparse.ArgumentParser) -> None:
    """The request, and which desk is asked."""
    request_arguments(parser)
    parser.add_argument("--follow", action="store_true", help="stay until the restore has ended")
    desk_arguments(parser)


def main(args: argparse.Namespace) -> int:
    """0 for a restore that succeeded, was checked, or (without --follow) was taken; 130 after Ctrl-C."""
    console = Console(highlight=False, soft_wrap=True)
    key = args.idempotencyKey or f"ask-{uuid.uuid4()}"
    try:
        with client(args) as http:
            request = request_of(args, datetime.now().astimezone())
            console.print(Text(f"idempotency key {key}"))
            restore = _asked(http, request, key, console)
            if restore is None:
                return 130
            if not args.follow:
                console.print(Text(f"To follow it: python3 -m deskctl follow {restore['id']}"))
                console.print(Text(f"GET {http.base_url}/api/restores/{restore['id']} shows how it stands"))
                return 0
            return follow(http, restore["id"], console)
    except Ours as error:
        print(error, file=sys.stderr)
        return 1


def _asked(http: httpx.Client, request: Json, key: str, console: Console) -> Json | None:
    """The saved restore, its id printed at once; None after Ctrl-C. One key for all tries: a lost answer
    cannot make two restores."""
    try:
        answer = tried(lambda: http.post("/api/restores", json=request, headers={"Idempotency-Key": key}))
        restore = read(answer)
    except KeyboardInterrupt:
        found = f"python3 -m deskctl list --find {key} shows whether the desk took it"
        console.print(
            Text(f"\nStopped while asking. {found};\nthe same ask with --idempotency-key {key} is no second one.")
        )
        return None
    known = "" if answer.status_code == 202 else " (this key was asked before)"
    console.print(Text(f"{restore['id']} is saved: {restore['phase']}{known}"))
    return restore
