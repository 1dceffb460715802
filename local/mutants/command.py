"""`python3 -m local mutants`: seeded faults in the core rooms; killed, survived, and each survivor."""

import argparse
import json
import os
import queue
import random
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.host.process import ROOT
from local.mutants.coverage_map import CORE, CoverageMap, TestsFailed, measure
from local.mutants.mutations import Mutant, count, mutant
from local.mutants.trial import Tree, Trial, copy_tree

TESTS = ("tests/unit", "tests/stories", "tests/hostile")
HEAVY = (  # whole worlds again and again: what they find of a fault, a unit test should find
    "hostile/test_schemathesis.py", "hostile/test_one_host.py", "stories/test_crash_acts.py", "stories/test_entered.py",
    "stories/test_crash_points.py", "stories/test_every_code.py", "stories/test_harness.py", "unit/test_cold_start.py",
    "stories/test_verification_crashes.py", "stories/test_crash_more.py", "hostile/test_ticket_cpu.py",
)  # fmt: skip


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sample", type=int, default=300, help="how many faults (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="which ones (default: %(default)s)")
    parser.add_argument("--rooms", nargs="+", default=list(CORE), choices=CORE, help="(default: all core rooms)")
    parser.add_argument("--least", type=float, default=0.9, help="exit 1 below this share (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")


def sample(rooms: list[str], size: int, seed: int) -> list[Mutant]:
    """Faults drawn evenly from all that can be made in the rooms."""
    sources = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for room in rooms
        for path in sorted((ROOT / "shared" / room).rglob("*.py"))
    }
    places = [(path, number) for path, source in sources.items() for number in range(len(count(source)))]
    dice = random.Random(seed)
    chosen = dice.sample(places, min(size, len(places)))
    return [mutant(path, sources[path], number) for path, number in chosen]


def main(args: argparse.Namespace) -> int:
    chosen = sample(args.rooms, args.sample, args.seed)
    with tempfile.TemporaryDirectory(prefix="desk-mutants-") as made:
        home = Path(made)
        print(f"{len(chosen)} faults, seed {args.seed}; the tests run once to see which line each runs", flush=True)
        base = copy_tree(ROOT, home / "base")
        try:
            measure(base, home / "coverage", (*TESTS, *(f"--ignore=tests/{name}" for name in HEAVY)))
        except TestsFailed as error:
            print(error)
            return 2
        lines = CoverageMap(home / "coverage", base)
        trials = _tried(chosen, lines, home)
    return _said(trials, args)


def _tried(chosen: list[Mutant], lines: CoverageMap, home: Path) -> list[Trial]:
    trees = queue.SimpleQueue[Tree]()
    workers = os.process_cpu_count() or 1
    for number in range(workers):
        tree = shutil.copytree(home / "base", home / f"tree-{number}", symlinks=True)  # with what Python compiled in it
        trees.put(Tree(tree, lines.seconds))

    def one(fault: Mutant) -> Trial:
        tree = trees.get()
        try:
            trial = tree.try_out(fault, lines.tests(fault.path, fault.line))
        finally:
            trees.put(tree)
        print(f"{trial.ended:8}  {fault.path}:{fault.line}  {fault.change[:120]}", flush=True)
        return trial

    try:
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(one, chosen))
    finally:
        while not trees.empty():
            trees.get().close()


def _said(trials: list[Trial], args: argparse.Namespace) -> int:
    killed = sum(trial.ended == "killed" for trial in trials)
    share = killed / len(trials) if trials else 1.0
    print("\nSurvivors:")
    for trial in trials:
        if trial.ended != "killed":
            fault = trial.mutant
            print(f"  {fault.path}:{fault.line}  {fault.change}  ({trial.ended}, {trial.tests} tests)")
    print(f"{killed} of {len(trials)} faults found ({share:.1%}), seed {args.seed}")
    if args.json:
        print(json.dumps({"killed": killed, "of": len(trials), "seed": args.seed, "ok": share >= args.least}))
    return int(share < args.least)
