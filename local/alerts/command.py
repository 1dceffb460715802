"""`python3 -m local alerts`: on one stack, the event of every alert; each must fire on its own, and none on another."""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from local.alerts.events import ENDLESS, EVENTS, HOSTS, TICKS, Mend
from local.alerts.rules import ALERTS, WINDOW, on_clock
from local.alerts.watch import fired_since, now, settle
from local.chaos.world import desk_toml, seed_json
from local.stack.stack import Options, Stack

PACE = 1440  # a restore is overdue after 30 s
PATIENCE = 120.0  # seconds for an alert to fire, and for all to be calm
LEASE = 60.0  # seconds of the timers' lease in Azure, looked for once in that time


@dataclass(frozen=True)
class Seen:
    """Which alerts should fire on an event, which did, after how many seconds, and which still do once it is mended."""

    event: str
    due: frozenset[str]
    fired: frozenset[str]
    after: frozenset[str]
    seconds: float

    @property
    def ok(self) -> bool:
        return self.fired == self.due and not self.after

    def shown(self) -> dict[str, object]:
        return {"fired": sorted(self.fired), "after": sorted(self.after), "seconds": self.seconds, "ok": self.ok}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", choices=EVENTS, action="append", help="this alert's event alone, or several")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")


def main(args: argparse.Namespace) -> int:
    """0 only if each alert fires on its event and on nothing else."""
    console = Console(stderr=args.json, width=None if sys.stdout.isatty() else 120)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="restore-desk-alerts-") as home, Stack(_options(Path(home))) as stack:
        stack.emulated("seed", "POST", seed_json())
        settle(stack, PATIENCE)
        seen = [_looked(console, one_dies(stack, number)) for number in TICKS if not args.only]
        seen += [
            _looked(console, played(stack, name, EVENTS[name])) for name in EVENTS if name in (args.only or EVENTS)
        ]
        dropped = stack.dropped()
    result = {
        "events": {one.event: one.shown() for one in seen},
        "untried": sorted(ALERTS.keys() - EVENTS.keys()),
        "dropped": len(dropped),
        "seconds": round(time.monotonic() - began, 1),
        "ok": all(one.ok for one in seen) and ALERTS.keys() == EVENTS.keys() and not dropped,
    }
    report(console, seen, result)
    if args.json:
        print(json.dumps(result))
    return 0 if result["ok"] else 1


def _options(home: Path) -> Options:
    """Separate instances, two of which may tick; the lease is as long beside the window of silence as in Azure."""
    config = home / "desk.toml"
    config.write_text(desk_toml())
    lease = on_clock(WINDOW, PACE) * LEASE / WINDOW
    more = ("--lease", str(lease), "--invisible", "6")
    return Options(config=config, home=home / "stack", hosts=HOSTS, host=more, pace=PACE)


def played(stack: Stack, alert: str, event: Callable[[Stack], Mend]) -> Seen:
    """Makes an event, waits for its alert, mends it, and waits until nothing fires."""
    since, began = now(), time.monotonic()
    mend = event(stack)
    found = set[str]()
    while alert not in found and time.monotonic() - began < PATIENCE:
        time.sleep(0.5)
        found = fired_since(stack, since)
    seconds = time.monotonic() - began
    mend()
    after = settle(stack, PATIENCE) if alert != ENDLESS else ()
    return Seen(alert, frozenset({alert}), frozenset(found), frozenset(after), round(seconds, 1))


def one_dies(stack: Stack, number: int) -> Seen:
    """Ends one of the two instances with a timer. The other takes the lease, long before the silence alert fires."""
    since, began = now(), time.monotonic()
    stack.hosts[number].kill()
    time.sleep(2 * on_clock(WINDOW, PACE))
    found, seconds = fired_since(stack, since), time.monotonic() - began
    stack.hosts[number].start()
    after = settle(stack, PATIENCE)
    return Seen(f"host {number} dies", frozenset(), frozenset(found), frozenset(after), round(seconds, 1))


def _looked(console: Console, seen: Seen) -> Seen:
    console.print(f"  {seen.event}: {'as it should' if seen.ok else seen}", soft_wrap=True, highlight=False)
    return seen


def report(console: Console, seen: list[Seen], result: dict[str, object]) -> None:
    """A line for each event, and the verdict."""
    made = Table(title="Alerts", title_justify="left")
    for column in ("event", "fired", "within", "still fires once mended"):
        made.add_column(column)
    for one in seen:
        style = "green" if one.ok else "red"
        fired, after = (", ".join(sorted(names)) or "none" for names in (one.fired, one.after))
        made.add_row(one.event, f"[{style}]{fired}[/]", f"{one.seconds} s", after)
    console.print(made)
    for name in ("untried", "dropped", "seconds", "ok"):
        console.print(f"  {name}: {result[name]}", highlight=False)
