"""`python3 -m deskctl check`: whether a desk.toml holds, and a table of what each source may do with it."""

import argparse
import os
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deskctl.upgrade import missing_lines, without_callbacks
from shared.config.cloud_settings import cloud_of, endpoint_of
from shared.config.desk_file import Desk, Faults, TicketSource, parse_desk
from shared.config.plans import Ground, check_file
from shared.config.rights import Asker, asker
from shared.domain.problems import Ours
from shared.notices.channels.registry import check_channels, is_ticket_system
from shared.tickets.mapping import check_mappings
from shared.tickets.registry import check_sources, kind_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where desk.toml is."""
    default = Path(os.environ.get("DESK_CONFIG", "desk.toml"))
    parser.add_argument("--config", type=Path, default=default, help="desk.toml (default: %(default)s)")
    words = "print the lines that a file of release 0.1.0 lacks to allow what it allowed there; 1 if there are any"
    parser.add_argument("--upgrade", action="store_true", help=words)


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
    if args.upgrade:
        return upgrade(args.config, desk)
    show(desk, Console())
    for word in warnings(desk):
        print(f"note: {word}")
    print(f"{args.config} holds.")
    return 0


def upgrade(path: Path, desk: Desk) -> int:
    """0 if each source says what it may ask for; else 1, and the lines that keep open what release 0.1.0 left open."""
    lines = missing_lines(desk)
    for source in without_callbacks(desk):
        print(f"note: requests of {source} may name no `callback`; list channels in its `callbacks` if they should")
    if not lines:
        print(f"{path} lacks nothing: each source says what it may ask for.")
        return 0
    print("# Release 0.1.0 let a source without these lines ask for everything; 0.2 lets it ask for nothing.")
    print(f"# Add to {path} what you still want, and leave out the rest:")
    print("\n".join(lines))
    return 1


def ground(arm: str | None = None) -> Ground:
    """The cloud of the ARM endpoint `arm`, else of ARM_ENDPOINT: it determines the hosts of containers and secrets."""
    return Ground(cloud_of(arm.rstrip("/") if arm else endpoint_of(os.environ), os.environ))


def read(path: Path, arm: str | None = None) -> tuple[Desk, list[str]]:
    """The file and what its model cannot see: targets that no restore could use, mappings that do not compile."""
    try:
        desk = parse_desk(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Ours(f"it cannot be read ({error.strerror}): --config says where it is") from error
    except UnicodeDecodeError as error:
        raise Ours("it is not UTF-8 text") from error
    return desk, [*check_file(desk, ground(arm)), *check_channels(desk), *check_sources(desk), *check_mappings(desk)]


def show(desk: Desk, console: Console) -> None:
    """One line for each source and instance: the targets it may ask for, and the channels that get its notices."""
    table = Table()
    for name in ("source", "may restore", "to", "who is told"):
        table.add_column(name, overflow="fold", no_wrap=name == "source")
    for source in ("http", "queue", *(f"tickets/{name}" for name in desk.tickets)):
        for row in _rows(desk, asker(desk, source)):
            table.add_row(*row)
        table.add_section()
    console.print(table)


def _rows(desk: Desk, who: Asker) -> list[tuple[str, str, str, str]]:
    default = [name for name, channel in desk.channels.items() if channel.default]
    reply = [desk.tickets[who.source.removeprefix("tickets/")].reply or ""] if who.source.startswith("tickets/") else []
    rows = []
    for name in who.instances:
        entry = desk.instances[name]
        places = [*who.targets_for(name, desk), *(_anywhere(desk) if who.places and entry.explicit_targets else [])]
        told = dict.fromkeys(filter(None, (*default, *entry.channels, *reply)))
        rows.append((who.source, name, "\n".join(places) or "nowhere", ", ".join(told) or "nobody"))
    if who.ids:
        wide = "\n".join([*who.targets, *(_anywhere(desk) if who.places else [])]) + "\n(where allow covers it)"
        heard = ", ".join(filter(None, (*default, *reply))) or "nobody"
        rows += [(who.source, f"any under {pattern}", wide, heard) for pattern in desk.allow.instances]
    return rows or [(who.source, "nothing", "", "")]


def _anywhere(desk: Desk) -> list[str]:
    containers = [f"any container under {pattern}" for pattern in desk.allow.containers]
    return containers + [f"any server under {pattern}" for pattern in desk.allow.servers]


def warnings(desk: Desk) -> list[str]:
    """What is allowed, and hardly meant."""
    found = [f"instances.{name} has no target: nobody can restore it" for name, e in desk.instances.items()
             if not e.targets and not e.explicit_targets]  # fmt: skip
    if not any(channel.default for channel in desk.channels.values()):
        found.append("no channel is a default: restores of instances without channels are announced to nobody")
    found += [f"channels.{name} writes to tickets of the ticket sources that reply through it, and to no others: "
              "it has no refs" for name in _without_refs(desk)]  # fmt: skip
    found += [f"tickets.{name} replies through channels.{source.reply}, which writes to no tickets of {source.kind}"
              for name, source in desk.tickets.items() if _writes_elsewhere(desk, source)]  # fmt: skip
    shared = [name for name, target in desk.targets.items() if target.kind == "files"
              and "{instance}" not in (target.container or "{instance}")]  # fmt: skip
    used = [name for name in shared if sum(name in entry.targets for entry in desk.instances.values()) > 1]
    found += [f"targets.{name} is one container for several instances: flexible servers may ignore the file prefix; "
              "write {instance} into it" for name in used]  # fmt: skip
    return found


def _writes_elsewhere(desk: Desk, source: TicketSource) -> bool:
    """Whether it replies through a channel to another system's tickets."""
    channel = desk.channels[source.reply].kind if source.reply else ""
    return is_ticket_system(channel) and kind_of(source.kind).channel not in (None, channel)


def _without_refs(desk: Desk) -> list[str]:
    """Ticket channels that hear of restores of other sources, and may write to none of their tickets."""
    heard = {name for rights in (desk.http, desk.queue, *desk.tickets.values()) for name in rights.callbacks}
    heard |= {name for entry in desk.instances.values() for name in entry.channels}
    return [name for name, one in desk.channels.items()
            if is_ticket_system(one.kind) and not one.refs and (one.default or name in heard)]  # fmt: skip
