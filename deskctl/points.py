"""`python3 -m deskctl points pg-prod-01`: an instance's recovery points as a table, or as CSV."""

import argparse
import csv
import sys
from typing import Any
from urllib.parse import quote

from rich.console import Console
from rich.table import Table

from deskctl.desk_client import client, desk_arguments, get
from deskctl.moments import clock, minute
from shared.domain.problems import Ours

type Json = dict[str, Any]
COLUMNS = ("time", "age", "id", "tier", "type", "tag", "expires", "usable")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which instance."""
    parser.add_argument("instance", help="a name of desk.toml, or an ARM id that it allows")
    parser.add_argument("--csv", action="store_true", help="comma-separated values, times in UTC")
    desk_arguments(parser)


def main(args: argparse.Namespace) -> int:
    """0 if there is a point that can be restored; 1 if there is none."""
    try:
        with client(args) as http:
            path = f"/api/instances/{quote(args.instance, safe='')}/recovery-points"
            points = get(http, path)["value"]
    except Ours as error:
        print(error, file=sys.stderr)
        return 1
    (_csv if args.csv else _table)(points)
    if not points:
        print(f"Azure lists no recovery point of {args.instance}", file=sys.stderr)
    return 0 if any(point["restorable"] for point in points) else 1


def _row(point: Json) -> list[str]:
    usable = "yes" if point["restorable"] else f"no: {point.get('whyNot', '')}"
    usable = f"yes, {point['note']}" if point.get("note") else usable
    said = [point.get(name) or "" for name in ("tier", "type", "tag")]
    return [clock(point["time"]), point["age"], point["id"], *said,
            clock(point["expiry"]) if point.get("expiry") else "", usable]  # fmt: skip


def _table(points: list[Json]) -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("time", "age", "id", "usable"):
        table.add_column(name, overflow="fold", no_wrap=name != "usable")
    for point in points:
        row = dict(zip(COLUMNS, _row(point), strict=True))
        table.add_row(minute(point["time"]), row["age"], row["id"], row["usable"])
    Console(highlight=False).print(table)


def _csv(points: list[Json]) -> None:
    """A cell that a spreadsheet would take for a formula begins with a quote."""
    out = csv.writer(sys.stdout)
    out.writerow(COLUMNS)
    for point in points:
        out.writerow([f"'{cell}" if cell[:1] in ("=", "+", "-", "@") else cell for cell in _row(point)])
