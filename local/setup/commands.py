"""Knows the names of the commands and what each needs. Pure. Parses on Python 3.8."""

from __future__ import annotations

from typing import Sequence  # noqa: UP035 - typing's, for Python 3.8

from deskctl import commands as deskctl
from deskctl.commands import Command

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
    "alerts": Command(
        "local.alerts.command", "makes the event of every alert and looks which of them fire on it", azurite=True
    ),
    "soak": Command("local.soak.command", "holds a stack under steady load and says what became slower", azurite=True),
    "bench": Command("local.bench.command", "measures the desk beside the same work done with the SDK", azurite=True),
    "mutants": Command(
        "local.mutants.command", "makes small faults in the core rooms and counts how many the tests find"
    ),
    "bicep": Command("local.build.bicep", "what the Bicep compiler says of infra/", inherits=True, own_arguments=True),
    "package": Command("local.build.package", "makes the zip that Azure runs", own_arguments=True),
    **deskctl.COMMANDS,
}


def needs_azurite(arguments: Sequence[str]) -> bool:
    """Help and the fast tests start no server, so they need no Node either."""
    if not arguments or arguments[0] not in COMMANDS:
        return False
    return COMMANDS[arguments[0]].azurite and not {"-h", "--help", "--fast"} & set(arguments[1:])


def needs_browser(arguments: Sequence[str]) -> bool:
    """Only the tests open the page, and the fast ones do not."""
    return needs_azurite(arguments) and arguments[0] == "test"
