"""Knows the names of the commands and what each needs. Pure. Parses on Python 3.8."""

from __future__ import annotations

from typing import NamedTuple, Sequence  # noqa: UP035 - typing's, for Python 3.8


class Command(NamedTuple):
    """One sub-command of `python3 -m local`."""

    module: str
    help: str
    azurite: bool = False  # it starts Azurite, so the set-up gets it
    inherits: bool = False  # it may see storage, ARM and channel settings of whoever runs it
    own_arguments: bool = False  # its main takes the list of arguments, not a namespace


COMMANDS = {
    "demo": Command(
        "local.demo.demo", "asks a whole stack for restores of every kind and shows how each ends", azurite=True
    ),
    "up": Command(
        "local.stack.up", "keeps a whole stack running and prints its URLs and a key", azurite=True, inherits=True
    ),
    "test": Command("local.build.checks", "ruff, mypy and the tests", azurite=True, own_arguments=True),
    "emulator": Command("local.emulator", "the Data Protection emulator alone", inherits=True, own_arguments=True),
    "chaos": Command("local.chaos.command", "hinders a stack at work and counts what is lost or doubled", azurite=True),
    "bench": Command("local.bench.command", "measures the desk beside the same work done with the SDK"),
    "package": Command("local.build.package", "makes the zip that Azure runs", own_arguments=True),
    "map": Command("deskctl.map", "shows what a ticket mapping makes of a webhook", inherits=True),
    "check": Command("deskctl.check", "validates a desk.toml", inherits=True),
    "init": Command("deskctl.init", "writes a desk.toml of all instances of a vault", inherits=True),
    "doctor": Command("deskctl.doctor.command", "checks a desk.toml and a deployment from the outside", inherits=True),
    "ask": Command("deskctl.ask", "asks a deployed desk for a restore and follows it", inherits=True),
}


def needs_azurite(arguments: Sequence[str]) -> bool:
    """Help and the fast tests start no server, so they need no Node either."""
    if not arguments or arguments[0] not in COMMANDS:
        return False
    return COMMANDS[arguments[0]].azurite and not {"-h", "--help", "--fast"} & set(arguments[1:])
