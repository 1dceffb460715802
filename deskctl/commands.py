"""Knows the names of deskctl's commands and their modules. Pure. Parses on Python 3.8."""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    """One sub-command: its module has `arguments(parser)` and `main(parsed)`, or just `main(argv)`."""

    module: str
    help: str
    azurite: bool = False  # it starts servers, so the set-up gets Azurite and PostgreSQL
    inherits: bool = False  # it may see storage, ARM and channel settings of whoever runs it
    own_arguments: bool = False  # its main takes the list of arguments, not a namespace


COMMANDS = {
    "init": Command("deskctl.init", "writes a desk.toml of all instances of a vault", inherits=True),
    "check": Command("deskctl.check", "validates a desk.toml", inherits=True),
    "doctor": Command("deskctl.doctor.command", "checks a desk.toml and a deployment from the outside", inherits=True),
    "ask": Command("deskctl.ask", "asks a deployed desk for a restore and follows it", inherits=True),
    "follow": Command("deskctl.follow", "follows a restore of a deployed desk to its end", inherits=True),
    "list": Command("deskctl.list", "lists the restores of a deployed desk", inherits=True),
    "points": Command("deskctl.points", "lists an instance's recovery points, as a table or CSV", inherits=True),
    "load": Command("deskctl.load", "loads a restore's databases into a server of yours", inherits=True),
    "map": Command("deskctl.map", "shows what a ticket mapping makes of a webhook", inherits=True),
}
