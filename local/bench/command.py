"""`python3 -m local bench`: the desk beside azure-mgmt-dataprotection's pollers, on the same Azure, in one run."""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from local.bench import imports as bench_imports
from local.bench.capacity import capacity, table
from local.bench.chart import chart
from local.bench.result import KINDS, Result, result, verdicts
from local.bench.world import Case, World, world
from local.setup.environment import hermetic
from local.stack.processes import ROOT

SIZES, QUICK = (1, 50, 500, 2000), (1, 20)
SPEEDS = ((1, 60.0), (50, 40.0), (500, 15.0), (10**9, 30.0))  # as fast as two cores carry so many
UNLIMITED = 500
SWEEP, QUICK_SWEEP = (200, 50), (20, 50)
NOTE = (
    "Our ledger and queue are in memory at every size, for Azurite does not bear the larger ones; Azure is the local "
    "emulator over TLS, with ARM's real token buckets and the service's budgets on. Delays are in Azure's seconds."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--sizes", type=_sizes, metavar="1,50,…", help="how many restores at once")
    parser.add_argument("--quick", action="store_true", help="small sizes only, in a minute")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="write the chart as SVG")


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def cases_of(restores: int) -> list[tuple[str, Case]]:
    """Five vaults, one for a single restore. Throttled, the peer calls less because it waits: where that sets in, what
    it would call is measured once more with nothing refused, slowly enough for all its calls to be made."""
    speed = next(speed for most, speed in SPEEDS if restores <= most)
    case = Case(restores, min(5, restores), speed)
    more = [("peer", replace(case, speed=6.0, limits=False))] if restores == UNLIMITED else []
    return [("ours", case), ("peer", case), *more]


def main(args: argparse.Namespace) -> int:
    """0 if every restore of ours ended well and none met a 429."""
    console = Console(stderr=args.json, width=None if sys.stdout.isatty() else 150)
    began = time.monotonic()
    sizes = args.sizes or (QUICK if args.quick else SIZES)
    imports = bench_imports.measured(3 if args.quick else bench_imports.RUNS)
    show_imports(console, imports)
    sweep = swept(*(QUICK_SWEEP if args.quick else SWEEP))
    show_sweep(console, sweep)
    results = [measure(console, case, name) for size in sizes for name, case in cases_of(size)]
    show(console, results)
    largest = max((r for r in results if r.contender == "ours"), key=lambda r: r.restores)
    console.print("\nWhat a subscription carries\n" + table(capacity(largest)), soft_wrap=True, highlight=False)
    if args.chart:
        args.chart.write_text(drawn(results), encoding="utf-8")
    console.print(f"{time.monotonic() - began:.0f} s in all.")
    if args.json:
        value = {"results": [asdict(r) for r in results], "sweep": sweep, "imports": [asdict(i) for i in imports]}
        print(json.dumps(value))
    return 0 if all(r.succeeded == r.restores and not r.throttled for r in results if r.contender == "ours") else 1


def measure(console: Console, case: Case, name: str) -> Result:
    """One contender in a process of its own, on an emulator of its own."""
    with world(case) as made, console.status(f"{name}: {case.restores} restores …") as status:
        score = contend(name, case, made, lambda done: status.update(f"{name}: {done} of {case.restores} restores"))
        found = result(name, case, score, made.asked("calls"), made.asked("jobs"))
    kind = "" if case.limits else ", nothing refused"
    console.print(
        f"{name:4} {case.restores:5} restores in {case.vaults} vaults{kind}: {found.calls:.2f} calls a restore, "
        f"{found.throttled} × 429, {score['seconds']:.0f} s"
    )
    return found


def contend(name: str, case: Case, made: World, say: Any) -> dict[str, Any]:
    """Its last line is its score; the lines before tell how far it is."""
    told = {"url": made.url, "certificate": str(made.certificate), "home": str(made.home)}
    line = [sys.executable, "-m", f"local.bench.{name}", json.dumps(asdict(case)), json.dumps(told)]
    with (made.home / f"{name}.log").open("w+") as log:
        with subprocess.Popen(
            line, cwd=ROOT, env=hermetic(os.environ), stdout=subprocess.PIPE, stderr=log, text=True
        ) as process:
            try:
                assert process.stdout
                for words in process.stdout:
                    value: dict[str, Any] = json.loads(words)
                    if "seconds" in value:
                        return value
                    say(value["done"])
            finally:
                process.kill()
        log.seek(0)
        raise RuntimeError(f"{name} ended without a score: {log.read()[-2000:]}")


def swept(vaults: int, each: int) -> dict[str, Any]:
    """The sweep of open restores that did not change, in a process alone."""
    line = [sys.executable, "-m", "local.bench.sweep", str(vaults), str(each)]
    done = subprocess.run(line, cwd=ROOT, env=hermetic(os.environ), capture_output=True, text=True, check=True)
    value: dict[str, Any] = json.loads(done.stdout)
    return value


def drawn(results: Sequence[Result]) -> str:
    points = {
        name: [(r.restores, r.calls) for r in results if r.contender == name and r.limits] for name in ("ours", "peer")
    }
    return chart(points, "ARM calls a restore, jobs of ten minutes")


def show(console: Console, results: Sequence[Result]) -> None:
    made = Table(title="Per restore", title_justify="left", caption=NOTE, caption_justify="left")
    heads = ("", "restores", "calls", *KINDS, "429s", "CPU ms", "memory KiB", "restores/s", "delay s, p95", "accept ms")
    for head in heads:
        made.add_column(head, justify="right" if head else "left")
    for r in results:
        late = f"{r.delay_median:.0f}, {r.delay_p95:.0f}" if r.delay_median is not None and r.delay_p95 else "–"
        kinds = [f"{r.by_kind[kind]:.2f}" for kind in KINDS]
        accept = f"{r.accept_ms:.1f}" if r.accept_ms else ""
        cost = [f"{r.cpu_ms:.0f}", f"{r.memory_kib:.0f}", f"{r.per_second:.1f}"]
        made.add_row(
            r.contender if r.limits else f"{r.contender}, nothing refused",
            f"{r.restores}",
            f"{r.calls:.2f}",
            *kinds,
            f"{r.throttled}",
            *cost,
            late,
            accept,
        )
    console.print(made)
    for r in results:
        for why in r.failures:
            console.print(f"{r.contender}, {r.restores}: {why}", soft_wrap=True, highlight=False)
    for words in verdicts(results):
        console.print(words, soft_wrap=True)


def show_sweep(console: Console, sweep: dict[str, Any]) -> None:
    console.print(
        f"A sweep of {sweep['restores']:,} open restores in {sweep['vaults']} vaults, nothing changed: "
        f"{sweep['seconds']:.1f} s ({sweep['cpu']:.1f} s of CPU), {sweep['armCalls']} ARM calls, "
        f"{sweep['writes']} writes, {sweep['peakMib']:.0f} MiB at the most, ledger and all.", soft_wrap=True,
    )  # fmt: skip


def show_imports(console: Console, imports: Sequence[bench_imports.Import]) -> None:
    made = Table(title="A cold start's imports", title_justify="left")
    for head in ("import", "-X importtime, ms", "CPU, ms", "ratio", "MiB"):
        made.add_column(head, justify="left" if head == "import" else "right")
    for one in imports:
        made.add_row(one.what, f"{one.milliseconds:.0f}", f"{one.cpu_ms:.0f}", f"{one.ratio:.2f}", f"{one.mib:.0f}")
    console.print(made)
