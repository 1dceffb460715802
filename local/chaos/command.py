"""`python3 -m local chaos`: hinders a stack at work in every way there is, then counts what is lost or doubled."""

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from local.chaos.gather import gather
from local.chaos.invariants import Evidence, Invariant, ever_lost, invariants
from local.chaos.plan import Deed, schedule, span
from local.chaos.run import Rounds, Run
from local.chaos.world import desk_toml, places
from local.stack.progress import Say, progress
from local.stack.stack import Options, Stack

# as Functions runs them: separate instances, nothing shared in memory; two that may tick
HOSTS = (("http",), ("queue",), ("timer",), ("timer",))
INVISIBLE = "6"  # seconds for which a killed host's message is hidden; 600 in Azure
SHOWN = 5  # violations of one invariant


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--restores", type=int, default=200, metavar="N", help="requests (default 200)")
    parser.add_argument("--kills", type=int, default=40, metavar="N", help="SIGKILLs of a host (default 40)")
    parser.add_argument("--faults", type=float, default=0.2, metavar="SHARE", help="of Azure's calls (default 0.2)")
    parser.add_argument(
        "--goal", type=float, default=0.6, metavar="SHARE", help="goes on until so many are submitted (default 0.6)"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="the same seed, the same schedule (default: by chance)")
    parser.add_argument("--state", type=Path, metavar="DIR", help="keeps logs and ledger there (default: thrown away)")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")


def main(args: argparse.Namespace) -> int:
    """0 only if every invariant holds."""
    seed = random.randrange(1_000_000) if args.seed is None else args.seed
    console = Console(stderr=args.json, width=None if sys.stdout.isatty() else 140)
    deeds = schedule(seed, args.restores, args.kills, places())
    console.print(f"Chaos with seed {seed}: {_words(deeds)}, over {span(args.restores, args.kills):.0f} s.")
    began = time.monotonic()
    with ExitStack() as made:
        home = args.state or Path(made.enter_context(tempfile.TemporaryDirectory(prefix="restore-desk-chaos-")))
        home.mkdir(parents=True, exist_ok=True)
        run = begin(made, home.resolve(), seed, made.enter_context(progress(console)))
        run.warm_up()
        run.go(deeds, args.faults, Rounds(seed, args.restores, args.kills, args.goal))
        run.settle(120 + args.restores)
        run.look_at_alerts()
        evidence = gather(run)
        lines = invariants(evidence)
        result = summary(seed, evidence, lines, run)
    result["seconds"] = round(time.monotonic() - began, 1)
    report(console, lines, result)
    if args.json:
        print(json.dumps(result))
    return 0 if result["ok"] else 1


def begin(made: ExitStack, home: Path, seed: int, say: Say) -> Run:
    """A stack of four hosts on wires that can fail."""
    config = home / "desk.toml"
    config.write_text(desk_toml())
    options = Options(
        config=config,
        home=home / "stack",
        hosts=HOSTS,
        host=("--invisible", INVISIBLE),
        flaky=True,
        emulator=("--fractional-retry-after", "--fault-seed", str(seed)),
    )
    return Run(made.enter_context(Stack(options)), made, say)


def _words(deeds: list[Deed]) -> str:
    counts = Counter(deed.what for deed in deeds)
    return ", ".join(f"{count} × {what}" for what, count in counts.most_common())


def summary(seed: int, evidence: Evidence, lines: list[Invariant], run: Run) -> dict[str, Any]:
    """The figures of a run."""
    views = evidence.views.values()
    return {
        "seed": seed,
        "requested": len(evidence.requests),
        "ended": dict(Counter(view["phase"] for view in views)),
        "submittedUnderChaos": evidence.under_chaos,
        "lost": len(ever_lost(views)),
        "attempts": sum(len(view.get("attempts", [])) for view in views),
        "inDoubt": sum(any(e["what"] == "in doubt" for e in view.get("timeline", [])) for view in views),
        "adopted": sum(any(a.get("ended") == "adopted" for a in view.get("attempts", [])) for view in views),
        "notices": len(evidence.posts),
        "armCalls": len(evidence.calls),
        "struck": f"{run.struck} of {run.exposed} calls while the faults were on",
        "did": run.done.counts,
        "swallowed": run.stack.links.queue.swallowed + run.stack.links.table.swallowed,
        "callersHeard": run.callers.heard.statuses,
        "alerts": {
            "fired": sorted(evidence.fired),
            "caused": sorted(evidence.planted),
            "still": sorted(evidence.still),
        },
        "violations": sum(len(line.violations) for line in lines),
        "ok": not any(line.violations for line in lines),
    }


def report(console: Console, lines: list[Invariant], result: dict[str, Any]) -> None:
    """The table of invariants, and each violation by name."""
    made = Table(title=f"Invariants, seed {result['seed']}", title_justify="left")
    for column in ("invariant", "checked", "violations"):
        made.add_column(column, justify="left" if column == "invariant" else "right")
    for line in lines:
        style = "red" if line.violations else "green"
        made.add_row(line.name, str(line.checked), f"[{style}]{len(line.violations)}[/]")
    console.print(made)
    for line in lines:
        for words in line.violations[:SHOWN]:
            console.print(f"[red]VIOLATED[/] {line.name}: {words}", soft_wrap=True)
    for name, value in result.items():
        console.print(f"  {name}: {value}", soft_wrap=True, highlight=False)
