"""`python3 -m local demo`: a whole desk comes up, is asked for restores of every kind, and shows each to its end."""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from rich import box
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from local.demo import verified
from local.demo.cases import EXPLICIT, FAILING, cases
from local.demo.following import Followed, Following
from local.demo.own_containers import OwnContainers
from local.stack.azurite import AzuriteError
from local.stack.delivered import blobs
from local.stack.other_cloud import NAMED, foreign
from local.stack.processes import NotStarted
from local.stack.stack import Options, Stack
from shared.domain.clouds import Cloud

DOWN = "ops-chat"
NARROW = 100  # columns
LIMIT = 150.0  # seconds for all restores to end
REPLIES = {"jira-comments", "servicenow-notes", "zendesk-comments", "github-comments"}
STYLE = {"succeeded": "green", "checked": "green", "failed": "red", "refused": "yellow", "lost": "bold red"}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--restores", type=int, metavar="N", help="ask for N restores at least")
    parser.add_argument("--cloud", choices=NAMED, default="public", help="which cloud the emulator stands for")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")


def main(args: argparse.Namespace) -> int:
    """0 only if every restore ended as it should, every notice was sent and every signature is valid."""
    console = Console(stderr=args.json, width=None if sys.stdout.isatty() else 120)
    began = time.monotonic()
    console.print("Starting Azurite, the Data Protection emulator, the Functions host and the channels' other ends …")
    try:
        result = played(console, args.restores, NAMED[args.cloud], began)
    except (NotStarted, AzuriteError) as error:
        console.print(f"The stack did not come up: {error}", soft_wrap=True, markup=False)
        return 4
    if args.json:
        print(json.dumps({name: part for name, part in result.items() if name != "faults"}))
    return 0 if result["ok"] else 1


def played(console: Console, restores: int | None, cloud: Cloud, began: float) -> dict[str, Any]:
    """The whole demo; what happened."""
    with TemporaryDirectory(prefix="restore-desk-client-") as home, Stack(options(cloud, Path(home))) as stack:
        console.print(f"Up at {stack.url} after {time.monotonic() - began:.1f} s.")
        rule = {"match": {"verb": "validateRestore", "instance": instance_of(stack, FAILING)}}
        fault = {"kind": "error", "stage": "validate", "code": "UserErrorRestoreToLowerVersion"}
        stack.emulated("faults", "POST", {**rule, "fault": fault})
        following = Following(stack)
        containers = OwnContainers(stack, following)
        following.at_end = containers.delivered
        blobs(stack.azurite, EXPLICIT[0]).create_container(EXPLICIT[1])
        following.down = DOWN
        stack.channels.ends.down.add(DOWN)
        console.print(f"The channel {DOWN} is down until all restores have ended: its notices have to wait.")
        verified.spoil(stack, instance_of)
        for case in verified.cases(cases(restores, cloud)):
            following.ask(case)
        limit = LIMIT + 5 * max(0, len(following.all) - 20)
        show(console, following, limit)
        bring_up(console, stack, following)
        following.faults += containers.ended(console)
        result = verdict(stack, following, time.monotonic() - began)
        report(console, following, result)
    return result


def options(cloud: Cloud, home: Path) -> Options:
    """A stack with a loader, whose client lacks a compression; none if this machine has no PostgreSQL."""
    client = verified.client_without_zstd(home) if verified.possible() else None
    return Options(cloud=cloud, dumps=True, loader=client is not None, pg_bin=client)


def bring_up(console: Console, stack: Stack, following: Following) -> None:
    """Brings the channel up again; an operator resends the waiting notices, and one that was sent before."""
    waiting = [(one, n) for one in following.all for n in one.view.get("notices", []) if n["channel"] == DOWN]
    owed = [(one, n["number"]) for one, n in waiting if n["state"] == "owed"]
    console.print(f"{len(owed)} notices to {DOWN} waited in the outbox; it is up again, and they are sent again.")
    stack.channels.ends.down.discard(DOWN)
    following.down = None
    act = {"by": "demo@contoso.com", "reason": "the channel is up again"}
    for one, number in owed:
        answer = stack.http.post(f"/api/restores/{one.id}/notices/{number}/resend", json=act)
        if answer.status_code != httpx.codes.CONFLICT:  # the sweep was quicker; whether all is told is looked at below
            answer.raise_for_status()
    end = time.monotonic() + 60
    while any(not one.over() for one in following.all) and time.monotonic() < end:
        following.refresh()
        time.sleep(0.25)
    for one in following.all:
        one.ended = one.ended if one.over() else None


def instance_of(stack: Stack, name: str) -> str:
    """The backup instance behind a name of desk.toml."""
    listed = stack.http.get("/api/instances").raise_for_status().json()["value"]
    return next(str(item["id"]).rsplit("/", 1)[1] for item in listed if item["name"] == name)


def show(console: Console, following: Following, limit: float) -> None:
    """Live on a terminal, a line for each change elsewhere."""
    end = time.monotonic() + limit
    seen: dict[str, str] = {}
    with Live(console=console, refresh_per_second=6, transient=True) as live:
        while not following.over() and time.monotonic() < end:
            following.look()
            if console.is_terminal:
                live.update(table(following.all, console.width))
            else:
                _changes(console, following.all, seen)
            time.sleep(0.25)


def _changes(console: Console, all_: Sequence[Followed], seen: dict[str, str]) -> None:
    for one in all_:
        if seen.get(one.key) != one.phase:
            seen[one.key] = one.phase
            console.print(f"  {one.seconds():5.1f} s  {one.case.title}: {one.phase}", soft_wrap=True, highlight=False)


def table(all_: Sequence[Followed], width: int) -> Table:
    """The state of each restore, as a table. A narrow terminal gets no lines and no column `by`."""
    narrow = width < NARROW
    made = Table(title="Restores", title_justify="left", expand=False, box=None if narrow else box.HEAVY_HEAD)
    for column in ("restore of", *(() if narrow else ("by",)), "phase", "data from", "notices", "took"):
        made.add_column(column, justify="right" if column == "took" else "left")
    for one in all_:
        told = Counter(n["state"] for n in one.view.get("notices", []))
        phase = f"[{STYLE.get(one.phase, 'cyan')}]{one.phase}[/]"
        age = one.view.get("point", {}).get("age", "")
        notices = ", ".join(f"{count} {state}" for state, count in told.items())
        via = () if narrow else (one.case.via,)
        made.add_row(one.case.title, *via, phase, f"{age} ago" if age else "", notices, f"{one.seconds():.1f} s")
    return made


def verdict(stack: Stack, following: Following, seconds: float) -> dict[str, Any]:
    """What happened, and every way in which it was not what it ought to be."""
    arrived = stack.channels.ends.arrived
    good = [one for one in arrived if one.status < 300 and not one.faults]
    replied = {one.channel for one in good} & REPLIES
    faults = [f"{one.case.title}: {one.fault()}" for one in following.all if one.fault()] + following.faults
    faults += [f"a notice to {one.channel}: {', '.join(one.faults)}" for one in arrived if one.faults]
    faults += [f"{one.case.title}: its notices are not all told" for one in following.all if one.ended is None]
    faults += untold(following, {one.webhook_id for one in good})
    faults += [f"no comment went back by {name}" for name in sorted(REPLIES - replied)]
    faults += verified.faults(following.all)
    faults += [f"a log line that Azure would drop: {line}" for line in stack.dropped()[:5]]
    faults += strays(stack, following)
    counts = stack.emulated("counts")
    return {
        "requested": len(following.all),
        "ended": dict(Counter(one.phase for one in following.all)),
        "notices": len(good),
        "armCalls": sum(counts.values()) if isinstance(counts, dict) else len(counts),
        "seconds": round(seconds, 1),
        "ok": not faults,
        "faults": faults,
    }


def strays(stack: Stack, following: Following) -> list[str]:
    """Hosts of another cloud in what people and machines are shown."""
    shown = {f"a notice to {one.channel}": one.text for one in stack.channels.ends.arrived}
    shown |= {one.case.title: json.dumps(one.view) for one in following.all}
    shown["the log"] = json.dumps(stack.traces())
    return [f"{where} names {host}" for where, text in shown.items() for host in foreign(text, stack.options.cloud)]


def untold(following: Following, ids: set[str | None]) -> list[str]:
    """Notices that the books call delivered and that nobody received."""
    notices = [n for one in following.all for n in one.view.get("notices", [])]
    told = [n["eventId"] for n in notices if n["state"] == "delivered" and n["channel"] in ("events", "dba")]
    return [f"notice {event_id} is saved as delivered, but did not arrive" for event_id in told if event_id not in ids]


def report(console: Console, following: Following, result: dict[str, Any]) -> None:
    """The table of what happened, an error in full as a person would read it, and the verdict."""
    console.print(table(following.all, console.width))
    for one in following.all:
        error = one.view.get("error")
        if error:
            action = " ".join(error.get("recommendedAction", []))
            words = escape(f"{error['code']}: {error['message']} {action}".strip())
            console.print(f"[bold]{one.case.title}[/]: {words}", soft_wrap=True)
    console.print("[bold]What was verified:[/]")
    for line in verified.lines(following.all):
        console.print(f"  {escape(line)}", soft_wrap=True, highlight=False)
    done = next((one for one in following.all if one.view.get("outcome") == "filesDelivered"), None)
    if done and done.view.get("nextStep"):
        console.print("[bold]What comes after files delivered:[/]")
        console.print(done.view["nextStep"], soft_wrap=True, markup=False)
    ended = ", ".join(f"{count} {phase}" for phase, count in result["ended"].items())
    console.print(
        f"{result['requested']} requested: {ended}; {result['notices']} notices received, each signed and shaped as "
        f"its channel wants; {result['armCalls']} ARM calls; {result['seconds']} s.", soft_wrap=True,
    )  # fmt: skip
    for fault in result["faults"]:
        console.print(f"[red]NOT AS IT SHOULD BE[/] {fault}", soft_wrap=True)
    sys.stdout.flush()
