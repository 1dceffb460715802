"""The bench's main part: ARM calls, CPU and delay a restore, the desk beside the SDK's pollers, case by case."""

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

from rich.console import Console
from rich.table import Table

from local.bench.capacity import capacity, table
from local.bench.chart import chart
from local.bench.document import DOCUMENT, write
from local.bench.limits import ratio
from local.bench.result import KINDS, Result, result
from local.bench.shows import Show, markdown
from local.bench.world import OWN, Case, World, world
from local.setup.environment import hermetic
from local.stack.processes import ROOT

SIZES, QUICK = (2, 10, 50, 500), (2, 10)
SPEEDS = ((2, 30.0), (10, 30.0), (50, 40.0), (500, 15.0), (10**9, 30.0))  # as fast as two cores carry so many
UNLIMITED = 500
HOUR, SANE = (10, 50), 50  # sizes of the cases with jobs of an hour; with a pool of 16 threads and with Azurite
LATE, OPERATIONS = 150, 3  # seconds until the end of a job of ten minutes is announced; polls of what Azure began
APART = 10  # restores into containers of their own
NOTE = (
    "Each vault holds 100 instances, or more if more are restored, with 14 days of daily backups in its list of jobs. "
    "Azure is the local emulator over TLS, which enforces ARM's token buckets and the service's budgets. Delays are "
    "in Azure's seconds. Ledger and queue are in memory; in the case Azurite the table is real. Files go to one "
    "container; in the case account targets each restore has a container of its own, deleted an hour after its end."
)


def cases_of(restores: int) -> list[tuple[str, Case]]:
    """Up to ten restores share one vault, more are in five. Throttled, the peer calls less because it waits: where
    that sets in, it runs once more with nothing refused, slowly enough for all its calls to be made."""
    speed = next(speed for most, speed in SPEEDS if restores <= most)
    case = Case(restores, 1 if restores <= 10 else 5, speed)
    found = [("ours", case), ("ours", replace(case, moving=True)), ("peer", case)]
    if restores == APART:
        found.append(("ours", replace(case, account=True, speed=case.speed * 2)))
    if restores in HOUR:
        # faster, a validation is shorter than what is due at once, and is polled in a row
        hour = replace(case, job_seconds=3600.0, speed=80.0 if restores <= APART else 40.0)
        found += [("ours", hour), ("peer", hour)]
    if restores == SANE:
        found += [("peer", replace(case, threads=16)), ("ours", replace(case, azurite=True, speed=15.0))]
    if restores == UNLIMITED:
        found.append(("peer", replace(case, speed=4.0, limits=False)))
    return found


def run(console: Console, sizes: Sequence[int]) -> list[Result]:
    """Every case of these sizes, one after another."""
    return [measure(console, case, name) for size in sizes for name, case in cases_of(size)]


def measure(console: Console, case: Case, name: str) -> Result:
    """One contender in a process of its own, on an emulator of its own."""
    with world(case) as made, console.status(f"{name}: {case.restores} restores …") as status:
        score = contend(name, case, made, lambda done: status.update(f"{name}: {done} of {case.restores} restores"))
        found = result(name, case, score, made.asked("calls"), made.asked("jobs"))
    kind = f", {case.words}" if case.words else ""
    console.print(
        f"{name:4} {case.restores:5} restores in {case.vaults} vaults{kind}: {found.calls:.2f} calls a restore, "
        f"{found.throttled} × 429, {score['seconds']:.0f} s"
    )
    return found


def contend(name: str, case: Case, made: World, say: Callable[[int], None]) -> dict[str, Any]:
    """Its last line is its score; the lines before say how far it is."""
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


def shows(results: Sequence[Result]) -> list[Show]:
    """What the issue asks of these figures."""
    return [one for ours in results if ours.contender == "ours" for one in _of(ours, results)]


def _of(ours: Result, results: Sequence[Result]) -> list[Show]:
    job = next(w for w in (*ours.words.split(", "), "") if w == "" or w.endswith("h jobs"))
    large = ours.restores >= UNLIMITED
    peer = _peer(results, ours.restores, job, limits=not large)
    head = f"{ours.restores:,} at once{f', {ours.words}' if ours.words else ''}"
    against = f"{head}: calls, ours : peer's" + ("" if peer else " (which was not measured)")
    found = [Show(against, ratio(ours.calls, peer.calls if peer else None), most=0.2 if large else 0.75)]
    if ours.restores == 2 or large:
        found.append(Show(f"{head}: calls a restore", ours.calls, most=5.0 if large else 14.0))
    found.append(Show(f"{head}: operations a restore", ours.by_kind["operations"], most=OPERATIONS))
    if not job and not large:
        late = math.inf if ours.delay_p95 is None else ours.delay_p95
        found.append(Show(f"{head}: how late, 95 of 100 (s)", late, most=LATE))
    found.append(Show(f"{head}: 429s", ours.throttled, most=0))
    found.append(Show(f"{head}: faults", len(ours.failures), most=0))
    return [*found, Show(f"{head}: ended well", ours.succeeded, least=ours.restores)]


def _peer(results: Sequence[Result], restores: int, job: str, limits: bool) -> Result | None:
    words = ", ".join([*([job] if job else []), *([] if limits else ["never refused"])])
    same = (r for r in results if r.contender == "peer" and r.restores == restores and r.words == words)
    return next(same, None)


def drawn(results: Sequence[Result]) -> str:
    """The picture: plain cases only."""
    points = {name: [(r.restores, r.calls) for r in results if r.contender == name and r.plain] for name in NAMES}
    return chart({name: line for name, line in points.items() if line}, "ARM calls a restore, jobs of ten minutes")


NAMES = {"ours": "**Restore Desk**", "peer": "SDK pollers"}


def record(results: Sequence[Result]) -> None:
    """Into the document, the picture beside it."""
    (DOCUMENT.parent / "bench.svg").write_text(drawn(results), encoding="utf-8")
    head = "restores | by | case | ARM calls | 429s | ended well | CPU ms | memory KiB | delay s: median, p95"
    rows = [
        f"| {r.restores:,} | {NAMES[r.contender]} | {r.words} | {r.calls:.1f} | {r.throttled:,} | {r.succeeded:,} "
        f"| {r.cpu_ms:.0f} | {r.memory_kib:.0f} | {_late(r)} |"
        for r in results
    ]
    ours = max((r for r in results if r.contender == "ours" and r.plain), key=lambda r: r.restores)
    kinds = ", ".join(f"{kind} {ours.by_kind[kind]:.2f}" for kind in KINDS)
    body = [f"| {head} |", "|---" * (head.count("|") + 1) + "|", *rows, "", NOTE, ""]
    own = [f" An account target's container takes {r.by_kind['containers']:.2f}." for r in results if OWN in r.words]
    body += [f"By kind, ours at {ours.restores:,}: {kinds}.{''.join(own)}", "", markdown(shows(results)), ""]
    write("calls", "\n".join([*body, f"A subscription carries, at {ours.restores:,}:", "", table(capacity(ours))]))


def _late(r: Result) -> str:
    return f"{r.delay_median:.0f}, {r.delay_p95:.0f}" if r.delay_median is not None and r.delay_p95 else "–"


def show_table(console: Console, results: Sequence[Result]) -> None:
    """Every case, by kind of call."""
    made = Table(title="Per restore", title_justify="left", caption=NOTE, caption_justify="left")
    heads = ("", "restores", "calls", *KINDS, "429s", "CPU ms", "memory KiB", "restores/s", "delay s, p95", "accept ms")
    for head in heads:
        made.add_column(head, justify="right" if head else "left")
    for r in results:
        kinds = [f"{r.by_kind[kind]:.2f}" for kind in KINDS]
        accept = f"{r.accept_ms:.1f}" if r.accept_ms else ""
        cost = [f"{r.cpu_ms:.0f}", f"{r.memory_kib:.0f}", f"{r.per_second:.1f}"]
        name = f"{r.contender}, {r.words}" if r.words else r.contender
        made.add_row(name, f"{r.restores}", f"{r.calls:.2f}", *kinds, f"{r.throttled}", *cost, _late(r), accept)
    console.print(made)
    for r in results:
        for why in r.failures:
            console.print(f"{r.contender}, {r.restores}: {why}", soft_wrap=True, highlight=False)
