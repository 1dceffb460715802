"""`python3 -m deskctl map <source> event.json`: what a ticket mapping of desk.toml makes of a saved webhook."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from shared.config.desk_file import Desk, parse_desk
from shared.domain.problems import Ours, Problem, unknown
from shared.domain.request import parse_request
from shared.tickets.event import Event, event_of
from shared.tickets.mapping import Ignored, Mapped, check_mappings, map_event
from shared.tickets.registry import check_sources


def arguments(parser: argparse.ArgumentParser) -> None:
    """The source, the event, and where desk.toml is."""
    parser.add_argument("source", help="a ticket source's name in desk.toml, such as jira")
    parser.add_argument("event", type=Path, help='the webhook\'s body as JSON, or {"headers": …, "body": …}')
    default = Path(os.environ.get("DESK_CONFIG", "desk.toml"))
    parser.add_argument("--config", type=Path, default=default, help="desk.toml (default: %(default)s)")


def main(args: argparse.Namespace) -> int:
    """Prints the request and its key; 1 if none is made, or where its model refuses it."""
    try:
        desk = parse_desk(args.config.read_text(encoding="utf-8-sig"))
        made = _map(desk, args.source, args.event.read_bytes())
        if isinstance(made, Ignored):
            print(f"Ignored: {made.why}.")
            return 1
        print(json.dumps(made.request, indent=2, ensure_ascii=False))
        print(f"key: {made.key}")
        parse_request(made.request)
    except Problem as problem:
        return _failed(f"Refused: {problem}", problem)
    except OSError as error:
        return _failed(f"{error.filename} cannot be read ({error.strerror}): give a saved event's path, and --config")
    except UnicodeDecodeError:
        return _failed(f"{args.config} is not UTF-8 text")
    except Ours as error:
        return _failed(str(error))
    return 0


def _map(desk: Desk, name: str, raw: bytes) -> Mapped | Ignored:
    if name not in desk.tickets:
        raise unknown("source", name, "ticket source", desk.tickets)
    heads = (f"tickets.{name}:", f"tickets.{name}.")
    faults = [fault for fault in (*check_sources(desk), *check_mappings(desk)) if fault.startswith(heads)]
    if faults:
        raise Ours("\n".join(faults))
    return map_event(name, desk.tickets[name], saved_event(desk, name, raw))


def saved_event(desk: Desk, name: str, raw: bytes) -> Event:
    """A saved event: a body alone, or with the headers it came with."""
    event = event_of(desk.tickets[name], {}, raw)
    body, headers = event["body"].get("body"), event["body"].get("headers")
    if event["body"].keys() <= {"body", "headers"} and isinstance(body, dict):
        texts = {str(key): str(value) for key, value in (headers or {}).items()} if isinstance(headers, dict) else {}
        return event_of(desk.tickets[name], _json_again(texts), json.dumps(body).encode())
    return event


def _json_again(headers: dict[str, str]) -> dict[str, str]:
    """The saved body is JSON, whatever it was sent as."""
    return {name: text for name, text in headers.items() if name.lower() != "content-type"}


def _failed(text: str, problem: Problem | None = None) -> int:
    print(text, file=sys.stderr)
    errors: list[dict[str, Any]] = problem.more.get("errors", []) if problem else []
    for error in errors[1:]:
        print(f"         {error['field']}: {error['detail']}", file=sys.stderr)
    return 1
