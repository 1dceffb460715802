"""`python3 -m deskctl list`: the restores of a desk as a table, or one by its idempotency key."""

import argparse
import json
import sys
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from deskctl.desk_client import client, desk_arguments, get_all
from deskctl.moments import iso, minute, point
from shared.domain.problems import Ours

type Json = dict[str, Any]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which restores."""
    parser.add_argument("--instance", help="of one instance, by its name or id")
    parser.add_argument("--phase", help="one or more phases, with commas between them: failed,lost")
    parser.add_argument("--since", help="the closed ones too, from this day or time on: yesterday, 2026-11-20")
    parser.add_argument("--find", metavar="KEY", help="the restores of this idempotency key, in every source")
    parser.add_argument("--json", action="store_true", help="the rows as JSON, one a line")
    desk_arguments(parser)


def main(args: argparse.Namespace) -> int:
    """0, with a table (or JSON lines) of what there is."""
    try:
        with client(args) as http:
            query = {"instance": args.instance, "phase": args.phase, "since": _since(args.since), "key": args.find}
            given = {name: value for name, value in query.items() if value}
            rows = get_all(http, "/api/restores", **given)
    except Ours as error:
        print(error, file=sys.stderr)
        return 1
    rows.sort(key=lambda row: row.get("acceptedAt", ""))
    if args.json:
        print("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    else:
        _show(rows, given)
    return 0


def _since(said: str | None) -> str | None:
    """The beginning of a day, or the time that is said."""
    if not said:
        return None
    now = datetime.now().astimezone()
    zone = now.tzinfo or UTC
    found = point(said, now, zone)
    if not isinstance(found, dict) or "atOrBefore" not in found:
        raise Ours(f"--since: {said!r} is not a day or a time; give yesterday, 2026-11-20 or 2026-11-20T03:00:00Z")
    text = str(found["atOrBefore"])
    if ":" in said:
        return text
    return iso(datetime.fromisoformat(text).astimezone(zone).replace(hour=0, minute=0, second=0))


def _show(rows: list[Json], given: Json) -> None:
    if not rows:
        hint = "" if given else "; --since yesterday shows the closed ones too"
        print(f"no restore{hint}")
        return
    table = Table(pad_edge=False, box=None)
    for name in ("restore", "phase", "when"):
        table.add_column(name, overflow="fold", no_wrap=name != "restore")
    table.columns[0].min_width = max(len(row["id"]) for row in rows)  # an id is there to be copied: on one line
    for row in rows:
        table.add_row(*map("\n".join, _cells(row)))
    Console(highlight=False).print(table)


def _cells(row: Json) -> list[list[str]]:
    ticket = row.get("ticket")
    named = ticket if isinstance(ticket, str) else (ticket or {}).get("id")
    times = [words + minute(row[name]) for name, words in (("acceptedAt", ""), ("closedAt", "to ")) if row.get(name)]
    reason = f"({row['reason']})" if row.get("reason") else ""
    who = [row.get("requestedBy") or "nobody named", f"for {named}" if named else "", reason]
    return [
        [row["id"], f"{row.get('instance') or 'no instance'}, by {' '.join(filter(None, who))}", *_files(row)],
        [row["phase"]],
        times,
    ]


def _files(row: Json) -> list[str]:
    """How the container that the desk made for it stands."""
    container = row.get("container") or {}
    until = container.get("until")
    if container.get("state") == "kept" and until:
        return [f"files until {minute(until)}"]
    return [f"files {container['state']}"] if container.get("state") else []
