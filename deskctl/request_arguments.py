"""The request on a command line: an option for every field of its model, whatever fields a release adds."""

import argparse
import getpass
import json
import re
from datetime import datetime
from typing import Any

from deskctl.moments import point
from shared.domain.problems import Ours
from shared.domain.request import RestoreRequest

type Json = dict[str, Any]
PLACES = ("instance", "recoveryPoint", "target")  # said by position
HELP = {
    "database": "the new database's name, where the target is a server",
    "reason": "why; it stands in the ledger and in every notice",
    "requestedBy": "who asks (default: %(default)s)",
    "dryRun": "let Azure check the request, and submit nothing",
    "maxAgeHours": "refuse a recovery point that is older",
    "location": "the region, where it is not the vault's",
    "crossRegion": "restore from the vault's secondary region",
    "rehydration": 'for a point in archive: "High", or {"priority": "High", "retainDays": 10}',
    "resourceGuardRequests": "auto, or the ids of the guard's requests with commas between them",
    "verify": "none, listed, decoded or loaded: how much of the delivered files is read (the target's level or more)",
    "callback": "one more channel of desk.toml that is told",
    "ticket": 'system:id, such as jira:OPS-42, or a JSON object with "system", "id", "ref", "url"',
    "idempotencyKey": "asking again under the same key is the same restore (default: a new one, which is printed)",
}
NAMES = {"requestedBy": "--by"}


def request_arguments(parser: argparse.ArgumentParser) -> None:
    """instance, point and target by position; each other field of the model as an option."""
    parser.add_argument("instance", help="a name of desk.toml, or an ARM id that it allows")
    parser.add_argument("point", help="latest, today, yesterday, a date, a time (your zone, if it has none), or an id")
    parser.add_argument("target", help="a name of desk.toml, or a JSON object where desk.toml takes one")
    for name, field in RestoreRequest.model_fields.items():
        said = str(field.alias)
        if said in PLACES:
            continue
        option = NAMES.get(said, "--" + name.replace("_", "-"))
        words = HELP.get(said, f"the request's {said}")
        if field.annotation is bool:
            parser.add_argument(option, dest=said, action="store_true", help=words)
        else:
            default = getpass.getuser() if said == "requestedBy" else None
            parser.add_argument(option, dest=said, default=default, help=words)


def request_of(args: argparse.Namespace, now: datetime) -> Json:
    """The request that was typed, without its key; Ours if a value cannot be read."""
    made: Json = {"instance": args.instance, "recoveryPoint": _point(args.point, now)}
    made["target"] = _json("target", args.target) if args.target.lstrip().startswith("{") else args.target
    for field in RestoreRequest.model_fields.values():
        name = str(field.alias)
        value = getattr(args, name, None)
        if name not in (*PLACES, "idempotencyKey") and value not in (None, False):
            made[name] = _read(name, value)
    return made


def _point(said: str, now: datetime) -> Any:
    """The recovery point; a word without a digit is no point's id, and is not sent as one."""
    zone = now.tzinfo
    assert zone is not None
    found = point(said, now, zone)
    if isinstance(found, dict) and "id" in found and not re.search(r"\d", said):
        ways = "latest, today, yesterday, a day (2026-11-20), a time (2026-11-20 03:00), or the id of a point"
        raise Ours(f"recoveryPoint: {said!r} is none; give {ways}")
    return found


def _read(name: str, value: Any) -> Any:
    text = value.strip() if isinstance(value, str) else value
    if isinstance(text, str) and text[:1] in "{[" and text:
        return _json(name, text)
    if name == "maxAgeHours":
        try:
            return int(text)
        except ValueError as error:
            raise Ours(f"--max-age-hours: {text!r} is not a whole number of hours; give one such as 48") from error
    if name == "ticket":
        system, colon, identity = text.partition(":")
        if not colon:
            raise Ours(f"--ticket: {text!r} is not a ticket; give system:id, such as jira:OPS-42")
        return {"system": system, "id": identity}
    if name == "rehydration":
        return {"priority": text}
    if name == "resourceGuardRequests" and text != "auto":
        return [part.strip() for part in text.split(",")]
    return text


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Ours(f"{name}: {text[:80]!r} begins like JSON but cannot be read ({error})") from error
