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
    "demo": Command("local.demo", "asks a whole local stack for restores of every kind and shows how each ends", True),
    "up": Command(
        "local.up", "keeps the whole stack running and prints its URLs, a key and sample requests", True, True
    ),
    "test": Command(
        "local.checks", "ruff, mypy and the tests; --fast leaves out those that start servers", True, False, True
    ),
    "emulator": Command("local.emulator", "the Data Protection emulator alone", False, True, True),
    "chaos": Command("local.chaos", "kills and hinders a stack at work and counts what is lost or doubled", True),
    "bench": Command("local.bench", "measures the stack beside the same work done with the SDK", True),
    "map": Command("local.map", "shows what a ticket mapping makes of a webhook", False, True),
    "check": Command("local.check", "validates a desk.toml", False, True),
    "init": Command("local.init", "writes a desk.toml of all instances of a vault", False, True),
    "doctor": Command("local.doctor", "checks a desk.toml and a deployment from the outside", False, True),
    "ask": Command("local.ask", "asks a deployed desk for a restore and follows it", False, True),
}


def needs_azurite(arguments: Sequence[str]) -> bool:
    """Help and the fast tests start no server, so they need no Node either."""
    if not arguments or arguments[0] not in COMMANDS:
        return False
    return COMMANDS[arguments[0]].azurite and not {"-h", "--help", "--fast"} & set(arguments[1:])
