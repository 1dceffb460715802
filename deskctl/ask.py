"""`python3 -m deskctl ask pg-prod-01 latest drills --follow`: asks a deployed desk for a restore and follows it."""

import argparse
import getpass
import os
import re
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx
from rich.console import Console
from rich.text import Text

from shared.config.settings import is_loopback
from shared.domain.problems import Ours

type Json = dict[str, Any]
GOOD = ("succeeded", "checked")
PARKED = "lost"
LONGEST = 30.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """The request, and which desk is asked."""
    parser.add_argument("instance", help="a name of desk.toml, or an ARM id that it allows")
    parser.add_argument("point", help="latest, a recovery point's id, or a time: the newest point not after it")
    parser.add_argument("target", help="a name of desk.toml")
    parser.add_argument("--database", help="the new database's name, where the target is a server")
    parser.add_argument("--reason", help="why; it stands in the ledger and in every notice")
    parser.add_argument("--by", default=getpass.getuser(), help="who asks (default: %(default)s)")
    parser.add_argument("--dry-run", action="store_true", help="let Azure check the request, and submit nothing")
    parser.add_argument("--follow", action="store_true", help="stay until the restore has ended")
    parser.add_argument("--url", default=os.environ.get("DESK_URL"), help="the desk's URL (default: $DESK_URL)")
    parser.add_argument("--key", default=os.environ.get("DESK_KEY", ""), help="a function key (default: $DESK_KEY)")


def main(args: argparse.Namespace) -> int:
    """0 for a restore that succeeded, was checked, or (without --follow) was taken."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        with _client(args) as http:
            restore = _asked(http, _request(args))
            console.print(Text(f"{restore['id']} is on the books: {restore['phase']}"))
            if not args.follow:
                console.print(Text(f"GET {http.base_url}/api/restores/{restore['id']} tells how it stands"))
                return 0
            return _followed(http, restore, console)
    except Ours as error:
        print(error, file=sys.stderr)
        return 1


def _request(args: argparse.Namespace) -> Json:
    said: Json = {"instance": args.instance, "recoveryPoint": _point(args.point), "target": args.target}
    more = {"database": args.database, "reason": args.reason, "requestedBy": args.by, "dryRun": args.dry_run}
    return said | {name: value for name, value in more.items() if value}


def _point(text: str) -> str | Json:
    if text == "latest":
        return text
    if re.match(r"\d{4}-\d\d-\d\dT", text):
        return {"atOrBefore": text}
    return {"id": text}


def _client(args: argparse.Namespace) -> httpx.Client:
    if not args.url:
        raise Ours("which desk? Give --url, or set DESK_URL to https://<app>.azurewebsites.net")
    url = args.url.rstrip("/").removesuffix("/api")
    if not url.startswith("https://") and not is_loopback(url):
        raise Ours(f"--url must be https: the key goes there, not to {url}")
    headers = {"x-functions-key": args.key} if args.key else {}
    return httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=not is_loopback(url))


def _asked(http: httpx.Client, request: Json) -> Json:
    """One key for all tries: a lost answer cannot make two restores."""
    key = f"ask-{uuid.uuid4()}"
    answer = _tried(lambda: http.post("/api/restores", json=request, headers={"Idempotency-Key": key}))
    return _read(answer)


def _tried(call: Callable[[], httpx.Response], tries: int = 4) -> httpx.Response:
    """Again after trouble that passes: no answer, 429, 503."""
    for left in reversed(range(tries)):
        try:
            answer = call()
        except httpx.HTTPError as error:
            if not left:
                raise Ours(f"the desk does not answer ({type(error).__name__}): is --url right?") from error
            time.sleep(1)
            continue
        if answer.status_code not in (429, 503) or not left:
            return answer
        time.sleep(_wait(answer))
    raise AssertionError("unreachable")


def _read(answer: httpx.Response) -> Json:
    if answer.status_code == 401:
        raise Ours("the desk wants a key, or another one: --key, or DESK_KEY (az functionapp keys list)")
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Ours(f"the desk answered {answer.status_code} without JSON: is --url a desk's?")
    if answer.status_code >= 400:
        place = f"{found['field']}: " if found.get("field") else ""
        raise Ours(f"{found.get('title', answer.status_code)}: {place}{found.get('detail', '')}")
    return found


def _followed(http: httpx.Client, restore: Json, console: Console) -> int:
    shown, last = 0, ""
    path = f"/api/restores/{restore['id']}"
    while True:
        answer = _tried(lambda: http.get(path), 20)
        restore = _read(answer)
        shown = _told(restore, shown, console)
        now = _state(restore)
        if now != last:
            console.print(Text(f"          {now}", style="dim"))
            last = now
        if restore["closed"] or restore["phase"] == PARKED:
            return _ended(restore, console)
        time.sleep(_wait(answer))


def _told(restore: Json, shown: int, console: Console) -> int:
    """The lines of the timeline that are new."""
    timeline = restore.get("timeline", [])
    for entry in timeline[shown:]:
        note = f": {entry['note']}" if entry.get("note") else ""
        console.print(Text(f"{entry['at'][11:19]}  {entry['what']}{note}"))
    return len(timeline)


def _state(restore: Json) -> str:
    """What changes between two entries."""
    job, waits = restore.get("job") or {}, restore.get("waitingFor")
    tasks = [f"{t['name']} {t['status']}" for t in job.get("tasks", []) if t.get("status") != "Completed"]
    parts = [restore["phase"], job.get("status"), *tasks[:1], f"waits for {waits}" if waits else None]
    return " · ".join(part for part in (*parts, restore.get("trouble")) if part)


def _ended(restore: Json, console: Console) -> int:
    point, error = restore.get("point") or {}, restore.get("error") or {}
    good = restore["phase"] in GOOD
    head = restore.get("outcome") or restore["phase"]
    console.print(Text(f"{restore['id']}: {head}", style="bold green" if good else "bold red"))
    if point:
        when = f"{point['time'][:16].replace('T', ' ')} UTC"
        console.print(Text(f"recovery point of {when}, {point['age']} old: later changes are not in it"))
    if error:
        console.print(Text(f"{error['code']}: {error['message']}"))
    for warning in restore.get("warnings", []):
        console.print(Text(f"warning: {warning}"))
    if restore.get("nextStep"):
        console.print(Text(f"next:\n{restore['nextStep']}"))
    return 0 if good else 1


def _wait(answer: httpx.Response) -> float:
    try:
        said = float(answer.headers.get("retry-after", ""))
    except ValueError:
        said = 5.0
    return min(max(said, 0.2), LONGEST)
