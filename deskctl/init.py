"""`python3 -m deskctl init`: writes a desk.toml with all instances of a vault, as ARM lists them."""

import argparse
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

from deskctl.arm_reader import Absent, ArmReader, Hidden
from shared.config.cloud_settings import cloud_of, endpoint_of, is_loopback
from shared.config.desk_file import parse_desk
from shared.domain import resource_ids
from shared.domain.problems import Ours
from shared.domain.resource_ids import ArmId, BadName, parse_container, parse_id

type Json = dict[str, Any]
HEAD = """\
#:schema docs/desk.schema.json
# Written by `python3 -m deskctl init` for {vault}.
# Everything is closed unless a line here opens it. Next: python3 -m deskctl check, then python3 -m deskctl doctor.

[targets.drills] # dumps of production data lie here: private, and deleted after some days
kind = "files"
container = {container}
{container_id}
"""
TAIL = """\
# What each source may ask for; what no line opens is closed.
[http]
instances = ["*"] # all that this file names
targets = ["drills"]

[queue] # other services, by messages on the queue restore-requests: closed until you name instances and targets
instances = []
targets = []

# Who is told: the secrets stand in the environment (in Azure: Key Vault references); docs/channels.md has every kind.
# [channels.events]
# kind = "webhook"
# url = { env = "DESK_WEBHOOK_URL" }
# secret = { env = "DESK_WEBHOOK_SECRET" }
# default = true
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments: the vault, the container of restored files, the path of the new desk.toml."""
    parser.add_argument("--vault", required=True, help="ARM id of the backup vault")
    parser.add_argument("--container", required=True, help="URL of the container for files; {instance} may stand in it")
    parser.add_argument("--container-id", help="its ARM id, where it is in another subscription than the vault")
    parser.add_argument(
        "--arm", default=endpoint_of(os.environ), help="ARM's address (default: %(default)s); the cloud is its"
    )
    parser.add_argument("--out", type=Path, default=Path("desk.toml"), help="(default: %(default)s)")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")


def main(args: argparse.Namespace) -> int:
    """0 once the file is written; nothing is written over without --force."""
    try:
        text, count = _made(args)
        if args.out.exists() and not args.force:
            raise Ours(f"{args.out} is there already: give --out another name, or --force")
        args.out.write_text(text, encoding="utf-8")
    except (Ours, BadName, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{args.out}: {count} instances. Next: python3 -m deskctl check --config {args.out}")
    return 0


def _made(args: argparse.Namespace) -> tuple[str, int]:
    vault = parse_id(args.vault.rstrip("/"), resource_ids.VAULT)
    parse_container(args.container.replace("{instance}", "sample"), cloud_of(args.arm.rstrip("/"), os.environ))
    if args.container_id:
        parse_id(args.container_id.replace("{instance}", "sample"), resource_ids.CONTAINER)
    try:
        with ArmReader(args.arm) as reader:
            about = reader.get(vault.text)
            instances = list(reader.pages(f"{vault.text}/backupInstances"))
    except Absent as error:
        raise Ours(f"there is no vault {vault.text} (or none that you may read)") from error
    except Hidden as error:
        hint = "" if is_loopback(args.arm) else "; is `az login` done, and have you Reader on the vault?"
        raise Ours(f"the vault could not be read: {error}{hint}") from error
    text = render(vault, about, instances, args.container, args.container_id)
    parse_desk(text)
    return text, len(instances)


def render(vault: ArmId, about: Json, instances: list[Json], container: str, container_id: str | None) -> str:
    """The text of desk.toml. Pure."""
    held = (
        f"containerId = {_quoted(container_id)}"
        if container_id
        else "# containerId = its ARM id, if in another subscription"
    )
    parts = [HEAD.format(vault=vault.text, container=_quoted(container), container_id=held)]
    identity, taken = _identity(about), set[str]()
    for item in sorted(instances, key=lambda item: str(item.get("name"))):
        name = _name(item, taken)
        taken.add(name.lower())
        lines = [f"[instances.{_key(name)}]{_note(item)}", f"id = {_quoted(str(item['id']))}", 'targets = ["drills"]']
        parts.append("\n".join([*lines, *([f"identity = {_quoted(identity)}"] if identity else [])]) + "\n")
    return "\n".join([*parts, TAIL])


def _identity(about: Json) -> str | None:
    """A vault without an identity of its own works with a user-assigned one; each restore has to name it."""
    said = about.get("identity") or {}
    if "systemassigned" in str(said.get("type", "")).lower():
        return None
    return next(iter(said.get("userAssignedIdentities") or {}), None)


def _name(item: Json, taken: set[str]) -> str:
    """What people call it: the server, with its database if that is what is backed up."""
    properties = item.get("properties") or {}
    said = str(properties.get("friendlyName") or item.get("name"))
    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", said).strip("-._")[:56] or "instance"
    number = 2
    name = slug
    while name.lower() in taken:
        name, number = f"{slug}-{number}", number + 1
    return name


def _note(item: Json) -> str:
    properties = item.get("properties") or {}
    status = str((properties.get("protectionStatus") or {}).get("status") or "")
    return "" if status in ("", "ProtectionConfigured") else f" # {re.sub(r'[^A-Za-z]', '', status)}"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _quoted(name)


def _quoted(text: str) -> str:
    return json.dumps(text)
