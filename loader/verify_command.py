"""`python -m loader verify SOURCE --level L [--expect DATABASE]… [--check DATABASE SQL]… [--json]`: one verdict."""

import argparse
import os
import sys

from loader.levels import run
from loader.messages import Check
from loader.programs import find
from loader.progress import duration, size
from loader.sources import open_source
from loader.verdict import USAGE, Level, Outcome, Verdict

ANSWERS = {True: "true", False: "false:", None: "not answered:"}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help="a folder, or https://<account>.blob.<suffix>/<container>")
    parser.add_argument(
        "--level", required=True, choices=[level.value for level in Level], help="how much is looked at"
    )
    parser.add_argument(
        "--expect", action="append", default=[], metavar="DATABASE", help="a database that must be here"
    )
    parser.add_argument(
        "--check",
        action="append",
        default=[],
        nargs=2,
        metavar=("DATABASE", "SQL"),
        help="asked of the loaded database: one row, one boolean",
    )
    parser.add_argument("--json", action="store_true", help="one line of JSON")


def main(parsed: argparse.Namespace) -> int:
    checks = [
        Check(name=f"check {number}", database=name, sql=sql) for number, (name, sql) in enumerate(parsed.check, 1)
    ]
    if checks and parsed.level != Level.LOADED:
        print("--check needs --level loaded", file=sys.stderr)
        return USAGE
    source = open_source(parsed.source, os.environ)
    verdict = run(source, Level(parsed.level), parsed.expect, checks, find(os.environ))
    print(verdict.line() if parsed.json else "\n".join(lines(verdict)))
    return verdict.exit_code


def lines(verdict: Verdict) -> list[str]:
    """A verdict for people."""
    said = []
    for one in verdict.databases:
        counted = f"{one.rows:,} rows" if one.rows is not None else "rows not counted"
        about = [
            f"{one.tables:,} tables" if one.tables is not None else "",
            counted if one.sha256 else "",
            one.compression,
        ]
        said.append(f"{one.name}  {size(one.bytes)}  {', '.join(filter(None, about))}")
    said += [f"check of {one['database']}: {ANSWERS[one['passed']]} {one['reason']}".rstrip() for one in verdict.checks]
    said += [f"warning: {text}" for text in verdict.warnings]
    said += [f"proven: {text}" for text in verdict.proves]
    where = f" ({verdict.file})" if verdict.file else ""
    why = f": {verdict.reason}{where}" if verdict.outcome is not Outcome.PASSED else ""
    said.append(f"{verdict.outcome.value.upper()} at level {verdict.level.value}, {duration(verdict.seconds)}{why}")
    return said
