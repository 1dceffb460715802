"""`python3 -m deskctl follow <id>`: a restore's timeline as it grows, how long it has taken, when it may end."""

import argparse
import sys
import time
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import httpx
from rich.console import Console
from rich.text import Text

from deskctl.desk_client import client, desk_arguments, get, read, tried, wait_of
from deskctl.moments import clock, iso
from shared.domain.problems import Ours
from shared.notices.facts import span

type Json = dict[str, Any]
GOOD = ("succeeded", "checked")
PARKED = "lost"
LATELY = timedelta(days=180)
EVERY = 60.0  # seconds between two lines that say no more than the time


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which restore, of which desk."""
    parser.add_argument("restore", help="its id; `python3 -m deskctl list` shows them")
    desk_arguments(parser)


def main(args: argparse.Namespace) -> int:
    """0 for a restore that succeeded or was checked; 130 after Ctrl-C, which ends nothing but the following."""
    try:
        with client(args) as http:
            return follow(http, args.restore, Console(highlight=False, soft_wrap=True))
    except Ours as error:
        print(error, file=sys.stderr)
        return 1


def follow(http: httpx.Client, restore_id: str, console: Console) -> int:
    """Prints what is new until the restore has ended or is lost; its exit code."""
    try:
        return _follow(http, restore_id, console)
    except KeyboardInterrupt:
        console.print(Text(f"\nThe restore goes on. To follow it again: python3 -m deskctl follow {restore_id}"))
        return 130


def _follow(http: httpx.Client, restore_id: str, console: Console) -> int:
    shown, last, told_at = 0, "", 0.0
    usual: float | None = None
    path = f"/api/restores/{restore_id}"
    while True:
        answer = tried(lambda: http.get(path), 20)
        restore = read(answer)
        if shown == 0:
            usual = usual_seconds(http, restore)
        shown = _told(restore, shown, console)
        state = _state(restore)
        if not _ended(restore) and (state != last or time.monotonic() - told_at > EVERY):
            console.print(Text(f"    {state} · {_times(restore, usual)}", style="dim"))
            last, told_at = state, time.monotonic()
        if _ended(restore):
            return _end(restore, console)
        time.sleep(wait_of(answer))


def usual_seconds(http: httpx.Client, restore: Json) -> float | None:
    """From acceptance to end, as the earlier restores of this instance took it (the median); None without any."""
    if restore.get("dryRun"):
        return None
    since = iso(datetime.now(UTC) - LATELY)
    try:
        page = get(http, "/api/restores", instance=restore["instance"], phase="succeeded", since=since, pageSize="1000")
    except Ours:
        return None  # an estimate is no reason to stop following
    took = [seconds_between(row["acceptedAt"], row["closedAt"]) for row in page["value"]
            if row.get("acceptedAt") and row.get("closedAt") and row["id"] != restore["id"]]  # fmt: skip
    return median(took) if took else None


def seconds_between(begin: str, end: str) -> float:
    """Between two times of the desk."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()


def _times(restore: Json, usual: float | None) -> str:
    began = datetime.fromisoformat(restore["acceptedAt"])
    words = f"{span((datetime.now(UTC) - began).total_seconds())} so far"
    if usual is None:
        return words
    ends = began + timedelta(seconds=usual)
    late = " (later than usual)" if ends < datetime.now(UTC) else ""
    return f"{words}, earlier ones took {span(usual)}: expected end {ends:%H:%M:%S} UTC{late}"


def _ended(restore: Json) -> bool:
    return bool(restore["closed"]) or restore["phase"] == PARKED


def _told(restore: Json, shown: int, console: Console) -> int:
    """The lines of the timeline that are new."""
    timeline = restore.get("timeline", [])
    for entry in timeline[shown:]:
        note = f": {entry['note']}" if entry.get("note") else ""
        console.print(Text(f"{clock(entry['at'])}  {entry['what']}{note}"))
    return len(timeline)


def _state(restore: Json) -> str:
    """What changes between two entries."""
    job, waits = restore.get("job") or {}, restore.get("waitingFor")
    tasks = [f"{t['name']} {t['status']}" for t in job.get("tasks", []) if t.get("status") != "Completed"]
    parts = [restore["phase"], job.get("status"), *tasks[:1], f"waits for {waits}" if waits else None]
    return " · ".join(part for part in (*parts, restore.get("trouble")) if part)


def _end(restore: Json, console: Console) -> int:
    point, error = restore.get("point") or {}, restore.get("error") or {}
    good = restore["phase"] in GOOD
    head = restore.get("outcome") or restore["phase"]
    took = ""
    if restore.get("closedAt"):
        took = f" after {span(seconds_between(restore['acceptedAt'], restore['closedAt']))}"
    console.print(Text(f"{restore['id']}: {head}{took}", style="bold green" if good else "bold red"))
    if point:
        words = f"recovery point of {clock(point['time'])}, {point['age']} old: later changes are not in it"
        console.print(Text(words))
    if error:
        console.print(Text(f"{error['code']}: {error['message']}"))
    for warning in restore.get("warnings", []):
        console.print(Text(f"warning: {warning}"))
    if restore.get("nextStep"):
        console.print(Text(f"next:\n{restore['nextStep']}"))
    return 0 if good else 1
