"""Knows the command line of `python3 -m local`: deskctl's commands, and those that run a stack on this machine."""

import os
import sys
from collections.abc import Sequence

from deskctl import cli
from deskctl.commands import Command
from local.setup.commands import COMMANDS
from local.setup.environment import hermetic

PROGRAM = "python3 -m local"
DESCRIPTION = "Restore Desk on one machine."


def isolate(command: Command) -> None:
    """Before the command's modules are read: from here on no code sees the user's own settings."""
    if not command.inherits:
        kept = hermetic(os.environ)
        os.environ.clear()
        os.environ.update(kept)


def run(arguments: Sequence[str]) -> int:
    """Runs one command; gives its exit code."""
    command = COMMANDS.get(arguments[0]) if arguments else None
    if command:
        isolate(command)
    return cli.run(arguments, COMMANDS, PROGRAM, DESCRIPTION)


if __name__ == "__main__":
    sys.exit(cli.main(run))
