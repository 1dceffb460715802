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

from local.bench import calls, cold, intake, limits
from local.bench.capacity import capacity, table
from local.bench.document import write
from local.bench.shows import markdown, show
from local.setup.environment import hermetic
from local.stack.processes import ROOT

SWEEP, QUICK_SWEEP = (200, 50), (20, 50)
HOT = ((100, 1, 0.9, 9), (10_000, 1, 90, 3), (10_000, 200, 90, 1))  # restores, vaults, ends a minute, times


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
    shows, words = limits.sweep(found), limits.sweep_words(found)
    console.print(words, soft_wrap=True)
    if args.write:
        write("sweep", f"{words}\n\n{markdown(shows)}")
    return show(console, "A sweep", shows), found


def in_process(module: str, *arguments: str) -> dict[str, Any]:
    """A measurement in a process alone; its last line is its JSON."""
    line = [sys.executable, "-m", f"local.bench.{module}", *arguments]
    done = subprocess.run(line, cwd=ROOT, env=hermetic(os.environ), capture_output=True, text=True, check=True)
    value: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return value


def _storage(console: Console, args: argparse.Namespace) -> tuple[bool, Any]:
    found = in_process("storage")
    shows = limits.storage(found)
    if args.write:
        rounds = f"Meanwhile the sweep made {found['short']['rounds']:.0f} calls of its own, which serve all restores."
        write("storage", f"{markdown(shows)}\n\n{rounds}")
    return show(console, "Storage", shows), found


def _hot(console: Console, args: argparse.Namespace) -> tuple[bool, Any]:
    minutes = "4" if args.quick else "8"  # in the first two, one vault is twice as late as many (docs/performance.md)
    few, one, many = (
        in_process("hot", f"{restores}", f"{over}", f"{a_minute}", minutes, "--times", f"{times}")
        for restores, over, a_minute, times in HOT
    )
    shows = limits.hot(few, one, many)
    if args.write:
        write("hot", markdown(shows))
    return show(console, "A hot vault", shows), [few, one, many]


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
