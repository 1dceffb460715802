"""`python3 -m deskctl points pg-prod-01`: an instance's recovery points as a table or CSV; unnamed, all instances."""

import argparse
import csv
import sys
from typing import Any
from urllib.parse import quote

from rich.console import Console
from rich.table import Table

from deskctl.desk_client import client, desk_arguments, get, get_all
from deskctl.moments import clock, minute
from shared.domain.problems import Ours
from shared.domain.text import cell

type Json = dict[str, Any]
COLUMNS = ("time", "age", "id", "tier", "type", "tag", "expires", "usable")
INSTANCES = ("instance", "newest point", "age", "targets", "problem")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which instance."""
    parser.add_argument(
        "instance", nargs="?", help="a name of desk.toml, or an ARM id that it allows; without it: all instances"
    )
    parser.add_argument("--csv", action="store_true", help="comma-separated values, times in UTC")
    desk_arguments(parser)


def main(args: argparse.Namespace) -> int:
    """0 if there is a point that can be restored; 1 if there is none."""
    try:
        with client(args) as http:
            if args.instance is None:
                return _all(get_all(http, "/api/instances"), args.csv)
            path = f"/api/instances/{quote(args.instance, safe='')}/recovery-points"
            points = get(http, path)["value"]
    except Ours as error:
        print(error, file=sys.stderr)
        return 1
    if args.csv:
        _csv(COLUMNS, [_row(point) for point in points])
    else:
        _points(points)
    if not points:
        print(f"Azure lists no recovery point of {args.instance}", file=sys.stderr)
    return 0 if any(point["restorable"] for point in points) else 1


def _row(point: Json) -> list[str]:
    usable = "yes" if point["restorable"] else f"no: {point.get('whyNot', '')}"
    usable = f"yes, {point['note']}" if point.get("note") else usable
    said = [point.get(name) or "" for name in ("tier", "type", "tag")]
    return [clock(point["time"]), point["age"], point["id"], *said,
            clock(point["expiry"]) if point.get("expiry") else "", usable]  # fmt: skip


def _points(points: list[Json]) -> None:
    rows = [dict(zip(COLUMNS, _row(point), strict=True)) for point in points]
    named = [
        [minute(point["time"]), row["age"], row["id"], row["usable"]] for point, row in zip(points, rows, strict=True)
    ]
    _table(("time", "age", "id", "usable"), named)


def _all(instances: list[Json], as_csv: bool) -> int:
    """The instances by name: what can be asked for, and from when."""
    rows = []
    for one in instances:
        newest = one.get("lastPoint") or {}
        why = one.get("problem") or one.get("lastPointReason") or ""
        time = minute(newest["time"]) if newest else "none"
        rows.append([one["name"], time, newest.get("age", ""), ", ".join(one["targets"]), why])
    (_csv if as_csv else _table)(INSTANCES, rows)
    return 0 if any(one.get("lastPoint") for one in instances) else 1


def _table(columns: tuple[str, ...], rows: list[list[str]]) -> None:
    """The last column gives way where the terminal is narrow."""
    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold", no_wrap=name != columns[-1])
    for row in rows:
        table.add_row(*row)
    Console(highlight=False).print(table)


def _csv(columns: tuple[str, ...], rows: list[list[str]]) -> None:
    """A cell that a spreadsheet would take for a formula begins with a quote."""
    out = csv.writer(sys.stdout)
    out.writerow(columns)
    for row in rows:
        out.writerow(map(cell, row))
