"""`python3 -m local bench [part …]`: the desk beside azure-mgmt-dataprotection's pollers; each part is one of PARTS."""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from rich.console import Console

from local.bench import calls, cold, intake
from local.bench.capacity import capacity, table
from local.bench.document import write
from local.bench.shows import Show, markdown, show
from local.setup.environment import hermetic
from local.stack.processes import ROOT

SWEEP, QUICK_SWEEP = (200, 50), (20, 50)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("parts", nargs="*", metavar="part", help=f"all, or some of: {', '.join(PARTS)}")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--sizes", type=_sizes, metavar="2,50,…", help="of the part calls: how many restores at once")
    parser.add_argument("--quick", action="store_true", help="small sizes only, in some minutes")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/performance.md")


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def main(args: argparse.Namespace) -> int:
    """0 if every figure holds."""
    unknown = set(args.parts) - set(PARTS)
    if unknown:
        print(f"there is no part {', '.join(sorted(unknown))}; there are: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    console = Console(stderr=args.json, width=None if sys.stdout.isatty() else 150)
    began, values, good = time.monotonic(), dict[str, Any](), True
    for part in args.parts or PARTS:
        holds, values[part] = PARTS[part](console, args)
        good = good and holds
    console.print(f"{time.monotonic() - began:.0f} s in all.")
    if args.json:
        print(json.dumps(values))
    return 0 if good else 1


def _calls(console: Console, args: argparse.Namespace) -> tuple[bool, Any]:
    results = calls.run(console, args.sizes or (calls.QUICK if args.quick else calls.SIZES))
    calls.show_table(console, results)
    largest = max((r for r in results if r.contender == "ours"), key=lambda r: r.restores)
    console.print("\nWhat a subscription carries\n" + table(capacity(largest)), soft_wrap=True, highlight=False)
    if args.write:
        calls.record(results)
    return show(console, "ARM calls", calls.shows(results)), [asdict(r) for r in results]


def _sweep(console: Console, args: argparse.Namespace) -> tuple[bool, Any]:
    found = in_process("sweep", *map(str, QUICK_SWEEP if args.quick else SWEEP))
    words = (
        f"A sweep of {found['restores']:,} unchanged open restores in {found['vaults']} vaults takes "
        f"{found['seconds']:.1f} s ({found['cpu']:.1f} s of CPU), {found['armCalls']} ARM calls, "
        f"{found['writes']} writes and at most {found['peakMib']:.0f} MiB, which include the in-memory ledger."
    )
    console.print(words, soft_wrap=True)
    if args.write:
        write("sweep", words)
    return True, found


def in_process(module: str, *arguments: str) -> dict[str, Any]:
    """A measurement in a process alone; its last line is its JSON."""
    line = [sys.executable, "-m", f"local.bench.{module}", *arguments]
    done = subprocess.run(line, cwd=ROOT, env=hermetic(os.environ), capture_output=True, text=True, check=True)
    value: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return value


def _storage(console: Console, args: argparse.Namespace) -> tuple[bool, Any]:
    found = in_process("storage")
    shows = [
        Show("a short restore, one channel: its own calls to the table", found["short"]["calls"], most=35),
        Show("an idle sweep of 200 vaults: storage calls", found["idle"]["calls"], most=8),
        Show("GET /api/instances, 109 instances: CPU ms", found["instances"]["ms"], most=200),
        Show("GET /api/instances, 109 instances: storage calls", found["instances"]["calls"], most=5),
        Show("a closed restore, five channels: KiB in the ledger", found["left"]["kib"], most=15),
    ]
    if args.write:
        rounds = f"Meanwhile the sweep made {found['short']['rounds']:.0f} calls of its own, which serve all restores."
        write("storage", f"{markdown(shows)}\n\n{rounds}")
    return show(console, "Storage", shows), found


def _hot(console: Console, args: argparse.Namespace) -> tuple[bool, Any]:
    few, many = in_process("hot", "100", "5", "4"), in_process("hot", "10000", "90", "2" if args.quick else "8")
    shows = [
        Show("one vault, 10,000 running, 90 ends a minute: ends announced", many["told"], least=many["ends"]),
        Show("how late, 95 of 100 (s)", many["p95"], most=240),
        Show("ARM calls a minute", many["callsAMinute"], most=200),
        Show("CPU a restore and sweep, at 10,000 : at 100", many["cpuMs"] / few["cpuMs"], most=1.2),
    ]
    if args.write:
        write("hot", markdown(shows))
    return show(console, "A hot vault", shows), [few, many]


def _cold(console: Console, args: argparse.Namespace) -> tuple[bool, Any]:
    found = cold.measured(cold.QUICK if args.quick else cold.RUNS)
    if args.write:
        cold.record(found)
    values = [{"call": call, "by": name, **asdict(one)} for (call, name), one in found.items()]
    return show(console, "A cold start", cold.shows(found)), values


def _intake(console: Console, args: argparse.Namespace) -> tuple[bool, Any]:
    try:
        found = intake.measured(intake.QUICK if args.quick else intake.RUNS)
    except intake.NoHistory as error:
        console.print(f"intake was not measured: {error}")
        return False, {}
    if args.write:
        write("intake", f"{markdown(intake.shows(found))}\n\n{intake.words(found)}")
    good = show(console, "Intake", intake.shows(found))
    console.print(intake.words(found), soft_wrap=True, highlight=False)
    return good, {name: asdict(one) for name, one in found.items()}


PARTS: Mapping[str, Callable[[Console, argparse.Namespace], tuple[bool, Any]]] = {
    "calls": _calls,
    "sweep": _sweep,
    "storage": _storage,
    "hot": _hot,
    "cold": _cold,
    "intake": _intake,
}
