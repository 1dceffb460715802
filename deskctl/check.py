"""`python3 -m deskctl check`: whether a desk.toml holds, and a table of what each source may do with it."""

import argparse
import os
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from shared.config.cloud_settings import cloud_of, endpoint_of
from shared.config.desk_file import Desk, Faults, Rights, parse_desk
from shared.config.policy import Ground, check_file, rights_of
from shared.domain.problems import Ours
from shared.tickets.mapping import check_mappings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where desk.toml is."""
    default = Path(os.environ.get("DESK_CONFIG", "desk.toml"))
    parser.add_argument("--config", type=Path, default=default, help="desk.toml (default: %(default)s)")


def main(args: argparse.Namespace) -> int:
    """0 if the file holds; 1 with each fault on a line of its own."""
    try:
        desk, faults = read(args.config)
    except Ours as error:
        desk, faults = None, error.lines if isinstance(error, Faults) else [str(error)]
    for fault in faults:
        print(f"{args.config}: {fault}", file=sys.stderr)
    if faults or desk is None:
        print(f"{args.config} has {len(faults)} fault{'s' * (len(faults) != 1)}.", file=sys.stderr)
        return 1
    show(desk, Console())
    for word in warnings(desk):
        print(f"note: {word}")
    print(f"{args.config} holds.")
    return 0


def ground() -> Ground:
    """The cloud that ARM_ENDPOINT names: hosts of containers and secrets are its."""
    return Ground(cloud_of(endpoint_of(os.environ), os.environ))


def read(path: Path) -> tuple[Desk, list[str]]:
    """The file and what its model cannot see: targets that no restore could use, mappings that do not compile."""
    try:
        desk = parse_desk(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Ours(f"it cannot be read ({error.strerror}): --config says where it is") from error
    except UnicodeDecodeError as error:
        raise Ours("it is not UTF-8 text") from error
    return desk, [*check_file(desk, ground()), *check_mappings(desk)]


def show(desk: Desk, console: Console) -> None:
    """One line a source and instance: where it may go, and who is told."""
    table = Table()
    for name in ("source", "may restore", "to", "who is told"):
        table.add_column(name, overflow="fold", no_wrap=name == "source")
    for source in ("http", "queue", *(f"tickets/{name}" for name in desk.tickets)):
        rights = rights_of(desk, source)
        for row in _rows(desk, source, rights):
            table.add_row(*row)
        table.add_section()
    console.print(table)


def _rows(desk: Desk, source: str, rights: Rights) -> list[tuple[str, str, str, str]]:
    default = [name for name, channel in desk.channels.items() if channel.default]
    reply = [desk.tickets[source.removeprefix("tickets/")].reply or ""] if source.startswith("tickets/") else []
    rows = []
    for name, entry in desk.instances.items():
        if "*" not in rights.instances and name not in rights.instances:
            continue
        named = [target for target in entry.targets if rights.targets is None or target in rights.targets]
        if entry.explicit_targets and rights.targets is None:
            named += _anywhere(desk)
        told = dict.fromkeys(filter(None, (*default, *entry.channels, *reply)))
        rows.append((source, name, "\n".join(named) or "nowhere", ", ".join(told) or "nobody"))
    if "*" in rights.instances:
        targets = [*desk.targets, *_anywhere(desk)] if rights.targets is None else rights.targets
        wide = "\n".join(targets) + "\n(where allow covers it)"
        heard = ", ".join(filter(None, (*default, *reply))) or "nobody"
        rows += [(source, f"any under {pattern}", wide, heard) for pattern in desk.allow.instances]
    return rows or [(source, "nothing", "", "")]


def _anywhere(desk: Desk) -> list[str]:
    containers = [f"any container under {pattern}" for pattern in desk.allow.containers]
    return containers + [f"any server under {pattern}" for pattern in desk.allow.servers]


def warnings(desk: Desk) -> list[str]:
    """What is allowed, and hardly meant."""
    found = [f"instances.{name} has no target: nobody can restore it" for name, e in desk.instances.items()
             if not e.targets and not e.explicit_targets]  # fmt: skip
    if not any(channel.default for channel in desk.channels.values()):
        found.append("no channel is a default: restores of instances without channels are announced to nobody")
    shared = [name for name, target in desk.targets.items() if target.kind == "files"
              and "{instance}" not in (target.container or "{instance}")]  # fmt: skip
    used = [name for name in shared if sum(name in entry.targets for entry in desk.instances.values()) > 1]
    found += [f"targets.{name} is one container for several instances: flexible servers may ignore the file prefix; "
              "write {instance} into it" for name in used]  # fmt: skip
    return found
