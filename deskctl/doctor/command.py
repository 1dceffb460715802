"""`python3 -m deskctl doctor`: checks a desk.toml and a deployment from the outside, with the rights of who runs it."""

import argparse
import base64
import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
from rich.console import Console

from deskctl.arm_reader import Absent, ArmReader, Hidden
from deskctl.check import ground, read
from deskctl.doctor import before
from deskctl.doctor.app import SITE, FunctionApp
from deskctl.doctor.desk import Deployed, clock
from deskctl.doctor.findings import Finding, fault, ok, show, unknown
from deskctl.doctor.preflight import Before, read_values
from deskctl.doctor.print import role_lines
from deskctl.doctor.targets import Targets
from deskctl.doctor.vaults import Vaults
from shared.config.cloud_settings import endpoint_of, is_loopback
from shared.config.desk_file import Desk
from shared.config.settings import API_VERSION
from shared.domain.problems import Ours
from shared.domain.resource_ids import BadName, parse_id


def arguments(parser: argparse.ArgumentParser) -> None:
    """What is looked at, and as whom."""
    environ = os.environ
    parser.add_argument("--config", type=Path, default=Path(environ.get("DESK_CONFIG", "desk.toml")),
                        help="desk.toml (default: %(default)s)")  # fmt: skip
    parser.add_argument(
        "--arm", default=endpoint_of(environ), help="ARM's address (default: %(default)s); the cloud is its"
    )
    parser.add_argument("--identity", help="the desk's identity: its object id, or its ARM id")
    parser.add_argument("--me", help="your own object id (default: the token's)")
    parser.add_argument("--desk", help="URL of a deployed desk; its channels are tested, each gets a sample notice")
    parser.add_argument("--app", help="the function app's ARM id: its functions and Key Vault references are looked at")
    parser.add_argument("--key", default=environ.get("DESK_KEY", ""), help="its host key (default: $DESK_KEY)")
    parser.add_argument("--health-key", default=environ.get("DESK_HEALTH_KEY", ""), help="(default: $DESK_HEALTH_KEY)")
    parser.add_argument("--api-version", default=environ.get("DATA_PROTECTION_API_VERSION") or API_VERSION)
    parser.add_argument("--before", action="store_true", help="look before `azd provision`: what would end it")
    parser.add_argument("--azd-env", type=Path, help="with --before: what `azd env get-values` printed, as a file")
    parser.add_argument("--print-roles", action="store_true", help="print the az lines for the vaults' admin; no look")


def main(args: argparse.Namespace) -> int:
    """0 where no fault was found; what could not be read is `unknown`, no fault."""
    console = Console()
    try:
        desk, faults = read(args.config, args.arm)
    except Ours as error:
        desk, faults = Desk(), [str(error)]
    if args.print_roles and not faults:
        print("\n".join(role_lines(desk, args.identity, ground(args.arm))))
        return 0
    try:
        with ArmReader(args.arm, args.api_version) as reader:
            found = (_before if args.before else _look)(desk, faults, reader, args)
            return 1 if show(found, console) else 0
    except Ours as error:
        print(error, file=sys.stderr)
        return 1


def _look(desk: Desk, faults: list[str], reader: ArmReader, args: argparse.Namespace) -> Iterator[Finding]:
    check = f"python3 -m deskctl check --config {args.config}"
    yield from (fault("desk.toml", line, check) for line in faults)
    if not faults:
        yield ok("desk.toml", f"it holds: {len(desk.instances)} instances, {len(desk.targets)} targets")
    yield from clock("ARM", reader.date(), datetime.now(UTC))
    people = dict(_people(reader, args))
    if "the desk" not in people:
        yield unknown("desk", "give --identity, its identity's object id or ARM id, and its roles are looked at")
    vaults = Vaults(reader, desk, people)
    yield from vaults.look()
    yield from Targets(reader, vaults, ground(args.arm)).look()
    yield from _app(reader, args)
    if args.desk:
        with _client(args) as http:
            yield from Deployed(http, desk, lambda: datetime.now(UTC), args.health_key).look()
    else:
        yield unknown("desk", "give --desk and --key, and its health and its channels are tested")


def _before(desk: Desk, faults: list[str], reader: ArmReader, args: argparse.Namespace) -> Iterator[Finding]:
    try:
        values = read_values(args.azd_env.read_text(encoding="utf-8"))
    except (AttributeError, OSError) as error:
        raise Ours("--before needs --azd-env FILE: azd env get-values > FILE") from error
    check = f"python3 -m deskctl check --config {args.config}"
    yield from (fault("desk.toml", line, check) for line in faults)
    yield from before.look(Before(reader, values, args.config))


def _people(reader: ArmReader, args: argparse.Namespace) -> Iterator[tuple[str, str]]:
    identity = args.identity
    if identity and identity.startswith("/"):
        try:
            identity = (reader.get(identity).get("properties") or {}).get("principalId")
        except (Absent, Hidden) as error:
            raise Ours(f"--identity: {args.identity} cannot be read ({error}); give its object id") from error
    if identity:
        yield "the desk", identity
    me = args.me or _object_id(reader)
    if me:
        yield "you", me


def _object_id(reader: ArmReader) -> str | None:
    """Who the token is for, as its own claims say; nothing is decided by it, so its signature is not checked."""
    try:
        token = reader.token().split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (IndexError, ValueError):
        return None
    return claims.get("oid") if isinstance(claims, dict) else None


def _app(reader: ArmReader, args: argparse.Namespace) -> Iterator[Finding]:
    if not args.app:
        yield unknown("app", "give --app, the function app's ARM id, and its functions and references are looked at")
        return
    try:
        yield from FunctionApp(reader, parse_id(args.app, SITE)).look()
    except BadName as error:
        raise Ours(f"--app: {error}") from error


def _client(args: argparse.Namespace) -> httpx.Client:
    if not args.desk.startswith("https://") and not is_loopback(args.desk):
        raise Ours(f"--desk must be https: the key goes there, not to {args.desk}")
    headers = {"x-functions-key": args.key} if args.key else {}
    return httpx.Client(base_url=args.desk, headers=headers, timeout=60, trust_env=False)
