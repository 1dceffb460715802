"""`python3 -m local soak`: minutes of steady load on a whole desk, of whose channels one fails now and then."""

import argparse
import json
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from azure.data.tables import TableClient
from rich.console import Console

from local.bench.document import write
from local.bench.shows import Show, markdown, show
from local.soak import books
from local.soak.figures import NOTHING, WINDOW, Seen, shows, words
from local.soak.load import Load
from local.soak.world import FAILING, STEADY, desk_toml, names, seed_json
from local.stack.progress import Say, progress
from local.stack.stack import Options, Stack
from shared.config.settings import TABLE

HOSTS = (("http",), ("queue",), ("timer",))  # as Functions runs them: nothing shared in memory
PACE, SWEEPS = 15.0, "*/2 * * * * *"  # every 30 s, divided as all durations but the callers'
FULL_POOL = ("Connection pool is full", "a connection is closed: as many as may are at rest")  # urllib3's; the desk's


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rate", type=float, default=2, metavar="N", help="requests a second (default 2)")
    parser.add_argument("--minutes", type=float, default=14, metavar="M", help="of load (default 14)")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/performance.md")


def main(args: argparse.Namespace) -> int:
    """0 only if every figure holds."""
    console, began = Console(stderr=args.json, width=None if sys.stdout.isatty() else 140), time.monotonic()
    seconds = args.minutes * 60
    seen = Seen(seconds, min(WINDOW, seconds / 3))
    console.print(
        f"{args.rate:g} requests a second for {args.minutes:g} min; {FAILING} fails from {seen.fails_from:.0f} s on."
    )
    with ExitStack() as made:
        home = Path(made.enter_context(tempfile.TemporaryDirectory(prefix="restore-desk-soak-")))
        (home / "desk.toml").write_text(desk_toml())
        stack = made.enter_context(Stack(options(home)))
        stack.emulated("seed", "POST", seed_json())
        soak(stack, seen, args.rate, names(), made.enter_context(progress(console)))
    found = shows(seen, STEADY, FAILING)
    good = show(console, "Under steady load", found)
    console.print(words(seen, STEADY, FAILING), soft_wrap=True, highlight=False)
    console.print(f"{time.monotonic() - began:.0f} s in all.")
    if args.write:
        write("soak", f"{markdown(found)}\n\n{words(seen, STEADY, FAILING)}")
    if args.json:
        print(json.dumps(result(found, good, words(seen, STEADY, FAILING))))
    return 0 if good else 1


def options(home: Path) -> Options:
    """What Azurite's own search in a growing table and saving of a growing file cost is no part of the desk."""
    made = Options(speed=PACE, pace=PACE, config=home / "desk.toml", home=home / "stack", hosts=HOSTS, schedule=SWEEPS)
    return replace(made, in_memory=True)


def soak(stack: Stack, seen: Seen, rate: float, instances: list[str], say: Say) -> None:
    """Puts a running stack under load, waits until all has ended, and counts rows and warnings."""
    load = Load(stack, seen, instances, say)
    load.run(rate)
    load.look()
    with TableClient.from_connection_string(stack.storage, TABLE) as table:
        load.settle(lambda: books.left(table))
        seen.size = books.kib_a_restore(table)
    seen.pool_warnings = pool_warnings(stack.home)


def pool_warnings(home: Path) -> float:
    """In the logs of the hosts: how often a connection was closed because its pool was full."""
    logs = [*home.glob("host-*.log"), *home.glob("host-*.traces")]
    found = (log.read_text(errors="replace").count(text) for log in logs for text in FULL_POOL)
    return sum(found) if logs else NOTHING


def result(found: list[Show], good: bool, said: str) -> dict[str, Any]:
    """The same for programs."""
    figures = [
        {"what": one.words, "figure": round(one.figure, 3), "limit": one.limit, "holds": one.holds} for one in found
    ]
    return {"figures": figures, "words": said, "ok": good}
