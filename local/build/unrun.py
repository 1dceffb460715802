"""Lines of the core rooms that no test ran, but for those in a list with a reason each."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

import coverage

from local.host.process import ROOT
from local.mutants.coverage_map import CORE

REASONS = ROOT / "tests" / "unrun_lines.toml"  # file → text of a line → why no test runs it
BY_CHANCE = "by chance: "  # so begins the reason of a line that some runs do run


def unrun(data: Path, reasons: Mapping[str, Mapping[str, str]]) -> list[str]:
    """`file:line  text` of every line that was not run and has no reason, and of every reason that has no such line."""
    measured = coverage.Coverage(data_file=str(data), config_file=str(ROOT / "pyproject.toml"))
    measured.load()
    found: list[str] = []
    for room in CORE:
        for path in sorted((ROOT / "shared" / room).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            lines = path.read_text(encoding="utf-8").splitlines()
            left = {number: lines[number - 1].strip() for number in measured.analysis2(str(path))[3]}
            found += compared(name, left, reasons.get(name, {}))
    return found


def compared(name: str, left: Mapping[int, str], known: Mapping[str, str]) -> list[str]:
    """One file: its lines that were not run, against those with a reason."""
    found = [f"{name}:{number}  {text}" for number, text in left.items() if text not in known]
    gone = (text for text, why in known.items() if text not in left.values() and not why.startswith(BY_CHANCE))
    return found + [f"{name}  is run by now: {text}" for text in gone]


def check(data: Path) -> bool:
    """Prints what is left; True when nothing is."""
    reasons = tomllib.loads(REASONS.read_text(encoding="utf-8")) if REASONS.exists() else {}
    left = unrun(data, reasons)
    for line in left:
        print(f"no test runs {line}")
    print(
        f"lines of the core rooms that no test runs: {len(left)}, and {sum(map(len, reasons.values()))} with a reason"
    )
    return not left
